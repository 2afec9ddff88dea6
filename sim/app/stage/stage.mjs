// The stage: two worlds, one clock. Mounted by anywidget, and by the exported page over a model of its own.
import { carried } from "./carried.mjs";
import { makeCharts } from "./charts.mjs";
import { makeClock } from "./clock.mjs";
import { sorted, unpacked, worded, wording } from "./data.mjs";
import { say } from "./elements.mjs";
import { makeEvidence } from "./evidence.mjs";
import { makeExplain } from "./explain.mjs";
import { LANGUAGES, WIDE, makeFrame } from "./frame.mjs";
import { makeGuess } from "./guess.mjs";
import { makeHeadline } from "./headline.mjs";
import { makeHousehold } from "./household.mjs";
import { makeLessons, resumed } from "./lessons.mjs";
import { makeMaps } from "./maps.mjs";
import { makePost } from "./post.mjs";
import { makeScene } from "./scene.mjs";
import { makeSetup } from "./setup.mjs";
import { makeShare } from "./share.mjs";

const SILENCE = 500; // milliseconds that the clock has stood before its figures are read out
const AGAIN = 10000; // milliseconds between two questions for what is waited for: it may be lost on its way
const LAID = ["headline", "guess", "maps", "charts", "explain", "household"];
const TICKED = ["headline", "maps", "charts", "household"];

/** The stage in an element, in step with a model. */
class Stage {
  constructor(model, el) {
    Object.assign(this, { model, el, post: makePost(model) });
    this.state = { phase: "guess", seen: false, guess: null, followed: null, layer: "standing", series: "", side: "setup", lesson: null, marked: null, replay: false, chosen: null };
    this.late = false; // bands came in while the clock ran
    this.arrivals = 0;
    this.changes = []; // settings that were asked for and that nobody has answered yet
    this.asked = null; // generation that stood then
    this.width = 0;
    this.heard = {
      "change:payload": () => this.arrived(),
      "change:bands": () => this.banded(),
      "change:status": () => (this.dress(), this.parts.headline.assure()),
      "change:form": () => this.parts.setup.lay(),
      "change:share": () => this.parts.share.lay(),
      "change:lessons": () => this.parts.lessons.lay(),
      "change:lang": () => this.build(),
      "change:texts": () => this.build(),
    };
    this.keyed = (event) => this.key(event);
    if (this.live()) this.resume();
    this.build();
    for (const [name, listener] of Object.entries(this.heard)) model.on(name, listener);
    document.addEventListener("keydown", this.keyed);
    this.asking = setInterval(() => this.busy() && this.insist(), AGAIN);
    this.arrived();
  }

  /** What a served page opens with: the language of its address, of whoever serves, or of the browser; and its lesson. */
  resume() {
    const asked = new URLSearchParams(window.location.search).get("lang");
    const chosen = Object.hasOwn(LANGUAGES, asked) ? asked : null;
    Object.assign(this.state, { chosen }, resumed(this.read("lessons")));
    this.model.set("lang", chosen || this.model.get("lang") || (/^id\b/i.test(navigator.language) ? "id" : "en"));
    this.model.save_changes();
  }

  /** Whether numbers are waited for. */
  busy() {
    return this.frame.root.getAttribute("aria-busy") === "true";
  }

  /** A document of the model; null where there is none yet. */
  read(name) {
    const value = this.model.get(name);
    return typeof value === "string" ? (value ? JSON.parse(value) : null) : value;
  }

  /** Whether a server answers. */
  live() {
    return this.model.get("mode") !== "file";
  }

  language() {
    return this.model.get("lang") || "en";
  }

  /** What the parts of the stage know of each other. */
  context(t) {
    const { state, post, model } = this;
    return {
      t,
      state,
      post,
      live: this.live(),
      language: () => this.language(),
      read: (name) => this.read(name),
      scene: () => this.scene,
      turn: (phase) => this.turn(phase),
      bet: (guess) => this.bet(guess),
      replay: () => this.replay(),
      refresh: () => this.refresh(),
      follow: (household) => this.follow(household),
      enter: () => this.parts.household.enter(),
      change: (content) => this.change(content),
      go: (time) => this.state.phase !== "guess" && this.parts.clock.go(time), // a finger on its way past a chart ends no bet
      mark: (key) => {
        this.dress();
        this.parts.charts.mark(key);
      },
      speak: (language) => {
        state.chosen = language; // the address has it from now on
        model.set("lang", language);
        model.save_changes();
      },
    };
  }

