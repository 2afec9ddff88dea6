// Two charts of shares: the Lorenz curve of a moment, and where the money went up to it.
import { WORLDS } from "./colour.mjs";
import { HEIGHT, card } from "./course.mjs";
import { h, named, say, set, svg } from "./elements.mjs";
import { apart, breadth, folded } from "./marks.mjs";

function gini(curve) {
  let below = 0;
  for (let i = 1; i < curve.length; i++) below += (curve[i] + curve[i - 1]) / 2 / (curve.length - 1);
  return 1 - 2 * below;
}

/** Who has how much: the poorest at the left; the further below the diagonal, the less equal. */
export function lorenzChart(outcome, t, number) {
  let scene, across, down, lines, size;
  let now = 0;
  const parts = card(outcome, t, () => {
    const curves = ["a", "b", "none"].map((arm) => scene.lorenz(arm, now));
    const head = h("tr", {}, h("th", { scope: "col" }, t("poorest")), ["A", "B", t("no_programme")].map((name) => h("th", { scope: "col" }, name)));
    const rows = curves[0].map((_, i) => h("tr", {}, h("th", { scope: "row" }, number(i / (curves[0].length - 1))), curves.map((curve) => h("td", {}, curve ? number(curve[i]) : "–"))));
    return h("table", {}, h("thead", {}, head), h("tbody", {}, rows));
  }, () => tick(now));

  function lay(next) {
    scene = next;
    size = { width: parts.width(), height: HEIGHT };
    const side = Math.min(size.height - 32, size.width - 116);
    const [left, bottom] = [46, 10 + side];
    across = (share) => left + side * share;
    down = (share) => bottom - side * share;
    const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, role: "img", "aria-label": outcome.label });
    for (const share of [0, 0.5, 1])
      root.append(svg("line", { x1: left, x2: left + side, y1: down(share), y2: down(share), class: share ? "sw-grid" : "sw-axis" }), svg("text", { x: left - 6, y: down(share) + 4, "text-anchor": "end", class: "sw-tick" }, number(share)), svg("text", { x: across(share), y: bottom + 17, "text-anchor": "middle", class: "sw-tick" }, number(share)));
    root.append(svg("path", { d: `M${across(0)} ${down(0)}L${across(1)} ${down(1)}`, class: "sw-event" }));
    lines = ["none", "a", "b"].filter((arm) => scene.lorenz(arm, 0)).map((arm) => {
      const { colour, ink, dash, width: stroke } = WORLDS[arm];
      const line = svg("path", { fill: "none", stroke: colour, "stroke-width": stroke, "stroke-dasharray": dash || null });
      const text = svg("text", { class: `sw-label sw-of-${arm}`, fill: ink, x: left + side + 10 });
      root.append(line, text);
      return { arm, line, text };
    });
    parts.drawing.replaceChildren(root);
    parts.told();
  }

  function tick(time) {
    const later = Math.floor(time) !== Math.floor(now);
    now = time;
    if (later && scene) parts.told();
    if (!lines || parts.drawing.hidden) return;
    const curves = lines.map(({ arm }) => scene.lorenz(arm, time));
    const place = Math.round((curves[0].length - 1) * 0.9);
    const spots = apart(curves.map((curve) => down(curve[place])), 15, 16, size.height - 26);
    lines.forEach(({ arm, line, text }, i) => {
      set(line, "d", `M${curves[i].map((share, k) => `${across(k / (curves[i].length - 1)).toFixed(1)} ${down(share).toFixed(1)}`).join("L")}`);
      set(text, "y", (spots[i] + 4).toFixed(1));
      say(text, `${arm === "none" ? t("none") : arm.toUpperCase()} Gini ${scene.numbers.decimals(gini(curves[i]), 2)}`);
    });
    set(parts.drawing.firstChild, "aria-label", `${outcome.label}: ${lines.map(({ text }) => text.textContent).join(", ")}`);
  }

  return { el: parts.el, lay, tick };
}

/** Where the money went: a pair of bars a use, A above B, summed up to the clock. */
export function moneyChart(outcome, t, number) {
  let scene, bars, across;
  let now = 0;
  const parts = card(outcome, t, () => {
    const head = h("tr", {}, h("th", { scope: "col" }, t("use")), ["A", "B"].map((name) => h("th", { scope: "col" }, name)));
    const rows = scene.uses.map((use) => h("tr", {}, h("th", { scope: "row" }, use.label), ["a", "b"].map((arm) => h("td", {}, number(scene.spent(arm, use.key, now))))));
    return h("table", {}, h("thead", {}, head), h("tbody", {}, rows));
  }, () => tick(now));

  function lay(next) {
    scene = next;
    const uses = scene.uses;
    const width = parts.width();
    const names = uses.map((use) => folded(use.label, width / 2));
    const most = Math.max(...uses.flatMap((use) => ["a", "b"].map((arm) => scene.spent(arm, use.key, scene.quarters - 1))), 1e-9);
    const line = names.some((lines) => lines.length > 1) ? 27 : Math.min((HEIGHT - 4) / Math.max(uses.length, 1), 30);
    const size = { width, height: Math.max(HEIGHT, 4 + line * uses.length) };
    const left = Math.max(...names.flat().map(breadth), 0) + 12;
    const right = width - 12 - breadth("00.00 · 00.00");
    across = (value) => (Math.max(right - left, 4) * value) / most;
    const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, role: "img", "aria-label": outcome.label });
    bars = uses.map((use, i) => {
      const top = 2 + i * line;
      const thick = Math.max(Math.min((line - 6) / 2, 9), 3);
      root.append(named(names[i], left - 8, top + line / 2, { "text-anchor": "end", class: "sw-tick" }));
      const rects = ["a", "b"].map((arm, k) => svg("rect", { x: left, y: top + line / 2 - thick - 0.5 + k * (thick + 1), height: thick, width: 0, fill: WORLDS[arm].colour }));
      const text = svg("text", { y: top + line / 2 + 4, class: "sw-tick" });
      root.append(...rects, text);
      return { use, rects, text };
    });
    for (const bar of bars) bar.left = left;
    parts.drawing.replaceChildren(root);
    parts.told();
  }

  function tick(time) {
    const later = Math.floor(time) !== Math.floor(now);
    now = time;
    if (later && scene) parts.told();
    if (!bars || parts.drawing.hidden) return;
    for (const { use, rects, text, left } of bars) {
      const spent = ["a", "b"].map((arm) => scene.spent(arm, use.key, time));
      rects.forEach((rect, k) => set(rect, "width", across(spent[k]).toFixed(1)));
      set(text, "x", (left + across(Math.max(...spent)) + 6).toFixed(1));
      say(text, spent.map((value) => number(value)).join(" · "));
    }
    const all = ["a", "b"].map((arm) => `${arm.toUpperCase()} ${number(bars.reduce((sum, { use }) => sum + scene.spent(arm, use.key, time), 0))}`);
    set(parts.drawing.firstChild, "aria-label", `${outcome.label}, ${outcome.unit}: ${all.join(", ")}`);
  }

  return { el: parts.el, lay, tick };
}
