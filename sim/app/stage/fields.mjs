// Fields of the set-up: native elements with labels, built from what is said of each number.
import { fresh, h, say, set } from "./elements.mjs";

/** Label and value above the input; behind a button what it is and where its number comes from. */
function framed(kind, label, input, { output, mark, about, name } = {}) {
  input.id = fresh(kind);
  const letter = mark ? [" ", h("i", { class: `sw-mark sw-${mark}` }, mark.toUpperCase())] : null;
  const told = (about || []).filter(Boolean);
  const text = h("div", { class: "sw-about", id: fresh("about"), hidden: true }, told.map((one) => h("p", {}, one)));
  const toggle = () => {
    text.hidden = !text.hidden;
    set(button, "aria-expanded", String(!text.hidden));
  };
  const button = h("button", { type: "button", class: "sw-info", "aria-label": name, "aria-expanded": "false", "aria-controls": text.id, onclick: toggle }, "i");
  return h("div", { class: `sw-field sw-field-${kind}` }, h("div", { class: "sw-field-head" }, h("label", { for: input.id }, label, letter), output, told.length ? button : null), input, told.length ? text : null);
}

/** One of several. */
export function choiceField({ label, mark, about, name }, options, value, changed) {
  const select = h("select", { onchange: () => changed(select.value) }, options.map((option) => h("option", { value: option.value }, option.label)));
  select.value = String(value);
  return { el: framed("choice", label, select, { mark, about, name }), show: (next) => (select.value = String(next)), value: () => select.value };
}

/** A number on a slider; a double click, or the key Delete, puts it back to the place's own. */
export function rangeField({ label, about, name, shown, low, high, step }, value, changed) {
  const output = h("output", { "aria-live": "off" }); // the slider says it itself
  const tell = () => {
    const text = shown(Number(input.value));
    say(output, text);
    set(input, "aria-valuetext", text);
  };
  const input = h("input", { type: "range", min: low, max: high, step, oninput: tell, onchange: () => changed(Number(input.value)) });
  const show = (next) => { input.value = String(next); tell(); };
  const el = framed("range", label, input, { output, about, name });
  const own = () => changed(null);
  input.addEventListener("dblclick", own);
  input.addEventListener("keydown", (event) => event.key === "Delete" && own());
  output.setAttribute("for", input.id);
  show(value);
  return { el, show };
}

/** On or off. */
export function switchField({ label, about, name }, value, changed) {
  const input = h("input", { type: "checkbox", role: "switch", checked: Boolean(value), onchange: () => changed(input.checked ? 1 : 0) });
  return { el: framed("switch", label, input, { about, name }), show: (next) => (input.checked = Boolean(next)) };
}
