// A run in the reader's language: what the parts of the stage ask for, by name.
import { ENDS } from "./colour.mjs";
import { called, decoded, filled, numbering, worded } from "./data.mjs";
import { places } from "./marks.mjs";

/** Institutions whose state is drawn above a village, and the column that fills each. */
const KINDS = { council: "attendance", cooperative: "members", savings_group: "pot", services: "service_quality", place: "works" };
/** What is told of a village in numbers. */
const TOLD = ["attendance", "institution_quality", "capture", "right_goal", "members", "upkeep", "pot", "service_quality", "works", "farm_labour"];
/** The charts, in their order. */
const CHARTS = ["headcount", "median_own_income", "participation", "empowerment"];
const MAIN = "headcount";
/** Lucks from which a range says something. */
export const FEWEST = 5;

/** Layers of the map, with the ends of their scales. */
function layersOf(payload, t) {
  return payload.layers.map((layer) => {
    const label = t(`layer_${layer.id}`);
    if (layer.kind === "category") return { ...layer, label, classes: payload.categories[layer.id].map((name) => t(`class_${name}`)) };
    // "line" codes double every 40 steps: the scale is one of doublings, the poverty line in its middle
    if (layer.kind === "line") return { ...layer, label, from: 68, middle: 128, to: 208, middleLabel: t("line") };
    return { ...layer, label, from: 0, middle: null, to: 255 };
  });
}

function eventsOf(payload, t, numbers) {
  return payload.events.map((event) => ({ ...event, label: t(`event_${event.kind}`, { size: numbers.percent(event.size) }) }));
}

/** A code that a household has for its whole life, as frames. */
function still(codes, quarters) {
  const found = new Uint8Array(codes.length * quarters);
  for (let quarter = 0; quarter < quarters; quarter++) found.set(codes, quarter * codes.length);
  return found;
}

