// The evidence: what the model was held against and with what verdict; published results, and what comes out here and now.
import { numbering, worded } from "./data.mjs";
import { makeDialog } from "./dialog.mjs";
import { h } from "./elements.mjs";

export function makeEvidence(context) {
  const { t, post, language } = context;
  const { el, body, open: show, tell } = makeDialog(t, t("evidence"), "evidence");
  const result = h("div", { class: "sw-result" });
  let names = {};

  /** A table; on a phone its rows are stacked, each cell after the name of its column. */
  function grid(label, head, rows) {
    for (const row of rows) [...row.children].forEach((cell, place) => cell.setAttribute("data-of", t(head[place])));
    return h("div", { class: "sw-scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", {}, h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, rows)));
  }

  const said = (text) => worded(text, language());
  const tone = (verdict) => ({ PASS: "pass", FAIL: "fail" })[verdict] || "open";

  function scorecard(rows) {
    const body = rows.map((row) => h("tr", {}, h("th", { scope: "row" }, `${row.study} ${said(row.outcome)}`, h("small", {}, `${t(row.variant)}, ${t(row.deciding ? "deciding" : "beside")}`)), h("td", {}, h("b", { class: `sw-verdict-${tone(row.verdict)}` }, said(row.said)))));
    return grid(t("scorecard"), ["outcome", "verdict"], body);
  }

  /** A published result: what was printed, and beside it what was obtained. */
  function obtained(answer) {
    if (answer.error) return tell(worded(answer.error, language()));
    tell(answer.done ? worded(answer.text, language()) : ""); // heard; it is read beside the table
    const { plain } = numbering(language());
    const shown = (value) => plain(value, Math.abs(value) >= 1 ? 2 : 4);
    const range = (one) => (one.low === null ? null : h("small", {}, `${shown(one.low)} – ${shown(one.high)}`));
    const printed = (one) => [one.named ? said(one.named) : shown(one.expected), range(one)];
    const figure = (value) => (Number.isFinite(value) ? shown(value) : said(value) || "–");
    const cells = { // what stands in a column, by the key of its head
      expected: printed, small_run: printed, found_here: printed,
      observed: (one) => figure(one.observed),
      obtained: (one) => figure(one.obtained),
      verdict: (one) => (one.verdict ? t(`verdict_${one.verdict}`) : "–"),
    };
    const row = (one) => h("tr", {}, h("th", { scope: "row" }, [one.told.table, one.told.what].map(said).filter(Boolean).join(" · "), h("small", {}, [said(one.told.part), one.quarter >= 0 ? t("year_n", { n: plain(one.quarter / 4) }) : "", said(one.told.unit)].filter(Boolean).join(", "))), h("td", {}, said(one.told.arm)), answer.columns.map((column) => h("td", {}, cells[column](one))));
    const name = h("h3", { tabindex: "-1" }, names[answer.published]);
    const first = !result.childElementCount;
    const notes = [worded(answer.text, language()), said(answer.cut)].filter(Boolean).map((text) => h("p", { class: "sw-note" }, text));
    result.replaceChildren(name, ...notes, grid(names[answer.published], ["outcome", "arm", ...answer.columns], answer.rows.map(row)));
    if (!first) return;
    name.focus({ preventScroll: true });
    name.scrollIntoView({ block: "start" }); // what was asked for stands below all that can be asked for
  }

  function lay() {
    const given = context.read("evidence");
    if (!given) return;
    const deciding = given.scorecard.filter((row) => row.deciding);
    const count = (verdict) => deciding.filter((row) => row.verdict === verdict).length;
    names = Object.fromEntries(given.published.map((one) => [one.name, said(one.title)]));
    const open = (name) => {
      result.replaceChildren();
      tell(t("open_comes", { name: names[name] }));
      post.ask({ kind: "open", published: name }, obtained);
    };
    const list = given.published.map((one) => h("li", {}, h("button", { type: "button", onclick: () => open(one.name) }, h("b", {}, names[one.name]), h("small", {}, `${said(one.kind)} · ${one.name}`))));
    body.replaceChildren(
      h("p", {}, t("evidence_lead", { n: count("PASS"), star: count("PASS*"), fails: deciding.length - count("PASS") - count("PASS*"), of: deciding.length })),
      h("ul", { class: "sw-warnings" }, given.warnings.map((warning) => h("li", {}, said(warning)))),
      h("details", {}, h("summary", {}, t("scorecard", { n: given.scorecard.length })), scorecard(given.scorecard)),
      ...(post.able ? [h("h3", {}, t("published")), h("p", { class: "sw-note" }, t("published_note")), h("ul", { class: "sw-published" }, list), result] : []));
  }

  return { el, open: () => { lay(); show(); }, there: () => Boolean(context.read("evidence")) };
}
