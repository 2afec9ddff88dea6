// To pass it on: the address, the code, how to make the same numbers without the page, files, and whether they are the same.
import { worded } from "./data.mjs";
import { makeDialog } from "./dialog.mjs";
import { fresh, h } from "./elements.mjs";

const FILES = ["html", "csv", "households", "png", "svg", "scenario"];

export function makeShare(context) {
  const { t, post, state, language, live } = context;
  const { el, body, open: show, tell } = makeDialog(t, t("share"), "share");

  /** A field to select, and a button that copies where the browser lets it. */
  function copied(label, text, rows = 1) {
    const field = rows > 1 ? h("textarea", { id: fresh("copy"), readonly: true, rows, spellcheck: "false" }) : h("input", { id: fresh("copy"), type: "text", readonly: true });
    field.value = text;
    field.addEventListener("focus", () => field.select());
    const copy = async () => {
      try {
        if (!navigator.clipboard) throw new Error("no clipboard");
        await navigator.clipboard.writeText(field.value);
        tell(t("copied", { label }));
      } catch {
        field.focus();
        field.select();
        tell(t("copy_by_hand"));
      }
    };
    return h("div", { class: "sw-copy" }, h("label", { for: field.id }, label), field, h("button", { type: "button", onclick: copy, "aria-label": `${t("copy")}: ${label}` }, t("copy")));
  }

  function download(what) {
    tell(t("download_comes"));
    post.ask({ kind: "download", what, lang: language(), metric: context.scene()?.main, stories: state.followed === null ? [] : [state.followed] }, (answer, buffers) => {
      if (answer.error) return tell(worded(answer.error, language()));
      const url = URL.createObjectURL(new Blob(buffers, { type: answer.mime }));
      const link = h("a", { href: url, download: answer.name });
      el.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      tell(t("downloaded", { name: answer.name }));
    });
  }

  function lay() {
    const share = context.read("share");
    if (!share) return;
    const chosen = state.chosen ? `&lang=${state.chosen}` : "";
    if (live && share.query) {
      const query = `?${share.query}${chosen}`;
      if (window.location.search !== query) history.replaceState(history.state, "", `${window.location.pathname}${query}${window.location.hash}`);
    }
    const address = live ? new URL(`${share.address}${chosen}`, window.location.href).href : "";
    const verdict = share.expected ? h("p", { class: `sw-same sw-same-${share.same}` }, t(share.same ? "verified" : share.same === false ? "differs" : "not_known", { expected: share.expected, digest: (share.digest || "").slice(0, 12) })) : null;
    body.replaceChildren(
      ...[verdict, share.own ? h("p", { class: "sw-note" }, t("own_link")) : null, address ? copied(t("address"), address) : null, copied(t("code"), share.code || ""), share.shell ? copied(t("shell"), share.shell) : null, share.python ? copied(t("python"), share.python, Math.min(share.python.split("\n").length + 1, 8)) : null, h("p", { class: "sw-digest" }, t("digest"), " ", h("code", {}, share.digest || ""))].filter(Boolean),
      ...(post.able ? [h("h3", {}, t("downloads")), h("div", { class: "sw-buttons" }, FILES.map((what) => h("button", { type: "button", "data-what": what, onclick: () => download(what) }, t(`file_${what}`))))] : []));
  }

  function open() {
    lay();
    show();
  }

  lay();
  return { el, open, lay };
}
