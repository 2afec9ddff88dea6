// A chart over time: the run that is shown as a line, all lucks as a band, the world without a programme thin and grey.
import { WORLDS } from "./colour.mjs";
import { fresh, h, say, set, svg } from "./elements.mjs";
import { apart, area, at, path, places, span, ticks } from "./marks.mjs";

const RADII = { none: 2, a: 5, b: 3 }; // where all lie on each other each is seen
export const HEIGHT = 172; // of a drawing
const MARGIN = { left: 40, right: 94, top: 10, bottom: 22 };
const ARMS = ["none", "a", "b"];

/** A card: heading, drawing, and a table behind it, which `rows` makes; `turned` hears that the drawing is back. */
export function card({ label: title, unit }, t, rows, turned) {
  const table = h("div", { class: "sw-scroll", tabindex: "0", role: "region", "aria-label": title, hidden: true });
  const name = fresh("card");
  const drawing = h("div", { class: "sw-drawing" });
  const button = h("button", { type: "button", class: "sw-quiet", "aria-expanded": "false", "aria-label": `${t("table")}: ${title}`, onclick: () => turn() }, t("table"));
  const el = h("section", { class: "sw-card", "aria-labelledby": name }, h("header", {}, h("h3", { id: name }, title, unit ? h("small", {}, unit) : null), button), drawing, table);

  /** The table in place of the drawing, or back. */
  function turn() {
    table.hidden = !table.hidden;
    drawing.hidden = !table.hidden;
    set(button, "aria-expanded", String(!table.hidden));
    say(button, t(table.hidden ? "table" : "chart"));
    if (table.hidden) turned();
    else told();
  }

  /** A table that is open says what is so now. */
  function told() {
    if (!table.hidden) table.replaceChildren(rows());
  }

  return { el, drawing, told, width: () => drawing.clientWidth || table.clientWidth || 320 };
}

/** A table by year: a column a world. */
function yearly(scene, outcome, t, number, against) {
  const head = h("tr", {}, h("th", { scope: "col" }, t("year")), ["a", "b", "none"].map((arm) => h("th", { scope: "col" }, arm === "none" ? t("no_programme") : arm.toUpperCase())));
  const rows = [];
  for (let quarter = 0; quarter < scene.quarters; quarter += 4)
    rows.push(h("tr", {}, h("th", { scope: "row" }, scene.yearName(quarter)), ["a", "b", "none"].map((arm) => {
      const line = scene.series(outcome.key, arm, against);
      const band = line && line.low ? h("small", {}, `${number(line.low[quarter]).replace(/\s?%$/, "")} – ${number(line.high[quarter])}`) : null;
      return h("td", {}, line ? number(line.vivid[quarter]) : "–", band);
    })));
  return h("table", {}, h("thead", {}, head), h("tbody", {}, rows));
}

/** What happens, in the order of time: what falls into one quarter has one number. */
function moments(events) {
  const quarters = [...new Set(events.map((event) => event.quarter))].sort((one, other) => one - other);
  return quarters.map((quarter, place) => ({ quarter, sign: String.fromCharCode(0x2460 + place), label: events.filter((event) => event.quarter === quarter).map((event) => event.label).join(", ") }));
}

