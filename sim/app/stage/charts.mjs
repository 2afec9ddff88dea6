// The charts under the clock, all on the same time.
import { courseChart } from "./course.mjs";
import { h } from "./elements.mjs";
import { lorenzChart, moneyChart } from "./shares.mjs";

export function makeCharts(context) {
  const { t, state } = context;
  const el = h("section", { class: "sw-charts", "aria-label": t("charts") });
  let [made, language] = [null, null];

  function make(scene) {
    const { numbers } = scene;
    const courses = scene.charts.map((metric) => courseChart(metric, t, (value) => scene.show(metric.key, value)));
    const lorenz = lorenzChart({ label: t("lorenz"), unit: t("lorenz_unit") }, t, numbers.percent);
    const money = moneyChart({ label: t("money"), unit: t("money_unit") }, t, (value) => numbers.decimals(value, 2));
    made = { courses, lorenz, money };
    el.replaceChildren(...courses.map((chart) => chart.el), lorenz.el, money.el);
  }

  function lay(scene) {
    if (!made || language !== scene.language) make(scene);
    language = scene.language;
    made.courses.forEach((chart, place) => chart.lay(scene, { seen: state.seen, guess: place === 0 ? state.guess : null }));
    made.lorenz.lay(scene);
    made.money.lay(scene);
  }

  function tick(time) {
    if (!made) return;
    for (const chart of [...made.courses, made.lorenz, made.money]) chart.tick(time);
  }

  return { el, lay, tick };
}
