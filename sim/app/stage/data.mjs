// One run as the stage reads it: frames out of their bytes, series, names, numbers in the reader's language.

function bytes(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

/** Words of a language: a string as it is, or one of [English, Indonesian]. */
export function worded(text, language) {
  if (text === null || text === undefined) return "";
  return typeof text === "string" ? text : text[language === "id" ? 1 : 0];
}

/** A policy's name without the code that papers know it by: Social planning, not R2 social planning. */
export function called(label, language) {
  return worded(label, language).replace(/^[A-Z]\d\w?\s+/, "").replace(/^./u, (first) => first.toUpperCase());
}

/** Words by key, with `{name}` filled in. A key without words is shown as it is, so that a test sees it. */
export function wording(texts, language) {
  const table = texts[language] || texts.en;
  return (key, values = {}) => (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Numbers as the language writes them: English with a space before the per cent, Indonesian without, as in reports. */
export function numbering(language) {
  const locale = language === "id" ? "id-ID" : "en-GB";
  const made = new Map();
  const format = (options) => {
    const key = JSON.stringify(options);
    if (!made.has(key)) made.set(key, new Intl.NumberFormat(locale, options));
    return made.get(key);
  };
  const written = (options) => (value) => (value === null || value === undefined || !Number.isFinite(value) ? "–" : format(options).format(value).replace(/^-(?=[0.,%]*$)/, "").replace("-", "−").replace("%", language === "id" ? "%" : "\u00a0%"));
  const decimals = (value, places = 2) => written({ maximumFractionDigits: places, minimumFractionDigits: places })(value);
  const plain = (value, places = 2) => written({ maximumFractionDigits: places })(value);
  const percent = written({ style: "percent", maximumFractionDigits: 1 });
  const tenths = written({ style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 });
  const signed = (value, places) => `${value > 0 && Number(value.toFixed(places)) > 0 ? "+" : ""}${decimals(value, places)}`;
  return { decimals, plain, percent, tenths, signed };
}

async function inflated(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Codes come with a household's history together; the map wants a quarter's households together. */
function turned(codes, rows, quarters) {
  const found = new Uint8Array(codes.length);
  for (let row = 0; row < rows; row++) for (let quarter = 0; quarter < quarters; quarter++) found[quarter * rows + row] = codes[row * quarters + quarter];
  return found;
}

/** A series that is due once a year, as a line: between its points straight, before the first as the first. */
export function filled(values) {
  const known = values.map((value, place) => [value, place]).filter(([value]) => value !== null && Number.isFinite(value));
  if (!known.length) return values;
  let next = 0;
  return values.map((_, place) => {
    while (next < known.length && known[next][1] < place) next++;
    if (next === 0) return known[0][0];
    if (next === known.length) return known[next - 1][0];
    const [[from, left], [to, right]] = [known[next - 1], known[next]];
    return from + ((to - from) * (place - left)) / (right - left);
  });
}

/** What a code of a household's layer stands for: a number, or the place of a class. */
export function decoded(layer, code) {
  if (layer.kind === "line") return 2 ** ((code - 128) / 40);
  if (layer.kind === "category") return code;
  return (layer.top * code) / 255;
}

/** Codes of the classes of trajectories, one a household; null where the bands have none yet. */
export async function sorted(bands) {
  if (!bands?.classes) return null;
  return Object.fromEntries(await Promise.all(Object.entries(bands.classes).map(async ([arm, found]) => [arm, await inflated(found.codes)])));
}

/** All codes of a payload, unpacked once; they do not depend on the language. */
export async function unpacked(payload) {
  const { count } = payload.households;
  const { quarters } = payload.calendar;
  const found = {};
  for (const arm of ["a", "b"]) {
    const world = payload.worlds[arm];
    const frames = Object.entries(world.frames).map(async ([layer, text]) => [layer, turned(await inflated(text), count, quarters)]);
    const villages = Object.entries(world.villages).map(async ([column, text]) => [column, turned(await inflated(text), payload.villages.count, quarters)]);
    found[arm] = { frames: Object.fromEntries(await Promise.all(frames)), villages: Object.fromEntries(await Promise.all(villages)) };
  }
  return found;
}