  /** Everything anew: at the start and when the language changes. */
  build() {
    const time = this.parts ? this.parts.clock.time() : 0;
    this.parts?.clock.pause();
    this.watcher?.disconnect();
    const words = wording(this.read("texts") || {}, this.language());
    const t = (key, values) => words(`stage.${key}`, values);
    const context = this.context(t);
    const clock = makeClock(t, { moved: (now) => this.tick(now), turned: (playing) => (playing ? this.started() : this.stopped()) });
    const made = { guess: makeGuess, headline: makeHeadline, maps: makeMaps, charts: makeCharts, setup: makeSetup, household: makeHousehold, explain: makeExplain, lessons: makeLessons, share: makeShare, evidence: makeEvidence };
    this.parts = { clock, ...Object.fromEntries(Object.entries(made).map(([name, make]) => [name, make(context)])) };
    this.t = t;
    const { side, tongue } = this.frame || {};
    const spoken = tongue && tongue === document.activeElement;
    this.frame = makeFrame(context, this.parts, side ? side.open : window.innerWidth >= WIDE || Boolean(this.state.lesson));
    this.el.replaceChildren(this.frame.root);
    if (spoken) this.frame.tongue.focus();
    document.documentElement.lang = this.language();
    this.parts.lessons.dress();
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(this.frame.main);
    this.dress();
    if (!this.payload) return;
    this.show(time);
    if (this.state.followed !== null) this.parts.household.ask(this.state.followed);
  }

  /** New numbers: the scene, then every part. */
  show(time) {
    this.scene = makeScene(this.payload, this.codes, this.read("bands"), this.classes, this.language(), this.t);
    this.parts.clock.lay(this.scene);
    this.lay();
    this.parts.clock.go(time);
  }

  lay() {
    this.width = this.frame.root.clientWidth;
    this.dress();
    for (const name of LAID) this.parts[name].lay(this.scene);
    this.tick(this.parts.clock.time());
  }

  resized() {
    const width = this.frame.root.clientWidth;
    if (Math.abs(width - this.width) < 2 || !this.scene) return;
    if (width >= WIDE) this.frame.side.open = true;
    this.parts.clock.fit();
    this.lay();
  }

