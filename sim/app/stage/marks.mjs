// What every chart shares: scales, round numbers for ticks, lines and bands as SVG writes them, labels that do not collide.

/** Number of decimals that a step needs: 2 for 0.25, none for 10. */
export function places(step) {
  for (let count = 0; count < 6; count++) if (Math.abs(Math.round(step * 10 ** count) - step * 10 ** count) < 1e-6 * 10 ** count * step) return count;
  return 6;
}

/** Round numbers that span a range: about `count` of them. */
export function ticks(low, high, count = 4) {
  const raw = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const found = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) found.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return found;
}

/** Lowest and highest of all numbers, with a little room; from 0 where that costs less than half of the height. */
export function span(lists, floor = null) {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists)
    for (const value of list || [])
      if (value !== null && Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const room = (high - low) * 0.08;
  const from = low >= 0 && low < high * 0.6 ? 0 : low - room;
  return [floor === null ? from : Math.max(from, floor), high + room];
}

/** A line through points; nothing where a value is missing. */
export function path(values, across, down) {
  let text = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) pen = "M";
    else {
      text += `${pen}${across(i).toFixed(1)} ${down(value).toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

/** The area between two lines. */
export function area(low, high, across, down) {
  const top = high.map((value, i) => `${across(i).toFixed(1)} ${down(value).toFixed(1)}`);
  const bottom = low.map((value, i) => `${across(i).toFixed(1)} ${down(value).toFixed(1)}`).reverse();
  return `M${top.join("L")}L${bottom.join("L")}Z`;
}

/** Pushes labels apart: heights that keep their order and a distance, moved as little as that allows, inside the limits. */
export function apart(heights, distance, top, bottom) {
  const order = heights.map((height, place) => [height, place]).sort((a, b) => a[0] - b[0]);
  const groups = [];
  for (const [height, place] of order) {
    groups.push({ places: [place], sum: height, start: height });
    while (groups.length > 1) {
      const [upper, lower] = groups.slice(-2);
      if (upper.start + upper.places.length * distance <= lower.start) break;
      upper.places.push(...lower.places);
      upper.sum += lower.sum;
      upper.start = upper.sum / upper.places.length - ((upper.places.length - 1) * distance) / 2;
      groups.pop();
    }
  }
  const found = new Array(heights.length);
  let floor = top;
  for (const group of groups) {
    let start = Math.max(group.start, floor);
    for (const place of group.places) {
      found[place] = start;
      start += distance;
    }
    floor = start;
  }
  let ceiling = bottom;
  for (const [, place] of [...order].sort((a, b) => found[b[1]] - found[a[1]])) {
    found[place] = Math.max(Math.min(found[place], ceiling), top);
    ceiling = found[place] - distance;
  }
  return found;
}

/** Width of a text of the size of a tick, pixels. */
export function breadth(text) {
  breadth.pen = breadth.pen || document.createElement("canvas").getContext("2d");
  breadth.pen.font = "11.5px system-ui, sans-serif";
  return breadth.pen.measureText(text).width;
}

/** A name in one line, or in two where it is wider than its room: parted where the longer of them is shortest. */
export function folded(text, room) {
  const words = text.split(" ");
  if (breadth(text) <= room || words.length < 2) return [text];
  const halves = words.slice(1).map((_, place) => [words.slice(0, place + 1).join(" "), words.slice(place + 1).join(" ")]);
  const longer = (both) => Math.max(...both.map(breadth));
  return halves.sort((one, other) => longer(one) - longer(other))[0];
}

/** A series at a time between its quarters. */
export function at(series, time) {
  const left = Math.min(Math.floor(time), series.length - 1);
  const right = Math.min(left + 1, series.length - 1);
  const [from, to] = [series[left], series[right]];
  return from === null || to === null ? from : from + (to - from) * (time - left);
}
