// Colours: of the two worlds, of the layers of the map. Safe for the common kinds of colour-blindness.

/** The two worlds and the world without a programme: colour, dash and letter differ together; `ink` is what words are
 * written in, and what white words are written on. */
export const WORLDS = {
  a: { colour: "#0072B2", ink: "#0072B2", dash: "", width: 2.25 },
  b: { colour: "#D55E00", ink: "#a84a00", dash: "7 3", width: 2.25 },
  none: { colour: "#8c8c8c", ink: "#6e6e6e", dash: "", width: 1 },
};

const BROWN_TO_TEAL = ["#7a4a06", "#b07a2e", "#dcbf86", "#f2ead8", "#c3dfda", "#62aba1", "#0b5f57"];
const LIGHT_TO_TEAL = ["#f1eee6", "#d3e3dc", "#9cc8bf", "#5aa398", "#24796f", "#07463f"];
/** Classes of trajectories, as the report has them: none is the colour of a world. */
export const ENDS = ["#0b5f57", "#6fbfae", "#dcb560", "#6b4f7d", "#d9c2e6", "#7a4a06"];
/** Whether white words are read on it. */
export const dark = (colour) => rgb(colour).reduce((sum, part, place) => sum + part * [0.3, 0.59, 0.11][place], 0) < 128;
// from below the line to standing on one's own: brown to teal, and the ends apart in lightness too
const CLASSES = ["#5e3200", "#d9b36c", "#aad6cd", "#24897b"];

function rgb(colour) {
  return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
}

/** The colour at a place (0 to 1) of a scale. */
function between(scale, place) {
  const spot = Math.min(Math.max(place, 0), 1) * (scale.length - 1);
  const left = Math.min(Math.floor(spot), scale.length - 2);
  const [from, to] = [rgb(scale[left]), rgb(scale[left + 1])];
  return from.map((part, i) => Math.round(part + (to[i] - part) * (spot - left)));
}

/** Red, green and blue of each code of a layer: 256 rows. A middle (the poverty line) gets the middle of its scale. */
export function palette(layer) {
  return Array.from({ length: 256 }, (_, code) => {
    if (layer.classes) return rgb((layer.hues ? ENDS : CLASSES)[code % (layer.hues ? ENDS : CLASSES).length]);
    const { from, middle, to } = layer;
    if (middle === null) return between(LIGHT_TO_TEAL, (code - from) / (to - from));
    return between(BROWN_TO_TEAL, code < middle ? (0.46 * (code - from)) / (middle - from) : 0.54 + (0.46 * (code - middle)) / (to - middle));
  });
}

/** The same rows as pixels of an image, one 32-bit number each. */
export function pixels(rows) {
  return Uint32Array.from(rows, ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red);
}

/** As style sheets write it. */
export function css([red, green, blue]) {
  return `rgb(${red},${green},${blue})`;
}
