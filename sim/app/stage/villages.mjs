// A village is a bordered block of squares, one a household; above them its institutions, each filled as far as it works.
import { WORLDS, css, palette, pixels } from "./colour.mjs";
import { h } from "./elements.mjs";

const GAP = 6; // between villages, CSS pixels
const PAD = 3; // between a border and its squares
const HEAD = 14; // the line of the name and the institutions
const GLYPH = 8;
const LEAST = 3; // side of a square that is still seen as one
const NAME = 17; // room for a village's number

/** Villages in rows from left to right: all of one height, as wide as they have households. */
function flow(villages, width, cell, down, sizes) {
  const { gap, pad, head, least } = sizes;
  const tall = head + down * cell + 2 * pad;
  const blocks = [];
  let [x, y, slack] = [0, 0, 0];
  for (const village of villages) {
    const columns = Math.ceil(village.count / down);
    const wide = Math.max(columns * cell + 2 * pad, least);
    if (wide > width) return null;
    if (x > 0 && x + wide > width) {
      slack += width - x;
      [x, y] = [0, y + tall + gap];
    }
    blocks.push({ ...village, x, y, wide, tall, columns });
    x += wide + gap;
  }
  return { blocks, height: y + tall, slack, cell, down };
}

/** Widens the blocks of each full row until it ends where the others do. */
function justify(blocks, across, gap) {
  const rows = [...new Set(blocks.map((block) => block.y))].map((y) => blocks.filter((block) => block.y === y));
  for (const row of rows) {
    const rest = across - (row.at(-1).x + row.at(-1).wide);
    if (rest > across / 4) continue;
    let x = 0;
    row.forEach((block, place) => {
      block.wide += Math.floor((rest * (place + 1)) / row.length) - Math.floor((rest * place) / row.length);
      block.x = x;
      x += block.wide + gap;
    });
  }
}

/** All villages with squares as large as a height allows, in rows as full as they can be; null where they have no room. */
function fitting(villages, across, height, largest, smallest, sizes) {
  let best = null;
  for (let cell = largest; cell >= smallest && !best; cell--)
    for (let down = 2; down <= 40; down++) {
      const found = flow(villages, across, cell, down, sizes);
      if (found && found.height <= height && (!best || found.slack < best.slack)) best = found;
    }
  return best;
}

/** Places of all villages and squares for a width, in device pixels; the height grows where squares and names would have no room in it. */
function arrange(villages, width, height, ratio, least) {
  const sizes = { gap: Math.round(GAP * ratio), pad: Math.round(PAD * ratio), head: Math.round(HEAD * ratio), least: Math.round(least * ratio) };
  const across = Math.floor(width * ratio);
  let best = null;
  for (let room = height * ratio; !best && room < 8 * height * ratio; room *= 1.2) best = fitting(villages, across, room, Math.round(14 * ratio), Math.round(LEAST * ratio), sizes);
  best = best || flow(villages, across, 2, 40, { ...sizes, least: 2 });
  justify(best.blocks, across, sizes.gap);
  const squares = new Int32Array(2 * villages.reduce((sum, village) => sum + village.count, 0));
  for (const block of best.blocks)
    for (let i = 0; i < block.count; i++) {
      squares[2 * (block.first + i)] = block.x + sizes.pad + (i % block.columns) * best.cell;
      squares[2 * (block.first + i) + 1] = block.y + sizes.head + sizes.pad + Math.floor(i / block.columns) * best.cell;
    }
  return { ...best, squares, width: across, ratio };
}

/** Draws an institution's outline and fills it from below as far as it works (0 to 1). */
export function glyph(pen, kind, x, y, size, state) {
  const outline = new Path2D();
  const [middle, right, bottom] = [x + size / 2, x + size, y + size];
  if (kind === "council") {
    outline.moveTo(x, y + size * 0.42);
    outline.lineTo(middle, y);
    outline.lineTo(right, y + size * 0.42);
    outline.lineTo(right, bottom);
    outline.lineTo(x, bottom);
    outline.closePath();
  } else if (kind === "savings_group") outline.arc(middle, y + size / 2, size / 2, 0, 7);
  else if (kind === "services") {
    const [a, b] = [size * 0.32, size * 0.68];
    for (const [px, py] of [[a, 0], [b, 0], [b, a], [size, a], [size, b], [b, b], [b, size], [a, size], [a, b], [0, b], [0, a], [a, a]]) outline.lineTo(x + px, y + py);
    outline.closePath();
  } else if (kind === "cooperative") {
    outline.moveTo(middle, y);
    outline.lineTo(right, y + size / 2);
    outline.lineTo(middle, bottom);
    outline.lineTo(x, y + size / 2);
    outline.closePath();
  } else outline.rect(x, y, size, size);
  pen.save();
  pen.fillStyle = "#fff";
  pen.fill(outline);
  pen.clip(outline);
  pen.fillStyle = "#3d3d3d";
  pen.fillRect(x, y + size * (1 - state), size, size * state);
  pen.restore();
  pen.lineWidth = Math.max(1, size / 9);
  pen.strokeStyle = "#3d3d3d";
  pen.stroke(outline);
}

