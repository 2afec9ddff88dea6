// Which mechanism did it: B against A with everything on, and with one mechanism off at a time.
import { dark } from "./colour.mjs";
import { worded } from "./data.mjs";
import { h, named, say, svg } from "./elements.mjs";
import { breadth, folded, places, span, ticks } from "./marks.mjs";

const ROW = 26;

export function makeExplain(context) {
  const { t, state, post, language, live } = context;
  const ends = h("div", { class: "sw-ends" });
  const note = h("p", { class: "sw-note" });
  const drawing = h("div", { class: "sw-drawing" });
  const ask = h("button", { type: "button", class: "sw-primary", onclick: () => request() }, t("explain_ask"));
  const heard = h("p", { class: "sw-heard", "aria-live": "polite" });
  const verdict = h("p", { class: "sw-verdict" });
  const again = h("button", { type: "button", class: "sw-quiet", onclick: () => context.refresh() }, t("bet_again"));
  const el = h("section", { class: "sw-explain", "aria-label": t("explain") }, h("div", {}, h("h2", {}, t("explain_title")), verdict, h("div", { class: "sw-buttons" }, live ? ask : null, again), note, heard, ends), drawing);
  const none = { rows: [], generation: null, complete: false };
  state.explained = state.explained || none;

  let asked = false;

  function request() {
    if (ask.ariaDisabled === "true") return;
    asked = true;
    ask.ariaDisabled = "true"; // not disabled, or it would lose the focus
    state.explained = { ...none, generation: context.scene().generation, running: true };
    post.ask({ kind: "explain" }, (answer) => {
      if (answer.generation !== context.scene().generation) return;
      const { rows: [full, ...others] = [], generation } = answer;
      const complete = answer.done >= answer.of;
      if (complete) others.sort((one, other) => Math.abs(other.change) - Math.abs(one.change));
      state.explained = { rows: full ? [full, ...others] : [], generation, complete, lucks: answer.lucks, running: !complete && !answer.error };
      say(note, answer.error ? worded(answer.error, language()) : answer.done < answer.of ? t("explain_running", { done: answer.done, of: answer.of }) : t("explain_how", { lucks: answer.lucks }));
      draw();
      if (!answer.error && !complete) return;
      ask.ariaDisabled = null;
      say(heard, answer.error ? note.textContent : most(context.scene()));
    });
    say(heard, t("explain_note"));
    say(note, t("explain_running", { done: 0, of: "…" }));
  }

  /** How far the guess was from what came. */
  function judged(scene) {
    const end = (arm) => scene.series(scene.main, arm).vivid.at(-1);
    const tenths = (arm) => Math.round(10 * end(arm)); // as the two figures are read
    const gap = (tenths("b") - tenths("a")) / 10;
    const values = Object.fromEntries(["a", "b", "none"].map((arm) => [arm, scene.show(scene.main, end(arm))]));
    const came = gap === 0 ? t("came_alike", values) : t("came", { ...values, gap: scene.numbers.decimals(Math.abs(gap), 1), direction: t(gap < 0 ? "fewer" : "more_poor") });
    if (!state.guess) return came;
    return `${t("guessed", { a: scene.show(scene.main, state.guess.a), b: scene.show(scene.main, state.guess.b) })} ${came}`;
  }

  function draw() {
    const scene = context.scene();
    const { rows, generation } = state.explained;
    if (!rows.length || generation !== scene.generation) return drawing.replaceChildren(differ(scene));
    const width = drawing.clientWidth || 520;
    const names = rows.map((row) => folded(row.mechanism ? t("without", { mechanism: worded(row.label, language()).toLowerCase() }) : t("all_on"), width * 0.44));
    const left = Math.max(...names.flat().map(breadth)) * 1.06 + 4; // the first is bold
    const [low, high] = span([rows.flatMap((row) => [row.low, row.high]), [0]]);
    const across = (gap) => left + 10 + ((width - left - 70) * (gap - Math.min(low, 0))) / (high - Math.min(low, 0) || 1);
    const tall = rows.length * ROW + 26;
    const root = svg("svg", { viewBox: `0 0 ${width} ${tall}`, width, height: tall, role: "img", "aria-label": t("explain_title") });
    const rungs = ticks(Math.min(low, 0), high, 4);
    for (const tick of rungs) root.append(svg("line", { x1: across(tick), x2: across(tick), y1: 0, y2: tall - 20, class: tick === 0 ? "sw-axis" : "sw-grid" }), svg("text", { x: across(tick), y: tall - 5, "text-anchor": "middle", class: "sw-tick" }, scene.numbers.decimals(tick, places(rungs[1] - rungs[0]))));
    const full = rows[0].gap;
    root.append(svg("line", { x1: across(full), x2: across(full), y1: 0, y2: tall - 20, class: "sw-event" }));
    rows.forEach((row, place) => {
      const y = place * ROW + ROW / 2;
      root.append(
        named(names[place], left, y, { "text-anchor": "end", class: place ? "sw-tick" : "sw-tick sw-strong" }),
        svg("line", { x1: across(full), x2: across(row.gap), y1: y, y2: y, class: "sw-shift" }),
        row.low === row.high ? "" : svg("line", { x1: across(row.low), x2: across(row.high), y1: y, y2: y, class: "sw-range" }),
        svg("circle", { cx: across(row.gap), cy: y, r: 4.5, fill: place ? "#222" : "#fff", stroke: "#222", "stroke-width": 1.5 }),
        svg("text", { x: across(Math.max(row.gap, full, row.high)) + 9, y: y + 4, class: "sw-tick" }, scene.numbers.decimals(row.gap, 2)));
    });
    drawing.replaceChildren(h("h3", {}, t("explain_axis", scene.post)), root, h("p", { class: "sw-most" }, most(scene)), table(scene));
  }

  /** The mechanism on which the difference turns, if any moves it beyond the range of luck. */
  function most(scene) {
    const { rows, complete } = state.explained;
    if (!complete) return "";
    const [full, ...others] = rows;
    const found = others.find((row) => row.low > full.gap || row.high < full.gap);
    return found ? t("explain_most", { mechanism: worded(found.label, language()).toLowerCase(), from: scene.numbers.signed(full.gap, 2), to: scene.numbers.signed(found.gap, 2) }) : t("explain_none");
  }

  /** What the two policies do, side by side: the reading until the runs are in. */
  function differ(scene) {
    const said = (arm, key) => worded(scene.payload.policies[arm][key], language());
    const told = ["meaning", "decides", "flows", "targets", "loses_when"].filter((key) => ["a", "b"].some((arm) => said(arm, key)));
    const head = h("tr", {}, h("td"), ["a", "b"].map((arm) => h("th", { scope: "col" }, h("i", { class: `sw-mark sw-${arm}`, "aria-hidden": "true" }, arm.toUpperCase()), scene.policy(arm))));
    return h("table", { class: "sw-differ", "aria-label": t("differ_title") }, h("thead", {}, head), h("tbody", {}, told.map((key) => h("tr", {}, h("th", { scope: "row" }, t(key)), ["a", "b"].map((arm) => h("td", {}, said(arm, key) || "–"))))));
  }

  function table(scene) {
    const head = ["mechanism", "poor_a", "poor_b", "gap"].map((key) => h("th", { scope: "col" }, t(key)));
    const body = state.explained.rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.mechanism ? worded(row.label, language()) : t("all_on")), ["a", "b"].map((arm) => h("td", {}, scene.show("headcount", row.headcount[arm]))), h("td", {}, scene.numbers.decimals(row.gap, 2))));
    return h("details", { class: "sw-more-table" }, h("summary", {}, t("table")), h("div", { class: "sw-scroll", tabindex: "0", role: "region", "aria-label": t("explain_title") }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body))));
  }

  /** Where those end up who were poor at the start: a bar a world, a part a class of trajectories. */
  function classes(scene) {
    if (!scene.ends) return ends.replaceChildren();
    const bar = (arm) => h("tr", {}, h("th", { scope: "row" }, arm === "none" ? t("none") : h("i", { class: `sw-mark sw-${arm}` }, arm.toUpperCase())),
      h("td", {}, h("div", {}, scene.ends.map(({ label, colour, shares }) => h("span", { class: dark(colour) ? null : "sw-pale", style: `flex:${shares[arm]} 0 0;background:${colour}`, title: label, "aria-label": `${label} ${scene.show("self_supporting", shares[arm])}`, role: "img" }, shares[arm] >= 9 ? scene.show("self_supporting", shares[arm]) : "")))));
    ends.replaceChildren(h("table", {}, h("caption", {}, t("ends_title")), h("tbody", {}, ["a", "b", "none"].map(bar))), h("ul", { class: "sw-classes" }, scene.ends.map(({ label, colour }) => h("li", {}, h("i", { style: `background:${colour}` }), label))));
  }

  function lay(scene) {
    classes(scene);
    say(verdict, judged(scene));
    if (state.explained.generation !== scene.generation) {
      state.explained = none;
      say(note, live ? t("explain_note") : "");
      ask.ariaDisabled = null;
    } else if (state.explained.complete) say(note, t("explain_how", { lucks: state.explained.lucks }));
    else if (state.explained.running && !asked) request(); // in another language now: what came so far was another part's
    draw();
  }

  return { el, lay };
}