/** A chart of one outcome. `lay` draws everything that stands still, `tick` moves the clock. */
export function courseChart(outcome, t, number, go) {
  const { el, drawing, told, width } = card(outcome, t, () => yearly(scene, outcome, t, show, against), () => tick(now));
  let scene, across, down, clip, cursor, dots, size, show;
  let now = 0;
  let against = false; // against the world without a programme

  const scrub = (event) => {
    if (!scene || event.buttons !== 1) return;
    const [from, to] = [across(0), across(scene.quarters - 1)];
    go(Math.round(((event.clientX - drawing.getBoundingClientRect().left - from) / (to - from)) * (scene.quarters - 1)));
  };
  drawing.addEventListener("pointerdown", scrub);
  drawing.addEventListener("pointermove", scrub);

  function lay(next, options = {}) {
    scene = next;
    const { seen, guess } = options;
    against = options.against || false;
    size = { width: width(), height: HEIGHT };
    const inner = { right: size.width - MARGIN.right, bottom: size.height - MARGIN.bottom };
    const lines = ARMS.map((arm) => [arm, scene.series(outcome.key, arm, against)]).filter(([, line]) => line);
    const shown = lines.flatMap(([arm, line]) => (arm === "none" ? [line.vivid] : [line.vivid, line.low, line.high]));
    const drawn = guess && !against;
    const guessed = drawn ? [guess.a, guess.b] : [];
    const [low, high] = span([...shown, guessed], against ? null : (outcome.floor ?? null));
    const last = scene.quarters - 1;
    across = (quarter) => MARGIN.left + ((inner.right - MARGIN.left) * quarter) / last;
    down = (value) => inner.bottom - ((inner.bottom - MARGIN.top) * (value - low)) / (high - low);
    const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, role: "img", "aria-label": spoken(lines, seen) });
    const rungs = ticks(low, high, 4);
    const step = rungs[1] - rungs[0];
    show = against ? (value) => scene.numbers.signed(value, places(step) + 1) : number;
    say(el.querySelector("h3 small"), against ? t(outcome.share ? "against_points" : "against_unit") : outcome.unit);
    for (const tick of rungs)
      root.append(svg("line", { x1: MARGIN.left, x2: inner.right, y1: down(tick), y2: down(tick), class: tick === 0 ? "sw-axis" : "sw-grid" }), svg("text", { x: MARGIN.left - 6, y: down(tick) + 4, "text-anchor": "end", class: "sw-tick" }, against ? scene.numbers.signed(tick, places(step)) : scene.tick(outcome.key, tick, step)));
    const every = size.width < 300 ? 40 : 20;
    for (let quarter = 0; quarter <= last + 1; quarter += every)
      root.append(svg("text", { x: across(Math.min(quarter, last)), y: size.height - 5, "text-anchor": "middle", class: "sw-tick" }, scene.yearName(quarter)));
    const happening = moments(scene.events);
    for (const { quarter, label } of happening)
      root.append(svg("line", { x1: across(quarter), x2: across(quarter), y1: MARGIN.top, y2: inner.bottom, class: "sw-event" }, svg("title", {}, `${label} (${scene.yearName(quarter)})`)));
    const name = fresh("clip");
    clip = svg("rect", { x: 0, y: 0, height: size.height, width: 0 });
    root.append(svg("clipPath", { id: name }, clip));
    const moving = svg("g", { "clip-path": `url(#${name})` });
    for (const [arm, line] of lines) {
      const { colour, dash, width: thick } = WORLDS[arm];
      const stroke = { d: path(line.vivid, across, down), fill: "none", stroke: colour, "stroke-width": thick, "stroke-dasharray": dash || null, "stroke-linejoin": "round" };
      if (line.low && arm !== "none") moving.append(svg("path", { d: area(line.low, line.high, across, down), fill: colour, opacity: 0.14 }));
      if (seen) root.append(svg("path", { ...stroke, opacity: 0.22 }));
      moving.append(svg("path", stroke));
    }
    root.append(moving);
    if (drawn) root.append(guesses(guess, lines));
    cursor = svg("line", { y1: MARGIN.top, y2: inner.bottom, class: "sw-cursor" });
    dots = lines.map(([arm, line]) => ({ arm, line, dot: svg("circle", { r: RADII[arm], fill: WORLDS[arm].colour, stroke: "#fff" }), lead: svg("path", { class: "sw-lead" }), text: svg("text", { class: `sw-label sw-of-${arm}`, fill: WORLDS[arm].ink }) }));
    root.append(cursor, ...dots.flatMap(({ dot, lead, text }) => [lead, dot, text]));
    drawing.replaceChildren(signs(happening), root, h("p", { class: "sw-signs", "aria-hidden": "true" }, happening.map(({ sign, label }) => h("span", {}, `${sign} ${label}`))));
    told();
  }

  /** A row of numbers above the lines of what happens, none on another. */
  function signs(happening) {
    let free = 0; // where there is room for the next
    return h("div", { class: "sw-sign", "aria-hidden": "true" }, happening.map(({ quarter, sign }) => {
      const x = Math.max(across(quarter), free);
      free = x + 13;
      return h("span", { style: `left:${x}px` }, sign);
    }));
  }

  /** The drawing in words; before the end has been seen it gives nothing away. */
  function spoken(lines, seen) {
    const text = [outcome.label, against ? t("against") : outcome.unit].filter(Boolean).join(", ");
    const ends = lines.map(([arm, { vivid }]) => t("from_to", { name: scene.named(arm), from: number(vivid[0]), to: number(vivid.at(-1)) }));
    return seen ? `${text}: ${ends.join(", ")}` : text;
  }

  function guesses(guess, lines) {
    const group = svg("g", { class: "sw-guess" });
    for (const [arm, line] of lines.filter(([arm]) => guess[arm] !== undefined)) {
      const end = [across(scene.quarters - 1), down(guess[arm])];
      group.append(svg("path", { d: `M${across(0)} ${down(line.vivid[0])}L${end[0]} ${end[1]}`, fill: "none", stroke: WORLDS[arm].colour, "stroke-dasharray": "1 5", "stroke-linecap": "round", "stroke-width": 2 }));
      group.append(svg("circle", { cx: end[0], cy: end[1], r: RADII[arm] + 1.5, fill: "#fff", stroke: WORLDS[arm].colour, "stroke-width": 2 }));
    }
    return group;
  }

  function tick(time) {
    now = time;
    if (!dots || drawing.hidden) return;
    const x = across(time);
    set(clip, "width", Math.max(x, 0).toFixed(1));
    for (const name of ["x1", "x2"]) set(cursor, name, x.toFixed(1));
    const heights = dots.map(({ line }) => down(at(line.vivid, time)));
    const spots = apart(heights, 14, MARGIN.top, size.height - MARGIN.bottom);
    dots.forEach(({ arm, line, dot, lead, text }, place) => {
      set(dot, "cx", x.toFixed(1));
      set(dot, "cy", heights[place].toFixed(1));
      set(lead, "d", Math.abs(spots[place] - heights[place]) > 5 ? `M${(x + 4).toFixed(1)} ${heights[place].toFixed(1)}L${(x + 9).toFixed(1)} ${spots[place].toFixed(1)}` : "");
      set(text, "x", (x + 10).toFixed(1));
      set(text, "y", (spots[place] + 4).toFixed(1));
      say(text, `${arm === "none" ? t("none") : arm.toUpperCase()} ${against && arm === "none" ? "" : show(at(line.vivid, time))}`);
    });
  }

  return { key: outcome.key, el, lay, tick };
}
