// The frame of the page: its head with the three steps, the set-up at the side, the stage itself.
import { h } from "./elements.mjs";

const PHASES = ["guess", "watch", "explain"];
export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" };
export const WIDE = 960; // pixels from which the set-up stands beside the stage

function languageChoice({ t, language, speak }) {
  const select = h("select", { "aria-label": t("language"), onchange: () => speak(select.value) }, Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code }, name)));
  select.value = language();
  return select;
}

/** Scrolls to what was asked for, where none of it is in view. */
function seen(el) {
  if (el.getBoundingClientRect().top > window.innerHeight - 80) el.scrollIntoView({ block: "start" });
}

/** Puts the parts of the stage in their places, the set-up open or not. Returns the elements that change later. */
export function makeFrame(context, parts, open) {
  const { t, turn, language, live } = context; // a served page has its main around all of this
  const steps = PHASES.map((phase, place) => h("button", { type: "button", "data-phase": phase, onclick: () => { turn(phase); if (phase === "explain") seen(parts.explain.el); } }, `${place + 1} ${t(phase)}`));
  const evidence = parts.evidence.there() ? h("button", { type: "button", onclick: () => parts.evidence.open() }, t("evidence")) : null;
  const share = h("button", { type: "button", onclick: () => parts.share.open() }, t("share"));
  const tongue = languageChoice(context);
  const top = h("header", { class: "sw-top" }, h("h1", {}, "Swadaya", " ", h("small", {}, t("subtitle"))), h("ol", { class: "sw-steps", "aria-label": t("steps") }, steps.map((step) => h("li", {}, step))), h("div", { class: "sw-tools" }, evidence, share, tongue));
  const side = h("details", { class: "sw-side", open }, h("summary", {}, t("side")), parts.lessons.tabs, parts.setup.el, parts.lessons.el);
  const main = h(live ? "div" : "main", { class: "sw-main" }, parts.setup.unknown, parts.charts.spot, ["guess", "headline", "maps", "clock", "explain", "charts"].map((name) => parts[name].el), h("p", { class: "sw-caveat" }, t("caveat")));
  const status = h("p", { class: "sw-status", role: "status" });
  const root = h("div", { class: "sw-stage", lang: language() }, h("div", { class: "sw-page" }, top, h("div", { class: "sw-body" }, side, main)), status, parts.maps.tip, parts.household.el, parts.share.el, parts.evidence.el);
  return { root, main, side, steps, status, tongue };
}
