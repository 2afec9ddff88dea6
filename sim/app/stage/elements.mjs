// Elements of the page: made in one line each, without a library.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden" || name === "open") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

/** An HTML element: attributes by name, `on…` listeners, children that are elements or words. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A name of one or two lines, the middle of them at a height. */
export function named(lines, x, y, attributes) {
  return svg("text", attributes, lines.map((line, place) => svg("tspan", { x, y: y + 4 + 12 * (place - (lines.length - 1) / 2) }, line)));
}

/** Sets an attribute only where it changes: a paint touches few nodes. */
export function set(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Sets words only where they change. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A name for an element that another one refers to. */
export function fresh(prefix) {
  fresh.count = (fresh.count || 0) + 1;
  return `sw-${prefix}-${fresh.count}`;
}
