// The stage: two worlds, one clock. Mounted by anywidget, and by the exported page over a model of its own.
import { sorted, unpacked, wording } from "./data.mjs";
import { h, say } from "./elements.mjs";
import { makeScene } from "./scene.mjs";
import { makeClock } from "./clock.mjs";
import { makeHeadline } from "./headline.mjs";
import { makeGuess } from "./guess.mjs";
import { makeMaps } from "./maps.mjs";
import { makeCharts } from "./charts.mjs";
import { makeSetup } from "./setup.mjs";
import { makeHousehold } from "./household.mjs";
import { makeExplain } from "./explain.mjs";
import { makeLessons } from "./lessons.mjs";
import { makeShare } from "./share.mjs";
import { makeEvidence } from "./evidence.mjs";
import { makePost } from "./post.mjs";

const WIDE = 960; // pixels from which the set-up stands beside the stage
const PHASES = ["guess", "watch", "explain"];

function read(model, name) {
  const value = model.get(name);
  return typeof value === "string" && name !== "lang" && name !== "mode" ? (value ? JSON.parse(value) : null) : value;
}

/** Builds the stage in an element and keeps it in step with the model. Returns what takes it down again. */
function mount(model, el) {
  const state = { phase: "guess", seen: false, guess: null, followed: null, layer: "standing", side: "setup", lesson: null };
  const post = makePost(model);
  let silence = null; // until the clock has stood for a while
  let late = false; // bands came in while the clock ran
  let [codes, classes, payload, scene, parts, unpacking] = [null, null, null, null, null, 0];

  const language = () => model.get("lang") || "en";
  const stale = () => {
    const status = read(model, "status");
    return Boolean(status && payload && status.generation !== payload.generation);
  };

  /** Everything anew: at the start and when the language changes. */
  function build() {
    const t0 = wording(read(model, "texts") || {}, language());
    const t = (key, values) => t0(key.includes(".") ? key : `stage.${key}`, values);
    const time = parts ? parts.clock.time() : 0;
    parts?.clock.pause();
    parts?.dispose();
    const context = { t, model, post, state, language, live: model.get("mode") !== "file", read: (name) => read(model, name), scene: () => scene, turn, follow, wait, refresh, bet, replay, mark: (key) => parts.charts.mark(key), go: (time) => parts.clock.go(time) };
    const clock = makeClock(t, { moved: tick, turned: (playing) => { if (!playing && scene) finish(); } });
    parts = { context, clock, headline: makeHeadline(context), guess: makeGuess(context), maps: makeMaps(context), charts: makeCharts(context), setup: makeSetup(context), household: makeHousehold(context), explain: makeExplain(context), lessons: makeLessons(context), share: makeShare(context), evidence: makeEvidence(context) };
    frame(t, context);
    if (payload) show(time);
  }

  function frame(t, context) {
    const steps = PHASES.map((phase, place) => h("li", {}, h("button", { type: "button", "data-phase": phase, onclick: () => turn(phase) }, `${place + 1} ${t(phase)}`)));
    const languages = h("select", { "aria-label": t("language"), onchange: () => { model.set("lang", languages.value); model.save_changes(); } }, [["en", "English"], ["id", "Bahasa Indonesia"]].map(([code, name]) => h("option", { value: code, lang: code }, name)));
    languages.value = language();
    const status = h("p", { class: "sw-status", role: "status" });
    const fold = h("summary", {}, t("setup"));
    const side = h("details", { class: "sw-side", open: window.innerWidth >= WIDE }, fold, parts.lessons.tabs, parts.setup.el, parts.lessons.el);
    const main = h("main", { class: "sw-main" }, parts.guess.el, parts.headline.el, parts.maps.el, parts.clock.el, parts.explain.el, parts.charts.el, h("p", { class: "sw-caveat" }, t("caveat")));
    const top = h("header", { class: "sw-top" }, h("h1", {}, "Swadaya", h("small", {}, t("subtitle"))), h("ol", { class: "sw-steps", "aria-label": t("steps") }, steps), h("div", { class: "sw-tools" }, parts.evidence.there() ? h("button", { type: "button", onclick: () => parts.evidence.open() }, t("evidence")) : null, h("button", { type: "button", onclick: () => parts.share.open() }, t("share")), languages));
    const root = h("div", { class: "sw-stage", lang: language() }, h("div", { class: "sw-page" }, top, h("div", { class: "sw-body" }, side, main)), status, parts.maps.tip, parts.household.el, parts.share.el, parts.evidence.el);
    Object.assign(parts, { root, side, steps, status, dispose: () => { watcher.disconnect(); document.removeEventListener("keydown", keyed); } });
    const watcher = new ResizeObserver(() => resize());
    document.documentElement.lang = language();
    el.replaceChildren(root);
    watcher.observe(main);
    document.addEventListener("keydown", keyed);
    context.root = root;
  }

  let width = 0;
  function resize() {
    const now = parts.root.clientWidth;
    if (Math.abs(now - width) < 2 || !scene) return;
    width = now;
    if (now >= WIDE) parts.side.open = true;
    lay();
  }

  /** New numbers: the scene, then every part. */
  function show(time) {
    scene = makeScene(payload, codes, read(model, "bands"), classes, language(), parts.context.t);
    parts.clock.lay(scene);
    lay();
    parts.clock.go(time);
  }

  function lay() {
    width = parts.root.clientWidth;
    dress();
    for (const part of [parts.headline, parts.guess, parts.maps, parts.charts, parts.explain, parts.household]) part.lay(scene);
    tick(parts.clock.time());
  }

  /** What is visible in a phase, and whether numbers are of the settings that stand beside them. */
  function dress() {
    const { phase } = state;
    parts.guess.el.hidden = phase !== "guess";
    parts.headline.el.hidden = phase === "guess";
    parts.explain.el.hidden = phase !== "explain";
    parts.root.dataset.phase = phase;
    for (const step of parts.steps.map((item) => item.firstChild)) {
      if (step.dataset.phase === phase) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
    const status = read(model, "status");
    const old = stale();
    parts.root.classList.toggle("sw-old", old || status?.state === "failed");
    const { t } = parts.context;
    const sentence = status?.sentence ? (Array.isArray(status.sentence) ? status.sentence[language() === "id" ? 1 : 0] : status.sentence) : "";
    say(parts.status, !payload || unpacking > 0 ? t("first_run") : status?.state === "failed" ? sentence : old ? t("running") : "");
    parts.status.hidden = !parts.status.textContent;
    parts.root.setAttribute("aria-busy", String(old || !payload));
  }

  function tick(time) {
    if (!scene || !parts) return;
    for (const part of [parts.headline, parts.maps, parts.charts, parts.household]) part.tick(time);
    clearTimeout(silence);
    if (!parts.clock.playing()) silence = setTimeout(() => parts.headline.speak(time), 500);
  }

  function finish() {
    const time = parts.clock.time();
    if (late) {
      late = false;
      show(time);
    }
    parts.headline.speak(time);
    if (time >= parts.clock.last() && !state.seen) {
      state.seen = true;
      turn("explain");
    }
  }

  function turn(phase) {
    state.phase = phase;
    if (phase === "guess") parts.clock.pause();
    if (phase === "explain" && !state.seen) state.seen = true;
    if (phase === "explain" && !parts.clock.playing() && parts.clock.time() === 0) parts.clock.go(parts.clock.last());
    if (scene) lay();
  }

  /** The guess is made: watch. Without one the end is shown at once. */
  function bet(guess) {
    state.guess = guess;
    if (guess) {
      turn("watch");
      parts.clock.go(0);
      parts.clock.start();
    } else turn("explain");
  }

  /** The same again from the start. */
  function replay() {
    state.replay = false;
    turn("watch");
    parts.clock.go(0);
    parts.clock.start();
  }

  /** A new question: nothing has been seen yet. */
  function refresh() {
    Object.assign(state, { seen: false, guess: null });
    parts.clock.go(0);
    turn("guess");
  }

  function follow(household) {
    state.followed = household;
    parts.household.ask(household);
    tick(parts.clock.time());
  }

  /** Settings were asked for: until they are run nothing on the stage is of them. */
  function wait() {
    parts.clock.pause();
    parts.root.classList.add("sw-old");
    parts.root.setAttribute("aria-busy", "true");
    say(parts.status, parts.context.t("running"));
    parts.status.hidden = false;
  }

  /** Keys of the clock: on the stage, or where nothing on the page has the focus. */
  function keyed(event) {
    if (event.target !== document.body && !parts.root.contains(event.target)) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, summary, dialog, a")) return;
    const button = event.target.closest("button");
    if (event.key === " " && !button) parts.clock.toggle();
    else if (event.key === "ArrowRight") parts.clock.go(Math.floor(parts.clock.time()) + 1);
    else if (event.key === "ArrowLeft") parts.clock.go(Math.ceil(parts.clock.time()) - 1);
    else if (event.key === "Home") parts.clock.go(0);
    else if (event.key === "End") parts.clock.go(parts.clock.last());
    else return;
    event.preventDefault();
  }

  async function arrived() {
    const next = read(model, "payload");
    if (!next) return;
    const mine = ++arrived.count;
    unpacking = 1;
    const [found, ends] = await Promise.all([unpacked(next), sorted(read(model, "bands"))]);
    if (mine !== arrived.count) return;
    unpacking = 0;
    const first = !payload;
    [payload, codes, classes] = [next, found, ends];
    if (state.followed !== null && state.followed >= payload.households.count) state.followed = null;
    show(first || !state.seen ? 0 : parts.clock.time());
    if (state.followed !== null) parts.household.ask(state.followed);
    if (state.replay) replay();
  }
  arrived.count = 0;

  /** Bands come in while one watches: they wait until the clock stands. */
  async function banded() {
    const bands = read(model, "bands");
    if (!bands || !payload || bands.generation !== payload.generation) return;
    classes = await sorted(bands);
    if (parts.clock.playing()) late = true;
    else if (bands.generation === payload.generation) show(parts.clock.time());
  }

  const heard = {
    "change:payload": arrived,
    "change:bands": banded,
    "change:status": () => dress(),
    "change:form": () => parts.setup.lay(),
    "change:share": () => parts.share.lay(),
    "change:lessons": () => parts.lessons.lay(),
    "change:lang": build,
    "change:texts": build,
  };
  build();
  for (const [name, listener] of Object.entries(heard)) model.on(name, listener);
  arrived();
  return () => {
    for (const [name, listener] of Object.entries(heard)) model.off(name, listener);
    parts.clock.pause();
    clearTimeout(silence);
    parts.dispose();
  };
}

function render({ model, el }) {
  return mount(model, el);
}

/** The model of an exported page: what it carries, and nobody to ask. */
function carried(data) {
  const listeners = new Map();
  const values = { mode: "file", ...data };
  return {
    get: (name) => values[name],
    set: (name, value) => {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of listeners.get(`change:${name}`) || []) listener();
    },
    save_changes: () => {},
    on: (name, listener) => listeners.set(name, [...(listeners.get(name) || []), listener]),
    off: (name, listener) => listeners.set(name, (listeners.get(name) || []).filter((one) => one !== listener)),
  };
}

const page = document.getElementById("stage");
const data = document.getElementById("data");
if (page && data) render({ model: carried(JSON.parse(data.textContent)), el: page });

export default { render };
