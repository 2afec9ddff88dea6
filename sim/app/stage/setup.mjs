// The set-up: place, the two policies, and every number of the model. A change asks for a new run and nothing else.
import { called, numbering, worded } from "./data.mjs";
import { fresh, h, say } from "./elements.mjs";
import { choiceField, rangeField, switchField } from "./fields.mjs";
import { places } from "./marks.mjs";

const LARGEST = 2e6; // bytes of a file of the reader's own that are sent at all; the Python side has the limits

export function makeSetup(context) {
  const { t, post, language, live } = context;
  const form = h("form", { class: "sw-controls", "aria-label": t("setup"), onsubmit: (event) => event.preventDefault() });
  const unknown = h("p", { class: "sw-unknown", role: "alert", hidden: true });
  const el = h("div", { class: "sw-setup" }, live ? form : h("div", {}, h("p", { class: "sw-note" }, t("file_note")), form));
  const lang = () => language();
  let [shape, fields] = ["", {}];
  const open = new Set();

  const ask = (values) => context.change({ kind: "settings", values });

  function front(given) {
    const policies = given.policies.map((policy) => ({ value: policy.name, label: called(policy.label, lang()) }));
    const place = given.places.find((one) => one.name === given.values.place);
    const about = (name) => {
      const policy = given.policies.find((one) => one.name === name);
      if (!policy) return [];
      const told = (key) => worded(policy[key], lang());
      return [told("meaning"), ...["decides", "loses_when"].filter(told).map((key) => `${t(key)}: ${told(key)}`)];
    };
    fields.place = choiceField({ label: t("place"), name: t("about_place"), about: [place && worded(place.question, lang()), place && worded(place.note, lang())] }, given.places.map((one) => ({ value: one.name, label: worded(one.title, lang()) })), given.values.place, (value) => ask({ place: value }));
    for (const arm of ["a", "b"]) fields[arm] = choiceField({ label: t("policy"), mark: arm, name: t("about_policy", { arm: arm.toUpperCase() }), about: about(given.values[arm]) }, policies, given.values[arm], (value) => ask({ [arm]: value }));
    return ["place", "a", "b"].map((key) => fields[key].el);
  }

  /** How a value is read beside its slider: a share in percent, a quarter as its year, else a number with a short unit. */
  function reading(control, numbers) {
    const unit = worded(control.unit_words, lang());
    if (control.unit === "quarter") return (value) => t("year_n", { n: numbers.plain(value / 4) });
    if (control.unit === "share") return (value) => numbers.percent(value);
    const short = /^z\b/.test(unit) ? " z" : unit.length && unit.length <= 9 ? ` ${unit}` : "";
    return (value) => `${numbers.decimals(value, control.kind === "number" ? places(control.step) : 0)}${short}`;
  }

  /** Its range in the unit that its slider has; a unit that is too long to stand beside a slider is told here. */
  function range(control, numbers) {
    const written = ["quarter", "share"].includes(control.unit) ? reading(control, numbers) : (value) => numbers.plain(value, 4);
    const unit = ["quarter", "share"].includes(control.unit) ? "" : worded(control.unit_words, lang());
    return `${written(control.low)} – ${written(control.high)} ${unit}`.trim();
  }

  function one(control, prefix, value, numbers) {
    const key = `${prefix}${control.key}`;
    const label = worded(control.label, lang()) || control.key;
    const waited = control.needs && context.read("form").controls.find((other) => other.key === control.needs);
    const waits = waited ? worded(waited.label, lang()) : control.key === "facilitation_end" ? t("facilitators") : null;
    const about = [control.remark && worded(control.remark, lang()), waits && t("waits", { label: waits }), worded(control.definition, lang()), control.source && `${t("source_said")}: ${worded(control.source, lang())}`, `${t("range")}: ${range(control, numbers)}`, control.slow ? t("slow") : null];
    const spec = { ...control, label, about, name: t("about", { label }), shown: reading(control, numbers) };
    fields[key] = control.kind === "switch" ? switchField(spec, value, (next) => ask({ [key]: next })) : rangeField(spec, value, (next) => ask({ [key]: next }));
    fields[key].own = control.default;
    return fields[key].el;
  }

  function folded(name, title, rows) {
    const details = h("details", { class: "sw-group", open: open.has(name), ontoggle: () => (details.open ? open.add(name) : open.delete(name)) }, h("summary", {}, title), rows);
    return details;
  }

  function luck(given, numbers) {
    const dice = h("button", { type: "button", onclick: () => ask({ luck: given.luck.low + Math.floor(Math.random() * Math.min(given.luck.high - given.luck.low + 1, 9999)) }) }, t("dice"));
    const number = h("input", { type: "number", id: fresh("luck"), min: given.luck.low, max: given.luck.high, step: 1, onchange: () => number.reportValidity() && number.value !== "" && ask({ luck: Number(number.value) }) });
    number.value = String(given.values.luck);
    fields.luck = { show: (next) => (number.value = String(next)) };
    const row = h("div", { class: "sw-field" }, h("div", { class: "sw-field-head" }, h("label", { for: number.id }, t("luck"))), h("div", { class: "sw-luck" }, number, dice));
    const spec = { label: t("set"), name: t("about", { label: t("set") }), about: [t("set_about")], shown: (value) => numbers.plain(value), low: given.set.low, high: given.set.high, step: 1 };
    fields.set = rangeField(spec, given.values.set, (next) => ask({ set: next ?? 0 }));
    return [row, fields.set.el];
  }

  /** A scenario or a survey of the reader's own; the Python side checks it. */
  function upload() {
    const input = h("input", { type: "file", id: fresh("upload"), accept: ".toml,.csv", onchange: () => input.files[0] && send(input.files[0]) });
    const send = async (file) => {
      const refuse = (sentence) => { say(unknown, sentence); unknown.hidden = false; input.value = ""; };
      if (file.size > LARGEST) return refuse(t("too_large", { name: file.name }));
      post.ask({ kind: "upload", what: /\.csv$/i.test(file.name) ? "survey" : "scenario", name: file.name, text: await file.text() }, (answer) => answer.error && refuse(worded(answer.error, lang())));
    };
    return h("div", { class: "sw-field sw-upload" }, h("label", { for: input.id }, t("own_place")), input, h("label", { class: "sw-file", for: input.id }, t("choose_file")), h("p", { class: "sw-note" }, t("own_place_note")));
  }

  function lay() {
    const given = context.read("form");
    if (!given) return;
    const said = (given.unknown || []).map((sentence) => worded(sentence, lang()));
    say(unknown, said.length ? `${t("unknown")} ${said.join(" ")}` : "");
    unknown.hidden = !said.length;
    const next = [given.places.length, given.values.place, given.values.a, given.values.b, lang()].join("|");
    if (next !== shape) make(given);
    shape = next;
    for (const [key, field] of Object.entries(fields)) {
      field.show(given.values[key] ?? field.own);
      field.el?.classList.toggle("sw-changed", (given.changed || []).includes(key));
      if (live) for (const input of field.el?.querySelectorAll("input") || []) input.disabled = (given.idle || []).includes(key);
    }
  }

  /** All fields anew: for another place, other policies, another language. */
  function make(given) {
    const focused = form.contains(document.activeElement) ? Object.keys(fields).find((key) => fields[key].el?.contains(document.activeElement)) : null;
    fields = {};
    const numbers = numbering(lang());
    const value = (control, prefix = "") => given.values[`${prefix}${control.key}`] ?? control.default;
    const own = ["a", "b"].map((arm) => [arm, given.policies.find((policy) => policy.name === given.values[arm])?.settings || []]);
    const rows = (id) => given.controls.filter((control) => !control.front && control.group === id).map((control) => one(control, "", value(control), numbers));
    form.replaceChildren(
      ...front(given),
      ...given.controls.filter((control) => control.front).map((control) => one(control, "", value(control), numbers)),
      ...luck(given, numbers),
      h("details", { class: "sw-more", open: open.has("more"), ontoggle: (event) => event.target === event.currentTarget && (event.target.open ? open.add("more") : open.delete("more")) },
        h("summary", {}, t("more", { n: given.controls.filter((control) => !control.front).length })),
        own.filter(([, settings]) => settings.length).map(([arm, settings]) => folded(`policy-${arm}`, t("numbers_of", { arm: arm.toUpperCase() }), settings.map((control) => one(control, `${arm}.`, value(control, `${arm}.`), numbers)))),
        given.groups.map((group) => [group, rows(group.id)]).filter(([, found]) => found.length).map(([group, found]) => folded(group.id, worded(group.label, lang()), found))),
      ...(live ? [upload()] : []),
      h("button", { type: "button", class: "sw-quiet", onclick: () => context.change({ kind: "reset" }) }, t("reset")));
    if (focused) fields[focused]?.el.querySelector("select, input").focus();
    if (!live) for (const input of form.querySelectorAll("input, select, button:not(.sw-info)")) input.disabled = true;
  }

  lay();
  return { el, unknown, lay };
}