/** The map of one world. `paint(time)` shows it at a time in quarters; parts of a quarter blend. */
export function villageMap(label) {
  const canvas = h("canvas", { role: "application", tabindex: "0", "aria-label": label });
  const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  let plan, image, words, colours, frame, households, kinds, help, tint, stepped;

  function lay(scene, arm, layer, height) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const { left, width } = canvas.parentElement.getBoundingClientRect();
    const aside = Math.ceil(left * ratio - 0.01) / ratio - left; // to the next whole pixel of the screen, or all would blur
    canvas.style.marginLeft = `${aside}px`;
    plan = arrange(scene.villages, width - aside || 300, height, ratio, NAME + scene.institutions.length * (GLYPH + 3) + 4);
    canvas.width = plan.width;
    canvas.height = plan.height;
    canvas.style.width = `${plan.width / ratio}px`;
    canvas.style.height = `${plan.height / ratio}px`;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, plan.width, plan.height);
    for (const block of plan.blocks) {
      pen.fillStyle = "#f7f4ee";
      pen.fillRect(block.x, block.y, block.wide, block.tall);
      pen.strokeStyle = "#a59e90";
      pen.lineWidth = ratio;
      pen.strokeRect(block.x + ratio / 2, block.y + ratio / 2, block.wide - ratio, block.tall - ratio);
      pen.font = `600 ${10 * ratio}px system-ui, sans-serif`;
      pen.fillStyle = "#5d5d5d";
      pen.fillText(block.name, block.x + 3 * ratio, block.y + 11.5 * ratio);
    }
    image = pen.getImageData(0, 0, plan.width, plan.height);
    words = new Uint32Array(image.data.buffer);
    households = scene.households;
    kinds = scene.institutions.map((kind) => ({ key: kind.key, bytes: scene.institution(arm, kind.key) }));
    help = scene.help(arm);
    tint = WORLDS[arm].colour;
    dress(scene, arm, layer);
  }

  function dress(scene, arm, layer) {
    colours = pixels(palette(layer));
    frame = scene.frame(arm, layer.id);
    stepped = Boolean(layer.classes);
  }

  function paint(time, followed) {
    if (!plan) return;
    const quarter = Math.floor(time);
    const part = stepped ? 0 : time - quarter;
    const at = quarter * households;
    const next = part > 0 ? at + households : at;
    const { squares, cell, width } = plan;
    const side = Math.max(cell - Math.max(1, Math.round(plan.ratio * (cell > 4 * plan.ratio ? 1 : 0.5))), 1);
    for (let i = 0; i < households; i++) {
      const byte = frame[at + i];
      const colour = colours[part > 0 ? Math.round(byte + (frame[next + i] - byte) * part) : byte];
      let from = squares[2 * i + 1] * width + squares[2 * i];
      for (let row = 0; row < side; row++, from += width) words.fill(colour, from, from + side);
    }
    pen.putImageData(image, 0, 0);
    const { ratio } = plan;
    for (const block of plan.blocks) {
      pen.globalAlpha = (0.4 * help[quarter * plan.blocks.length + block.place]) / 255;
      pen.fillStyle = tint;
      pen.fillRect(block.x + ratio, block.y + ratio, block.wide - 2 * ratio, HEAD * ratio - ratio);
      pen.globalAlpha = 1;
      let right = block.x + block.wide - 3 * ratio;
      for (let k = kinds.length - 1; k >= 0; k--) {
        right -= GLYPH * ratio;
        const state = kinds[k].bytes[quarter * plan.blocks.length + block.place] / 255;
        glyph(pen, kinds[k].key, right, block.y + 3.5 * ratio, GLYPH * ratio, state);
        right -= 3 * ratio;
      }
    }
    if (followed !== null && followed !== undefined) {
      const [x, y] = [squares[2 * followed], squares[2 * followed + 1]];
      for (const [colour, wide, grow] of [["#fff", 4, 2], ["#111", 2, 2]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = wide * ratio;
        pen.strokeRect(x - grow * ratio, y - grow * ratio, side + 2 * grow * ratio, side + 2 * grow * ratio);
      }
    }
  }

  /** The household under a place of the pointer, or null. */
  function under(event) {
    if (!plan) return null;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) / box.width) * plan.width, ((event.clientY - box.top) / box.height) * plan.height];
    for (let i = 0; i < households; i++) {
      const [left, top] = [plan.squares[2 * i], plan.squares[2 * i + 1]];
      if (x >= left && x < left + plan.cell && y >= top && y < top + plan.cell) return i;
    }
    return null;
  }

  /** The village whose name and institutions are under the pointer, or null. */
  function village(event) {
    if (!plan) return null;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * plan.ratio, (event.clientY - box.top) * plan.ratio];
    return plan.blocks.find((block) => x >= block.x && x < block.x + block.wide && y >= block.y && y < block.y + HEAD * plan.ratio)?.place ?? null;
  }

  /** The neighbour of a household in a direction of the arrow keys: within its village, and on to the next one. */
  function beside(household, key) {
    const { columns } = plan.blocks.find((block) => household >= block.first && household < block.first + block.count) || plan.blocks[0];
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
    return Math.min(Math.max((household ?? 0) + move, 0), households - 1);
  }

  return { canvas, lay, dress, paint, under, village, beside };
}

/** The key of a layer: a bar with its ends and its middle, or the classes by name. */
export function layerKey(scene, layer) {
  const rows = palette(layer);
  if (layer.classes)
    return h("ul", { class: "sw-classes" }, layer.classes.map((name, code) => h("li", {}, h("i", { style: `background:${css(rows[code])}` }), name)));
  const { from, middle, to } = layer;
  const stops = Array.from({ length: 21 }, (_, i) => css(rows[Math.round(from + ((to - from) * i) / 20)]));
  const mark = middle === null ? null : h("b", { style: `left:${(100 * (middle - from)) / (to - from)}%` }, h("em", {}, layer.middleLabel));
  return h("div", { class: "sw-bar" }, h("span", {}, scene.value(layer, from)), h("i", { style: `background:linear-gradient(90deg,${stops.join(",")})` }, mark), h("span", {}, scene.value(layer, to)));
}