/** Everything that the parts of the stage read, made once a payload, bands and language. */
export function makeScene(payload, codes, bands, classes, language, t) {
  const numbers = numbering(language);
  const own = bands && bands.generation === payload.generation ? bands : null;
  const lucks = own?.lucks?.done >= FEWEST ? own.lucks : null;
  const { quarters, windows } = payload.calendar;
  const unit = (metric) => worded(metric.unit, language);
  const metrics = Object.fromEntries(payload.metrics.map((metric) => [metric.id, { ...metric, key: metric.id, label: worded(metric.label, language), unit: unit(metric), share: metric.unit[0].startsWith("%"), floor: metric.id === "decision_power" ? null : 0 }]));
  const columns = payload.institutions.flatMap((kind) => kind.columns);
  const lines = {};
  /** A line and its band; against the world without a programme the line alone, since a band of levels is none of differences. */
  const series = (key, arm, against = false) => {
    const name = `${arm}.${key}.${against}`;
    if (!(name in lines) && against) {
      const [line, none] = [series(key, arm), series(key, "none")];
      lines[name] = line && none ? { vivid: line.vivid.map((value, quarter) => value - none.vivid[quarter]), low: null, high: null } : null;
    }
    if (!(name in lines)) {
      const band = lucks?.series?.[arm]?.[key];
      const vivid = filled(payload.worlds[arm].series[key]);
      lines[name] = vivid.every((value) => value === null) ? null : { vivid, low: band ? filled(band.low) : null, high: band ? filled(band.high) : null };
    }
    return lines[name];
  };
  const show = (key, value) => {
    if (value === null || value === undefined) return "–";
    if (key === "self_supporting") return numbers.percent(Math.round(value) / 100);
    return metrics[key]?.share || key.startsWith("headcount") ? numbers.tenths(value / 100) : numbers.decimals(value, 2);
  };
  const tick = (key, value, step) => (metrics[key].share ? numbers.percent(value / 100) : numbers.decimals(value, places(step)));
  const sums = {};
  const spent = (arm, key, time) => {
    const name = `${arm}.${key}`;
    if (!sums[name]) {
      let total = 0;
      sums[name] = payload.worlds[arm].flows[key].map((flow) => (total += flow));
    }
    return sums[name][Math.min(Math.floor(time), quarters - 1)];
  };
  const uses = payload.flows.map((flow) => ({ key: flow.id, label: worded(flow.label, language) })).filter((flow) => ["a", "b"].some((arm) => spent(arm, flow.key, quarters - 1) > 0.005));
  const village = (place) => t("village", { n: place + 1 });
  const layers = layersOf(payload, t);
  const ends = own && classes ? Object.fromEntries(["a", "b"].map((arm) => [arm, still(classes[arm], quarters)])) : null;
  if (ends) layers.push({ id: "class", kind: "category", label: t("layer_class"), classes: own.order.map((name) => t(`class_${name}`)), hues: "ends" });
  const frame = (arm, key) => (key === "class" ? ends[arm] : codes[arm].frames[key]);
  const years = (quarter) => numbers.plain(quarter / 4, 0);
  const final = (key, arm) => {
    const found = lucks?.headline?.[arm]?.[key];
    const value = payload.worlds[arm].headline[key];
    return { value, low: found ? found[1] : null, high: found ? found[2] : null };
  };

  return {
    payload,
    bands: lucks ? own : null,
    language,
    numbers,
    quarters,
    windows,
    main: MAIN,
    metrics,
    chartsWith: (first, last) => [...new Set([first, ...CHARTS, last].filter(Boolean))].map((key) => metrics[key]),
    others: Object.values(metrics).filter(({ key }) => !CHARTS.includes(key)),
    generation: payload.generation,
    households: payload.households.count,
    villages: Array.from({ length: payload.villages.count }, (_, place) => ({ place, name: String(place + 1), first: payload.villages.start[place], count: payload.villages.start[place + 1] - payload.villages.start[place] })),
    village,
    villageOf: (household) => payload.villages.start.findIndex((start) => start > household) - 1,
    layers,
    layer: (key) => layers.find((layer) => layer.id === key),
    code: (arm, key, quarter, household) => frame(arm, key)[quarter * payload.households.count + household],
    value: (layer, code) => (layer.kind === "category" ? layer.classes[code] : layer.kind === "share" ? numbers.percent(decoded(layer, code)) : `${numbers.decimals(decoded(layer, code), 2)} z`),
    life: (arm, key, household) => {
      const layer = payload.layers.find((one) => one.id === key);
      return Array.from({ length: quarters }, (_, quarter) => decoded(layer, codes[arm].frames[key][quarter * payload.households.count + household]));
    },
    frame,
    institutions: Object.keys(KINDS).map((key) => ({ key, label: t(`kind_${key}`) })),
    institution: (arm, key) => codes[arm].villages[KINDS[key]],
    villageNow: (place, quarter) => columns.filter((column) => TOLD.includes(column.id)).map((column) => {
      const read = (arm) => column.low + ((column.high - column.low) * codes[arm].villages[column.id][quarter * payload.villages.count + place]) / 255;
      const [a, b] = ["a", "b"].map((arm) => (column.unit.startsWith("share") ? numbers.percent(Math.round(100 * read(arm)) / 100) : numbers.decimals(read(arm), column.high > 20 ? 0 : 2)));
      return { label: t(`column_${column.id}`), a, b };
    }),
    ends: own?.classes ? own.order.map((name, code) => ({ label: t(`class_${name}`), colour: ENDS[code], shares: Object.fromEntries(["a", "b", "none"].map((arm) => [arm, own.classes[arm].shares[code]])) })) : null,
    help: (arm) => codes[arm].villages.facilitation_effect,
    series,
    final,
    show,
    tick,
    lorenz: (arm, time) => payload.worlds[arm].lorenz[Math.min(Math.floor((time + 1) / 4), payload.worlds[arm].lorenz.length - 1)],
    uses,
    spent,
    events: eventsOf(payload, t, numbers),
    named: (arm) => (arm === "none" ? t("no_programme").toLowerCase() : arm.toUpperCase()),
    policy: (arm) => called(payload.policies[arm].label, language),
    yearName: years,
    quarterName: (quarter) => t("when", { year: Math.floor(quarter / 4), quarter: (quarter % 4) + 1 }),
    years: numbers.plain(quarters / 4, 0),
    post: { from: years(windows.post[0]), to: years(windows.post[1]) },
    fallen: windows.post[0] === payload.calendar.shock_at, // what is told is told from a fall on
  };
}
