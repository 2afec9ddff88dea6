// Four lessons: bet, watch, switch off, carry it over, and what this cannot tell.
import { worded } from "./data.mjs";
import { h } from "./elements.mjs";

const KEPT = "swadaya-lesson"; // under which a tab remembers the step at which its reader is

/** What a page that is loaded again takes up of its lesson; one that is opened anew has none. */
export function resumed(given) {
  if (performance.getEntriesByType("navigation")[0]?.type !== "reload") sessionStorage.removeItem(KEPT);
  const lesson = JSON.parse(sessionStorage.getItem(KEPT));
  const step = lesson && given?.find((one) => one.id === lesson.id)?.steps[lesson.place];
  return step ? { lesson, side: "lessons", marked: step.metric || null, replay: step.kind !== "bet" } : {};
}

export function makeLessons(context) {
  const { t, state, language, live } = context;
  const tab = (side) => h("button", { type: "button", role: "tab", "data-side": side, onclick: () => show(side), onkeydown: (event) => event.key.startsWith("Arrow") && beside(event, side) }, t(side));
  const tabs = h("div", { class: "sw-tabs", role: "tablist", "aria-label": t("side") }, tab("setup"), tab("lessons"));
  const el = h("section", { class: "sw-lessons", "aria-label": t("lessons") });
  const words = (text) => worded(text, language());
  let given = [];

  function show(side) {
    state.side = side;
    dress();
  }

  /** The arrow keys go from tab to tab. */
  function beside(event, side) {
    event.preventDefault();
    show(side === "setup" ? "lessons" : "setup");
    tabs.querySelector('[aria-selected="true"]').focus();
  }

  function dress() {
    for (const button of tabs.children) for (const [name, value] of [["aria-selected", button.dataset.side === state.side], ["tabindex", button.dataset.side === state.side ? 0 : -1]]) button.setAttribute(name, String(value));
    el.hidden = state.side !== "lessons";
    const setup = tabs.parentElement?.querySelector(".sw-setup");
    if (setup) setup.hidden = state.side !== "setup";
  }

  /** Where the reader is now. */
  function reach(lesson) {
    state.lesson = lesson;
    if (live) sessionStorage.setItem(KEPT, JSON.stringify(lesson));
  }

  function list() {
    el.replaceChildren(h("p", { class: "sw-note" }, t("lessons_note")), h("ol", { class: "sw-lesson-list" }, given.map((lesson) => h("li", {}, h("button", { type: "button", onclick: () => go(lesson.id, 0) }, h("b", {}, words(lesson.title)), h("span", {}, words(lesson.misconception)))))));
  }

  /** Opens a step; what it sets is set by the Python side, which knows the lesson. */
  function go(id, place) {
    const lesson = given.find((one) => one.id === id);
    const step = lesson.steps[place];
    const before = state.lesson && state.lesson.id === id ? state.lesson.place : -1;
    const anew = step.settings && step.settings !== lesson.steps[before]?.settings;
    reach({ id, place });
    if (anew) {
      state.replay = step.kind !== "bet";
      context.change({ kind: "lesson", id, step: step.id });
    }
    if (step.kind === "bet") before < 0 ? context.refresh() : context.turn("guess");
    if (step.kind === "watch" && !anew && place > before) context.replay();
    context.mark(step.metric || null);
    page(lesson, place);
    el.querySelector("h2").focus();
  }

  /** The stage went on, or back to the bet, by itself: the lesson goes along. */
  function along(phase) {
    const lesson = state.lesson && given.find((one) => one.id === state.lesson.id);
    const [from, to] = phase === "guess" ? ["watch", "bet"] : ["bet", "watch"];
    if (!lesson || lesson.steps[state.lesson.place].kind !== from) return;
    reach({ id: lesson.id, place: lesson.steps.findIndex((step) => step.kind === to) });
    context.mark(lesson.steps[state.lesson.place].metric || null);
    page(lesson, state.lesson.place);
  }

  /** What leads to a step. */
  const onward = (step) => (step.name ? words(step.name) : t(`to_${step.kind}`));

  /** One answer to what a step asks: shown to whoever has thought of one. */
  const answer = (step) => (step.answer ? h("details", { class: "sw-answer" }, h("summary", {}, t("answer")), h("p", {}, words(step.answer))) : null);

  function page(lesson, place) {
    const step = lesson.steps[place];
    const dots = h("ol", { class: "sw-dots", "aria-label": t("steps") }, lesson.steps.map((one, i) => h("li", i === place ? { "aria-current": "step" } : {}, one.name ? words(one.name) : t(`step_${one.kind}`))));
    const back = h("button", { type: "button", disabled: place === 0, onclick: () => go(lesson.id, place - 1) }, t("back"));
    const next = place + 1 < lesson.steps.length ? h("button", { type: "button", class: "sw-primary", onclick: () => go(lesson.id, place + 1) }, onward(lesson.steps[place + 1])) : h("button", { type: "button", class: "sw-primary", onclick: leave }, t("lesson_done"));
    el.replaceChildren(h("button", { type: "button", class: "sw-quiet", onclick: leave }, t("all_lessons")), h("h2", { tabindex: "-1" }, words(lesson.title)), dots, ...[h("p", { class: `sw-step-text sw-step-${step.kind}` }, words(step.text)), answer(step), h("div", { class: "sw-buttons" }, back, next)].filter(Boolean));
  }

  /** Back to the list, where this lesson is. */
  function leave() {
    const place = given.findIndex((one) => one.id === state.lesson.id);
    reach(null);
    context.mark(null);
    list();
    el.querySelectorAll("li button")[place].focus();
  }

  function lay() {
    given = context.read("lessons") || [];
    tabs.hidden = !given.length || !live;
    const lesson = state.lesson && given.find((one) => one.id === state.lesson.id);
    if (lesson) page(lesson, state.lesson.place);
    else list();
    dress();
  }

  lay();
  return { el, tabs, lay, dress, along };
}
