// The charts under the clock, all on the same time; the one that a lesson speaks of comes first.
import { courseChart } from "./course.mjs";
import { fresh, h } from "./elements.mjs";
import { WIDE } from "./frame.mjs";
import { lorenzChart, moneyChart } from "./shares.mjs";

export function makeCharts(context) {
  const { t, state } = context;
  const against = h("input", { type: "checkbox", id: fresh("against"), onchange: () => anew() });
  const lorenz = lorenzChart({ label: t("lorenz"), unit: t("lorenz_unit") }, t, (value) => context.scene().numbers.percent(value));
  const money = moneyChart({ label: t("money"), unit: t("money_unit") }, t, (value) => context.scene().numbers.decimals(value, 2));
  const more = h("select", { id: fresh("more"), onchange: () => { state.series = more.value; anew(); } });
  const cards = h("div", { class: "sw-charts" }, lorenz.el, money.el);
  const spot = h("div", { class: "sw-spot" });
  const el = h("section", { "aria-label": t("charts") }, h("p", { class: "sw-against" }, h("label", { for: more.id }, t("another_series")), more, h("span", {}, against, h("label", { for: against.id }, t("against")))), cards);
  let [courses, now] = [[], 0];

  /** The charts that are wanted now: one that stays is left alone, with the table that is open behind it. */
  function choose(scene) {
    const { marked } = state; // it outlives these charts: another language has others
    const wanted = scene.chartsWith(marked, state.series);
    const there = (metric) => courses.find((chart) => chart.key === metric.key);
    for (const chart of courses) if (!wanted.some((metric) => metric.key === chart.key)) chart.el.remove();
    courses = wanted.map((metric) => there(metric) || courseChart(metric, t, (value) => context.scene().show(metric.key, value), context.go));
    const alone = marked && el.closest(".sw-page").clientWidth < WIDE; // in one column it stands beside the lesson's words
    const next = { spot: null, cards: lorenz.el };
    for (const { el: card, key } of [...courses].reverse()) {
      card.classList.toggle("sw-marked", key === marked);
      const where = alone && key === marked ? "spot" : "cards";
      const home = where === "spot" ? spot : cards;
      if (card.parentElement !== home || card.nextElementSibling !== next[where]) home.insertBefore(card, next[where]);
      next[where] = card;
    }
  }

  function lay(scene) {
    more.replaceChildren(h("option", { value: "" }, "–"), ...scene.others.map(({ key, label }) => h("option", { value: key }, label)));
    more.value = state.series;
    choose(scene);
    for (const chart of courses) chart.lay(scene, { seen: state.seen, guess: chart.key === scene.main ? state.guess : null, against: against.checked });
    lorenz.lay(scene);
    money.lay(scene);
  }

  function tick(time) {
    now = time;
    for (const chart of [...courses, lorenz, money]) chart.tick(time);
  }

  function anew() {
    lay(context.scene());
    tick(now);
  }

  /** Marks the chart that a lesson speaks of; one that is not always there comes for as long as it does. */
  function mark(key) {
    state.marked = key;
    if (context.scene()) anew();
  }

  return { el, spot, lay, tick, mark };
}