  /** What is visible in a phase, and whether the numbers are of the settings that stand beside them. */
  dress() {
    const { phase } = this.state;
    const { guess, headline, explain } = this.parts;
    guess.el.hidden = phase !== "guess";
    headline.el.hidden = phase === "guess";
    explain.el.hidden = phase !== "explain";
    this.frame.root.dataset.phase = phase;
    this.frame.root.toggleAttribute("data-lesson", Boolean(this.state.lesson));
    for (const step of this.frame.steps) {
      if (step.dataset.phase === phase) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
    const status = this.read("status");
    if (status?.generation !== this.asked) Object.assign(this, { asked: null, changes: [] });
    const old = Boolean(status && this.payload && (this.asked !== null || status.generation !== this.payload.generation));
    const failed = status?.state === "failed" && this.asked === null;
    if (failed) this.notice(worded(status.sentence, this.language()), true);
    else if (!this.payload) this.notice(this.t("first_run"), false);
    else this.notice(old ? this.t("running") : "", old);
    this.frame.root.setAttribute("aria-busy", String(!failed && (old || !this.payload)));
  }

  /** A sentence above the stage; `old`: what is on the stage is not of the settings beside it. */
  notice(text, old) {
    say(this.frame.status, text);
    this.frame.status.hidden = !text;
    this.frame.root.classList.toggle("sw-old", old);
  }

  /** Asks for settings: until they are run nothing on the stage is of them. */
  change(content) {
    this.parts.clock.pause();
    this.asked = this.read("status")?.generation ?? null;
    this.changes.push(content);
    this.post.send(content);
    this.notice(this.t("running"), true);
    this.frame.root.setAttribute("aria-busy", "true");
  }

  /** What is waited for may be lost on its way: settings that nobody has answered, or their run. */
  insist() {
    const lost = this.changes.length ? this.changes : [{ kind: "again", generation: this.payload?.generation ?? 0 }];
    for (const content of lost) this.post.send(content);
  }

  tick(time) {
    if (!this.scene) return;
    if (time > 0 && this.state.phase === "guess") return this.turn("watch"); // who moves the clock watches, and bets no more
    for (const name of TICKED) this.parts[name].tick(time);
    clearTimeout(this.silence);
    if (!this.parts.clock.playing() && this.state.phase !== "guess") this.silence = setTimeout(() => this.parts.headline.speak(time), SILENCE);
  }

  /** The clock runs. */
  started() {
    clearTimeout(this.silence);
    this.parts.headline.hush();
    if (this.state.phase === "guess") this.turn("watch");
  }

  /** The clock stands; at the end of the first play follows the explanation. */
  stopped() {
    if (!this.scene) return;
    const { clock, headline } = this.parts;
    if (this.late) {
      this.late = false;
      this.show(clock.time());
    }
    headline.speak(clock.time());
    if (clock.time() >= clock.last() && !this.state.seen) this.turn("explain");
  }

  turn(phase) {
    const { clock } = this.parts;
    const focused = document.activeElement;
    if (phase === "guess") {
      clock.pause();
      clock.go(0); // nothing of what comes is seen beside a bet
    }
    this.state.phase = phase;
    this.parts.lessons.along(phase);
    if (phase === "explain") {
      this.state.seen = true;
      if (!clock.playing() && clock.time() === 0) clock.go(clock.last());
    }
    if (this.scene) this.lay();
    else this.dress();
    if (this.frame.main.contains(focused) && focused.closest("[hidden]")) clock.focus(); // its panel has gone
  }

  /** The guess is made: watch. Without one the end is shown at once. */
  bet(guess) {
    Object.assign(this.state, { guess, guessed: this.payload.query });
    if (guess) this.replay();
    else this.turn("explain");
  }

  /** From the start. */
  replay() {
    this.state.replay = false;
    this.turn("watch");
    this.parts.clock.go(0);
    this.parts.clock.start();
  }

  /** A new question: nothing has been seen yet. */
  refresh() {
    Object.assign(this.state, { seen: false, guess: null });
    this.turn("guess");
  }

  follow(household) {
    this.state.followed = household;
    this.parts.household.ask(household);
    this.tick(this.parts.clock.time());
  }

  /** Keys of the clock: on the stage, or where nothing on the page has the focus; while one bets they scroll the page. */
  key(event) {
    const { clock } = this.parts;
    const { target } = event;
    if (target !== document.body && !this.frame.root.contains(target)) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, summary, dialog, a")) return;
    if (event.key === "Escape" && this.state.followed !== null) this.follow(null);
    else if (this.state.phase === "guess") return;
    else if (event.key === " " && !target.closest("button")) clock.toggle();
    else if (event.key === "ArrowRight") clock.go(Math.floor(clock.time()) + 1);
    else if (event.key === "ArrowLeft") clock.go(Math.ceil(clock.time()) - 1);
    else if (event.key === "Home") clock.go(0);
    else if (event.key === "End") clock.go(clock.last());
    else return;
    event.preventDefault();
  }

  /** A run has come: it is unpacked, and shown unless a later one came meanwhile. */
  async arrived() {
    const payload = this.read("payload");
    if (!payload) return;
    const mine = ++this.arrivals;
    const [codes, classes] = await Promise.all([unpacked(payload), sorted(this.read("bands"))]);
    if (mine !== this.arrivals) return;
    const { state } = this;
    const { clock } = this.parts;
    const again = this.payload && state.seen;
    const ended = clock.time() >= clock.last();
    Object.assign(this, { payload, codes, classes });
    if (payload.query !== state.guessed) state.guess = null; // it was of another question
    if (state.followed >= payload.households.count) state.followed = null;
    this.show(!again ? 0 : ended ? payload.calendar.quarters - 1 : clock.time());
    if (state.followed !== null) this.parts.household.ask(state.followed);
    if (state.replay) this.replay();
  }

  /** Bands that come in while one watches wait until the clock stands. */
  async banded() {
    const bands = this.read("bands");
    if (!bands) return;
    const classes = await sorted(bands);
    if (bands.generation !== this.payload?.generation) return;
    this.classes = classes;
    if (this.parts.clock.playing()) this.late = true;
    else this.show(this.parts.clock.time());
  }

  /** Takes the stage down. */
  close() {
    for (const [name, listener] of Object.entries(this.heard)) this.model.off(name, listener);
    document.removeEventListener("keydown", this.keyed);
    this.watcher.disconnect();
    this.parts.clock.pause();
    clearTimeout(this.silence);
    clearInterval(this.asking);
  }
}

function render({ model, el }) {
  const stage = new Stage(model, el);
  return () => stage.close();
}

const page = document.getElementById("stage");
const data = document.getElementById("data");
if (page && data) render({ model: carried(JSON.parse(data.textContent)), el: page });

export default { render };
