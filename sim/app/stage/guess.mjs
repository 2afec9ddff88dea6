// The bet: before the first play, draw where poverty will end. The run is drawn beside it.
import { WORLDS } from "./colour.mjs";
import { fresh, h, say, set, svg } from "./elements.mjs";
import { apart, ticks } from "./marks.mjs";

const STEP = 0.5; // percentage points
const ASIDE = { a: -10, b: 10 }; // pixels: the two circles stand side by side, so that both can be grasped
const REACH = 30; // pixels around a circle within which a finger grasps it; elsewhere it scrolls the page

/** The panel of the bet: a field to drag in, and two sliders that do the same from the keyboard. */
export function makeGuess(context) {
  const { t, bet } = context;
  const number = (value) => context.scene().show(context.scene().main, value);
  const drawing = h("div", { class: "sw-drawing sw-bet" });
  const inputs = {};
  const outputs = {};
  const marks = {};
  let [scene, size, down, across] = [null, null, null, null];
  const guess = (context.state.draft = context.state.draft || { a: 0, b: 0, about: null });
  const fields = ["a", "b"].map((arm) => {
    outputs[arm] = h("output", { "aria-live": "off" });
    inputs[arm] = h("input", { type: "range", min: 0, max: 100, step: STEP, id: fresh("bet"), oninput: () => put(arm, Number(inputs[arm].value)) });
    return h("div", { class: "sw-field" }, h("div", { class: "sw-field-head" }, h("label", { for: inputs[arm].id }, h("i", { class: `sw-mark sw-${arm}`, "aria-hidden": "true" }, arm.toUpperCase()), h("span", {}, t("your_guess", { arm: arm.toUpperCase() }))), outputs[arm]), inputs[arm]);
  });
  const question = h("p", { class: "sw-question" });
  const el = h("section", { class: "sw-guessing", "aria-label": t("guess") },
    h("div", {}, h("h2", {}, t("guess_title")), question, fields, h("div", { class: "sw-buttons" }, h("button", { type: "button", class: "sw-primary", onclick: () => bet({ ...guess }) }, t("guess_watch")), h("button", { type: "button", class: "sw-quiet", onclick: () => bet(null) }, t("guess_skip")))),
    drawing);

  function put(arm, value) {
    guess[arm] = Math.min(Math.max(Math.round(value / STEP) * STEP, 0), size.high);
    inputs[arm].value = String(guess[arm]);
    set(inputs[arm], "aria-valuetext", number(guess[arm]));
    say(outputs[arm], number(guess[arm]));
    show();
  }

  function show() {
    if (!marks.a) return;
    const [from, to] = [across(0), across(1)];
    const spots = apart(["a", "b"].map((arm) => down(guess[arm])), 20, 14, size.height - 30);
    ["a", "b"].forEach((arm, place) => {
      const { line, dot, letter, text, grip } = marks[arm];
      const spot = to + ASIDE[arm];
      const [start, end] = [down(scene.series(scene.main, arm).vivid[0]), down(guess[arm])];
      set(line, "d", `M${from} ${start}C${from + (to - from) * 0.4} ${start} ${from + (to - from) * 0.6} ${end} ${spot} ${end}`);
      set(dot, "cx", spot);
      set(dot, "cy", end);
      grip.style.translate = `${spot - REACH}px ${end - REACH}px`;
      set(letter, "x", spot);
      set(letter, "y", end + 4);
      set(text, "x", to + 25);
      set(text, "y", spots[place] + 5);
      say(text, number(guess[arm]));
    });
  }

  function lay(next) {
    scene = next;
    const start = scene.series(scene.main, "a").vivid[0];
    size = { width: drawing.clientWidth || 420, height: 210, high: Math.min(Math.max(Math.ceil(start / 5) * 10, 10), 100) };
    for (const arm of ["a", "b"]) set(inputs[arm], "max", size.high);
    across = (share) => 44 + (size.width - 44 - 88) * share;
    down = (value) => size.height - 28 - ((size.height - 42) * value) / size.high;
    say(question, t("guess_question", { years: scene.years, start: number(start) }));
    const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, "aria-hidden": "true" });
    for (const tick of ticks(0, size.high, 4)) root.append(svg("line", { x1: across(0), x2: across(1), y1: down(tick), y2: down(tick), class: tick ? "sw-grid" : "sw-axis" }), svg("text", { x: across(0) - 8, y: down(tick) + 4, "text-anchor": "end", class: "sw-tick" }, scene.tick(scene.main, tick, 1)));
    for (const [place, quarter] of [[0, 0], [1, scene.quarters]]) root.append(svg("text", { x: across(place), y: size.height - 6, "text-anchor": "middle", class: "sw-tick" }, t("year_n", { n: scene.yearName(quarter) })));
    root.append(svg("circle", { cx: across(0), cy: down(start), r: 4, fill: "#222" }));
    for (const arm of ["b", "a"]) {
      const { colour, ink } = WORLDS[arm];
      const line = svg("path", { fill: "none", stroke: colour, "stroke-width": 2.25, "stroke-dasharray": "1 6", "stroke-linecap": "round" });
      const dot = svg("circle", { r: 10, fill: ink, stroke: "#fff", "stroke-width": 1.5, class: "sw-handle" });
      const letter = svg("text", { class: "sw-letter", "text-anchor": "middle", fill: "#fff" }, arm.toUpperCase());
      const grip = h("i", { class: "sw-grip", style: `width:${2 * REACH}px;height:${2 * REACH}px` }); // only what has a box holds a page that scrolls
      marks[arm] = { line, dot, letter, grip, text: svg("text", { class: "sw-label", fill: ink }) };
      root.append(line, dot, letter, marks[arm].text);
    }
    drawing.replaceChildren(root, marks.b.grip, marks.a.grip);
    const kept = guess.about === scene.generation; // bands that come in, or another language, leave it alone
    guess.about = scene.generation;
    for (const arm of ["a", "b"]) put(arm, kept ? guess[arm] : start);
  }

  const value = (event) => ((size.height - 28 - (event.clientY - drawing.getBoundingClientRect().top)) * size.high) / (size.height - 42);
  let [dragged, aside] = [null, 0];
  drawing.addEventListener("pointerdown", (event) => {
    if (!event.target.matches(".sw-grip")) return;
    const { left, top } = drawing.getBoundingClientRect();
    const [a, b] = ["a", "b"].map((arm) => Math.hypot(event.clientX - left - across(1) - ASIDE[arm], event.clientY - top - down(guess[arm])));
    dragged = a < b ? "a" : "b";
    aside = guess[dragged] - value(event); // it is grasped where it is touched, and does not jump
    drawing.setPointerCapture(event.pointerId);
  });
  drawing.addEventListener("pointermove", (event) => dragged && put(dragged, value(event) + aside));
  for (const name of ["pointerup", "pointercancel"]) drawing.addEventListener(name, () => (dragged = null));

  return { el, lay };
}
