// One household in both worlds: two lives side by side, what happened, where they part, and how many lived alike.
import { WORLDS } from "./colour.mjs";
import { worded } from "./data.mjs";
import { fresh, h, say, set, svg } from "./elements.mjs";
import { path, span, ticks } from "./marks.mjs";

const LIVES = ["consumption", "own_income"];
const EDGE = { left: 34, right: 12, top: 8, bottom: 20 };

export function makeHousehold(context) {
  const { t, state, post, language } = context;
  const body = h("div", { class: "sw-life" });
  const title = h("h2");
  const place = h("p", { class: "sw-around" });
  const close = h("button", { type: "button", class: "sw-close", "aria-label": t("close"), onclick: () => context.follow(null) }, "×");
  const number = h("input", { id: fresh("household"), type: "number", min: 1, step: 1, onchange: () => number.reportValidity() && number.value !== "" && context.follow(Number(number.value) - 1) });
  const spoken = h("p", { class: "sw-heard", "aria-live": "polite" });
  const el = h("section", { class: "sw-drawer", "aria-label": t("household"), hidden: true, tabindex: "-1" }, h("header", {}, title, h("span", { class: "sw-other" }, h("label", { for: number.id }, t("other_household")), number), close), spoken, body);
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") context.follow(null);
    else if (event.key === "Tab") around(event);
  });
  let [story, cursors, time, from] = [null, [], 0, null];

  /** Tab stays in the drawer: Escape, or its button, leads out of it. */
  function around(event) {
    const stops = [...el.querySelectorAll("input, button, summary, [tabindex='0']")].filter((one) => one.checkVisibility());
    const end = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== end && document.activeElement !== el) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }

  function enter() {
    if (!el.hidden) el.focus();
  }

  /** The drawer closes; a focus that was in it goes back to where it came from. */
  function leave() {
    if (el.contains(document.activeElement)) from?.focus();
    el.hidden = true;
  }

  /** Follows a household; its story comes from the Python side, or with the exported page, or is what the frames tell. */
  function ask(household) {
    story = null;
    if (household === null) return leave();
    if (el.hidden) from = document.activeElement;
    el.hidden = false;
    const kept = context.read("stories")?.[household];
    if (kept) story = kept;
    else post.ask({ kind: "household", number: household }, (answer) => {
      if (answer.number !== state.followed || answer.generation !== context.scene().generation) return;
      story = answer.error ? null : answer;
      lay(context.scene());
    });
    lay(context.scene());
  }

  function lifeChart(scene, key) {
    const layer = scene.layer(key);
    const lines = Object.fromEntries(["none", "a", "b"].map((arm) => [arm, story?.series?.[arm]?.[key] || (arm === "none" ? null : scene.life(arm, key, state.followed))]));
    const shown = Object.entries(lines).filter(([, line]) => line);
    const size = { width: Math.max(Math.min(body.clientWidth * (body.clientWidth > 900 ? 0.25 : 0.5) - 26, 420), 250), height: 116 };
    const [low, high] = span([...shown.map(([, line]) => line), [0, 1.1]]);
    const across = (quarter) => EDGE.left + ((size.width - EDGE.left - EDGE.right) * quarter) / (scene.quarters - 1);
    const down = (value) => size.height - EDGE.bottom - ((size.height - EDGE.top - EDGE.bottom) * (value - low)) / (high - low);
    const root = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, role: "img", "aria-label": `${layer.label}, ${t("lines_unit")}: ${shown.map(([arm, line]) => t("from_to", { name: scene.named(arm), from: scene.numbers.decimals(line[0], 2), to: scene.numbers.decimals(line.at(-1), 2) })).join(", ")}` });
    for (const tick of ticks(low, high, 3)) root.append(svg("line", { x1: EDGE.left, x2: size.width - EDGE.right, y1: down(tick), y2: down(tick), class: "sw-grid" }), svg("text", { x: EDGE.left - 6, y: down(tick) + 4, "text-anchor": "end", class: "sw-tick" }, scene.numbers.plain(tick)));
    root.append(svg("line", { x1: EDGE.left, x2: size.width - EDGE.right, y1: down(1), y2: down(1), class: "sw-poor" }));
    for (let quarter = 0; quarter <= scene.quarters; quarter += 20) root.append(svg("text", { x: across(Math.min(quarter, scene.quarters - 1)), y: size.height - 5, "text-anchor": "middle", class: "sw-tick" }, scene.yearName(quarter)));
    for (const [arm, line] of shown) root.append(svg("path", { d: path(line, across, down), fill: "none", stroke: WORLDS[arm].colour, "stroke-width": arm === "none" ? 1 : 1.75, "stroke-dasharray": WORLDS[arm].dash || null }));
    if (story?.parts) root.append(svg("line", { x1: across(story.parts.quarter), x2: across(story.parts.quarter), y1: EDGE.top, y2: size.height - EDGE.bottom, class: "sw-event" }));
    const cursor = svg("line", { y1: EDGE.top, y2: size.height - EDGE.bottom, class: "sw-cursor" });
    root.append(cursor);
    cursors.push((now) => { set(cursor, "x1", across(now).toFixed(1)); set(cursor, "x2", across(now).toFixed(1)); });
    return h("figure", {}, h("h3", {}, layer.label, h("small", {}, t("lines_unit"))), root);
  }

  /** The same lives as numbers, at the end of each year. */
  function years(scene) {
    const arms = ["a", "b", ...(story?.series?.none ? ["none"] : [])];
    const line = (arm, key) => story?.series?.[arm]?.[key] || scene.life(arm, key, state.followed);
    const lines = LIVES.flatMap((key) => arms.map((arm) => [`${scene.layer(key).label} ${scene.named(arm)}`, line(arm, key)]));
    const ends = Array.from({ length: Math.floor(scene.quarters / 4) }, (_, year) => 4 * year + 3);
    const head = h("tr", {}, h("th", { scope: "col" }, t("year")), lines.map(([name]) => h("th", { scope: "col" }, name)));
    const rows = ends.map((quarter) => h("tr", {}, h("th", { scope: "row" }, scene.yearName(quarter + 1)), lines.map(([, values]) => h("td", {}, scene.numbers.decimals(values[quarter], 2)))));
    return h("details", { class: "sw-more-table" }, h("summary", {}, t("table")), h("div", { class: "sw-scroll", tabindex: "0", role: "region", "aria-label": t("lines_unit") }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows))));
  }

  function told(scene, arm) {
    const letter = arm.toUpperCase();
    const words = (text) => worded(text, language());
    const why = story.why?.[arm];
    const events = story.events?.[arm] || [];
    return h("div", { class: "sw-told" },
      h("h3", {}, h("i", { class: `sw-mark sw-${arm}` }, letter), scene.policy(arm)),
      why ? h("p", {}, words(why.text)) : null,
      events.length ? h("ol", { class: "sw-happened", tabindex: "0", "aria-label": t("happened", { arm: letter }) }, events.map((event) => h("li", {}, h("span", { title: scene.quarterName(event.quarter) }, t("when_short", { year: Math.floor(event.quarter / 4), quarter: (event.quarter % 4) + 1 })), words(event.text)))) : h("p", { class: "sw-note" }, t("nothing")),
    );
  }

  function lay(scene) {
    if (!scene || state.followed === null) return leave();
    el.hidden = false;
    cursors = [];
    const household = state.followed;
    number.max = String(scene.households);
    if (!number.matches(":focus")) number.value = String(household + 1); // what is being typed stays
    const people = scene.payload.households;
    const home = t("household_n", { n: household + 1, village: scene.village(scene.villageOf(household)) });
    title.replaceChildren(story?.name ? `${story.name}, ${home.charAt(0).toLowerCase()}${home.slice(1)}` : home, " ", h("small", {}, t("people", { size: people.size[household], activity: t(`activity_${people.activity[household]}`), schooling: people.schooling[household] })));
    if (story || !post.able) say(spoken, title.textContent);
    const words = (text) => worded(text, language());
    const parts = story ? h("p", { class: "sw-parts" }, story.parts ? h("b", {}, t("parts", { when: scene.quarterName(story.parts.quarter) }), " ") : t("same_life"), story.parts ? words(story.parts.text) : "") : null;
    body.replaceChildren(
      h("div", { class: "sw-lives" }, LIVES.map((key) => lifeChart(scene, key)), years(scene), parts, story?.alike ? h("p", {}, words(story.alike.text)) : null, h("p", { class: "sw-twin" }, t("no_twin"), " ", t("amounts")), place),
      ...(story ? ["a", "b"].map((arm) => told(scene, arm)) : [h("p", { class: "sw-note" }, t(post.able ? "story_comes" : "story_missing"))]));
    tick(time);
  }

  /** What its village is like at the moment, in both worlds. */
  function surroundings(scene) {
    const now = scene.villageNow(scene.villageOf(state.followed), Math.floor(time)).map(({ label, a, b }) => (a === b ? `${label} ${a}` : `${label} A ${a}, B ${b}`));
    say(place, t("around", { now: now.join(" · ") }));
  }

  function tick(now) {
    time = now;
    if (!el.hidden && state.followed !== null) surroundings(context.scene());
    if (!el.hidden) for (const cursor of cursors) cursor(now);
  }

  return { el, ask, enter, lay, tick };
}
