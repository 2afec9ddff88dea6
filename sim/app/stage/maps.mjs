// The twin villages: the same households in the same places, side by side.
import { fresh, h, say } from "./elements.mjs";
import { glyph, layerKey, villageMap } from "./villages.mjs";

const LOW = 0.26; // of the window's height: maps, clock and a row of charts are seen at once

/** A small picture of an institution for the key. */
function picture(kind) {
  const canvas = h("canvas", { width: 22, height: 22, "aria-hidden": "true" });
  const pen = canvas.getContext("2d");
  glyph(pen, kind, 1, 1, 20, 0.5);
  return canvas;
}

export function makeMaps(context) {
  const { t, state } = context;
  const layers = h("select", { id: fresh("layer"), onchange: () => { state.layer = layers.value; dress(); } });
  const key = h("div", { class: "sw-key" });
  const kinds = h("ul", { class: "sw-kinds", "aria-label": t("institutions") });
  const hover = h("p", { class: "sw-hover" }, t("follow_hint"));
  const tip = h("div", { class: "sw-tip", hidden: true, "aria-hidden": "true" });
  const worlds = ["a", "b"].map((arm) => {
    const name = h("span", { class: "sw-name" });
    const map = villageMap(t("map_of", { arm: arm.toUpperCase() }));
    const el = h("figure", { class: "sw-world", "data-arm": arm }, h("h2", {}, h("i", { class: `sw-mark sw-${arm}` }, arm.toUpperCase()), name), map.canvas);
    map.canvas.addEventListener("click", (event) => { const found = map.under(event); if (found !== null) context.follow(found); });
    map.canvas.addEventListener("pointermove", (event) => tell(map.under(event), map.village(event), event));
    map.canvas.addEventListener("pointerleave", () => tell(null, null));
    map.canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") return context.enter();
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      context.follow(map.beside(state.followed, event.key));
    });
    return { arm, el, name, map };
  });
  const el = h("section", { class: "sw-worlds", "aria-label": t("worlds") }, worlds.map((world) => world.el), h("div", { class: "sw-maps-foot" }, h("span", { class: "sw-layer" }, h("label", { for: layers.id }, t("colour_by")), layers), key, hover, kinds));
  let [time, shown] = [0, [null, null]];

  /** Who is under the pointer, a household or a whole village, and how they stand in both worlds. */
  function tell(household, village, event) {
    shown = [household, village];
    const scene = context.scene();
    tip.hidden = !scene || (household === null && village === null);
    if (tip.hidden) return;
    const quarter = Math.floor(time);
    if (household !== null) {
      const layer = scene.layer(state.layer);
      const [a, b] = ["a", "b"].map((arm) => scene.value(layer, scene.code(arm, layer.id, quarter, household)));
      say(tip, t("hover", { household: household + 1, village: scene.village(scene.villageOf(household)), a, b }));
    } else {
      const row = ({ label, a, b }) => h("tr", {}, h("th", {}, label), h("td", {}, a), h("td", {}, b));
      tip.replaceChildren(h("table", {}, h("thead", {}, row({ label: scene.village(village), a: "A", b: "B" })), h("tbody", {}, scene.villageNow(village, quarter).map(row))));
    }
    if (!event) return;
    const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const top = Math.min(event.clientY + 18, window.innerHeight - tip.offsetHeight - 8);
    tip.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
  }

  function lay(scene) {
    layers.replaceChildren(...scene.layers.map((layer) => h("option", { value: layer.id }, layer.label)));
    layers.value = state.layer;
    kinds.replaceChildren(...scene.institutions.map((kind) => h("li", {}, picture(kind.key), kind.label)), h("li", {}, h("i", { class: "sw-help" }), t("help")));
    const tall = el.clientWidth < 560 ? 320 : Math.min(Math.max(window.innerHeight * LOW, 180), 262);
    for (const { arm, name, map } of worlds) {
      say(name, scene.policy(arm));
      map.lay(scene, arm, scene.layer(state.layer), tall);
    }
    key.replaceChildren(layerKey(scene, scene.layer(state.layer)));
    tell(null, null);
  }

  function dress() {
    const scene = context.scene();
    for (const { arm, map } of worlds) map.dress(scene, arm, scene.layer(state.layer));
    key.replaceChildren(layerKey(scene, scene.layer(state.layer)));
    tick(time);
  }

  function tick(next) {
    time = next;
    for (const { map } of worlds) map.paint(time, state.followed);
    tell(...shown);
  }

  return { el, tip, lay, tick };
}
