// A dialog with a heading and a way out.
import { fresh, h, say } from "./elements.mjs";

/** A native dialog: Escape closes it, and so does a click beside it. */
export function makeDialog(t, title, kind) {
  const name = fresh("dialog");
  const body = h("div", { class: "sw-dialog-body" });
  const said = h("p", { class: "sw-note", role: "status" });
  const shut = () => el.close();
  const el = h("dialog", { class: `sw-dialog sw-dialog-${kind}`, "aria-labelledby": name, onclick: (event) => event.target === el && shut() }, h("header", {}, h("h2", { id: name }, title), h("button", { type: "button", class: "sw-close", "aria-label": t("close"), onclick: shut }, "×")), body, said);
  return { el, body, open: () => { say(said, ""); el.showModal(); }, tell: (text) => say(said, text) };
}
