// The charts under the clock, all on the same time.
import { courseChart } from "./course.mjs";
import { fresh, h } from "./elements.mjs";
import { lorenzChart, moneyChart } from "./shares.mjs";

export function makeCharts(context) {
  const { t, state } = context;
  const cards = h("div", { class: "sw-charts" });
  const against = h("input", { type: "checkbox", id: fresh("against"), onchange: () => { lay(context.scene()); tick(now); } });
  const el = h("section", { "aria-label": t("charts") }, h("p", { class: "sw-against" }, against, h("label", { for: against.id }, t("against"))), cards);
  let now = 0;
  let [made, language, marked] = [null, null, null];

  function make(scene) {
    const { numbers } = scene;
    const courses = scene.chartsWith(marked).map((metric) => courseChart(metric, t, (value) => scene.show(metric.key, value), context.go));
    const lorenz = lorenzChart({ label: t("lorenz"), unit: t("lorenz_unit") }, t, numbers.percent);
    const money = moneyChart({ label: t("money"), unit: t("money_unit") }, t, (value) => numbers.decimals(value, 2));
    made = { courses, lorenz, money };
    for (const chart of courses) chart.el.classList.toggle("sw-marked", chart.key === marked);
    cards.replaceChildren(...courses.map((chart) => chart.el), lorenz.el, money.el);
  }

  function lay(scene) {
    if (!made || language !== scene.language) make(scene);
    language = scene.language;
    made.courses.forEach((chart, place) => chart.lay(scene, { seen: state.seen, guess: place === 0 ? state.guess : null, against: against.checked }));
    made.lorenz.lay(scene);
    made.money.lay(scene);
  }

  function tick(time) {
    now = time;
    if (!made) return;
    for (const chart of [...made.courses, made.lorenz, made.money]) chart.tick(time);
  }

  /** Marks the chart that a lesson speaks of; one that is not always there comes for as long as it does. */
  function mark(key) {
    marked = key;
    if (!made) return;
    make(context.scene());
    lay(context.scene());
    tick(now);
  }

  return { el, lay, tick, mark };
}
