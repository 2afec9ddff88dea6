// One clock for everything on the stage: play, pause, scrub, step, speed.
import { h, say, set } from "./elements.mjs";
import { breadth } from "./marks.mjs";

const SPEEDS = { slow: 0.5, normal: 1, fast: 2, fastest: 4 }; // years a second
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The clock and its bar. `moved(time)` hears of every change, `turned(playing)` of play and pause. */
export function makeClock(t, { moved, turned }) {
  let [time, last, playing] = [0, 1, false];
  let exact = 0; // the time while it runs; what is shown may go by whole quarters
  let [before, step, paints, since] = [0, null, 0, 0];
  let scene = null;
  const play = h("button", { type: "button", class: "sw-play", onclick: () => toggle() });
  const back = h("button", { type: "button", class: "sw-step", "aria-label": t("step_back"), onclick: () => go(Math.ceil(time) - 1) }, "‹");
  const on = h("button", { type: "button", class: "sw-step", "aria-label": t("step_on"), onclick: () => go(Math.floor(time) + 1) }, "›");
  const slider = h("input", { type: "range", min: "0", step: "1", value: "0", "aria-label": t("quarter"), oninput: () => go(Number(slider.value)) });
  const flags = h("div", { class: "sw-flags", "aria-hidden": "true" });
  const now = h("output", { class: "sw-now", "aria-live": "off" }); // told when the clock stands, not as it runs
  const speed = h("select", { "aria-label": t("speed") }, Object.keys(SPEEDS).map((name) => h("option", { value: name }, t(`speed_${name}`))));
  speed.value = calm() ? "slow" : "normal";
  const el = h("section", { class: "sw-clock", "aria-label": t("clock") }, play, back, on, h("div", { class: "sw-line" }, flags, slider), now, speed);

  function show() {
    const quarter = Math.floor(time + 1e-9);
    if (Number(slider.value) !== quarter) slider.value = String(quarter);
    if (scene) {
      const name = scene.quarterName(quarter);
      set(slider, "aria-valuetext", name);
      say(now, name);
    }
    moved(time);
  }

  function go(to) {
    time = exact = Math.min(Math.max(to, 0), last);
    show();
  }

  function frame(stamp) {
    if (!playing) return;
    const passed = Math.min(Math.max(stamp - before, 0) / 1000, 0.25); // a first frame may be stamped before the click
    before = stamp;
    paints++;
    if (stamp - since >= 1000) {
      el.dataset.paints = String(Math.round((paints * 1000) / (stamp - since)));
      [paints, since] = [0, stamp];
    }
    exact = Math.min(exact + passed * SPEEDS[speed.value] * 4, last);
    const next = calm() ? Math.floor(exact) : exact;
    if (next !== time) {
      time = next;
      show();
    }
    if (exact >= last) return pause();
    step = requestAnimationFrame(frame);
  }

  function start() {
    if (playing) return;
    if (time >= last) time = 0;
    playing = true;
    exact = time;
    before = since = performance.now();
    paints = 0;
    dress();
    turned(true);
    step = requestAnimationFrame(frame);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(step);
    time = time >= last ? last : Math.floor(time);
    dress();
    show();
    turned(false);
  }

  function toggle() {
    if (playing) pause();
    else start();
  }

  function dress() {
    play.replaceChildren(h("i", { "aria-hidden": "true" }, playing ? "❚❚" : "▶"), h("span", {}, t(playing ? "pause" : "play")));
  }

  /** Flags for what happens, for the width there is; a name that would lie on another goes a row lower. */
  function fit() {
    const width = flags.clientWidth || 400;
    const free = []; // where each row of names has room again
    flags.replaceChildren(...scene.events.map((event) => {
      const left = (event.quarter / last) * 100;
      const wide = breadth(event.label) + 12;
      const place = (left / 100) * width;
      const turned = place + wide - width > Math.max(wide - place, 0); // its name stands before it, where there is more room
      const from = place - (turned ? wide : 0);
      const found = free.findIndex((end) => end <= from);
      const row = found < 0 ? free.length : found;
      free[row] = from + wide;
      return h("span", { class: `sw-flag${turned ? " sw-left" : ""}`, style: `left:calc(${left}% + ${(0.5 - left / 100) * 16}px);--row:${row}` }, h("b", {}, event.label));
    }));
    flags.parentElement.style.setProperty("--rows", Math.max(free.length, 1));
  }

  /** A new run: as many quarters, and what happens in them. */
  function lay(next) {
    scene = next;
    last = scene.quarters - 1;
    slider.max = String(last);
    fit();
    go(Math.min(time, last));
    dress();
  }

  dress();
  return { el, lay, fit, go, focus: () => play.focus(), start, pause, toggle, time: () => time, last: () => last, playing: () => playing };
}
