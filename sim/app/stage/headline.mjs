// The headline in words: poverty, standing on one's own, cost; for A, B and no programme; and how sure one can be.
import { h, say } from "./elements.mjs";
import { at } from "./marks.mjs";
import { FEWEST } from "./scene.mjs";

/** One figure for the three worlds. */
function group(name) {
  const title = h("h2");
  const cells = Object.fromEntries(["a", "b", "none"].map((arm) => {
    const [value, range] = [h("b"), h("small")];
    return [arm, { value, range, el: h("div", { class: `sw-figure sw-figure-${arm}` }, h("i", { class: `sw-mark sw-${arm}` }, arm === "none" ? "" : arm.toUpperCase()), h("span", {}, value, range)) }];
  }));
  const el = h("div", { class: "sw-headline-group", "data-figure": name }, title, h("div", { class: "sw-figures" }, Object.values(cells).map((cell) => cell.el)));
  return { el, title, cells };
}

/** The strip. While the clock runs it tells the moment; at the end, the end with its intervals. */
export function makeHeadline(context) {
  const { t, state } = context;
  const groups = { poverty: group("poverty"), standing: group("standing"), cost: group("cost") };
  const sentence = h("p", { class: "sw-sure" });
  const spoken = h("p", { class: "sw-spoken", "aria-live": "polite" });
  const certain = h("p", { class: "sw-heard", "aria-live": "polite" });
  const el = h("section", { class: "sw-headline", "aria-label": t("headline") }, Object.values(groups).map((one) => one.el), sentence, spoken, certain);
  let scene = null;

  function put(cell, value, range) {
    say(cell.value, value);
    say(cell.range, range || "");
  }

  /** In how many lucks, and in how many sets of assumptions, B ends lower: two different doubts, never mixed. */
  function sure() {
    const { bands, numbers } = scene;
    const post = { ...scene.post, after: t(scene.fallen ? "after_fall" : "after_money") };
    if (!bands) return context.live ? t("sure_first") : "";
    const [middle, low, high] = bands.lucks.difference.headcount;
    const size = (value) => numbers.decimals(Math.abs(value), 2);
    if (bands.lucks.ties === bands.lucks.done) return t("sure_same", { ...post, of: bands.lucks.done });
    const way = (value) => t(value < 0 ? "lower" : "higher");
    const ends = [low, high].sort((one, other) => Math.abs(one) - Math.abs(other));
    const range = low < 0 === high < 0 ? `${ends.map(size).join(" – ")} ${way(ends[1])}` : `${size(low)} ${way(low)} – ${size(high)} ${way(high)}`;
    const count = (part) => ({ n: part.lower_b, of: part.done });
    const lucks = t("sure_lucks", count(bands.lucks));
    const gap = t(Math.abs(middle) < 0.005 ? "sure_even" : "sure_gap", { ...post, middle: size(middle), way: way(middle), range });
    return `${gap} ${lucks}${bands.sets?.done >= FEWEST ? `; ${t("sure_sets", count(bands.sets))}` : ""}. ${t("range_of", { of: bands.lucks.done })}`;
  }

  function lay(next) {
    if (next.generation !== scene?.generation) hush();
    scene = next;
    say(sentence, state.seen ? sure() : "");
    say(groups.standing.title, t("standing", scene.post));
    say(groups.cost.title, t("cost"));
    assure();
  }

  function tick(time) {
    if (!scene) return;
    const end = time >= scene.quarters - 1;
    const known = state.seen || end;
    const line = (arm) => scene.series(scene.main, arm).vivid;
    say(groups.poverty.title, end ? t("poor_end", { years: scene.years }) : t("poor_now", { when: scene.quarterName(Math.floor(time)) }));
    for (const arm of ["a", "b", "none"]) {
      const interval = (key) => {
        if (arm === "none") return t("no_programme").toLowerCase();
        const { low, high } = scene.final(key, arm);
        return low === null ? "" : `${scene.show(key, low).replace(/\s?%$/, "")} – ${scene.show(key, high)}`; // one unit for both
      };
      put(groups.poverty.cells[arm], scene.show(scene.main, at(line(arm), time)), end || arm === "none" ? interval("headcount_end") : "");
      put(groups.standing.cells[arm], known ? scene.show("self_supporting", scene.final("self_supporting", arm).value) : "–", known || arm === "none" ? interval("self_supporting") : "");
      put(groups.cost.cells[arm], scene.numbers.decimals(scene.final("cost_rupiah", arm).value / 1e6, 1), arm === "none" && scene.final("cost", arm).value > 0 ? t("cost_anyway") : arm === "none" ? interval("cost") : "");
    }
  }

  /** Tells a listener how sure one can be: once, when no more runs are to come. */
  function assure() {
    say(certain, state.seen && scene?.bands && !context.read("status")?.step ? sentence.textContent : "");
  }

  /** What was told is of another moment, or of another run. */
  function hush() {
    say(spoken, "");
  }

  /** Tells a listener where the clock stopped. */
  function speak(time) {
    if (!scene) return;
    const figures = Object.fromEntries(["a", "b", "none"].map((arm) => [arm, scene.show(scene.main, at(scene.series(scene.main, arm).vivid, time))]));
    say(spoken, t("spoken", { when: scene.quarterName(Math.floor(time)), ...figures }));
  }

  return { el, lay, tick, assure, hush, speak };
}
