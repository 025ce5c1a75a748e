/** Builds and updates the page by DOM calls only: data is always text, never markup. */

/** Makes an element. `properties`: `class`, `dataset`, `on` (listeners), `aria-…` and other
 * attributes; false and null leave one out. Children are elements or text. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "on") listen(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function listen(element, listeners) {
  for (const [type, listener] of Object.entries(listeners)) {
    element.addEventListener(type, listener);
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon drawn by one path, hidden from assistive technology: its button carries the label. */
export function icon(shape) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  svg.append(path);
  return svg;
}

/** Returns a function that makes the children of `parent` match a list of rows `{key, parts, build}`. It
 * builds a row that is new, or whose `parts` have changed, and moves or removes the others. The focus
 * stays. */
export function keyed(parent) {
  let held = new Map();
  return (rows) => {
    const focused = parent.contains(document.activeElement) ? document.activeElement : null;
    const focusedKey = [...held].find(([, row]) => row.element.contains(focused))?.[0];
    const next = new Map();
    for (const { key, parts, build } of rows) {
      const old = held.get(key);
      const isSame = old && old.parts.every((part, index) => Object.is(part, parts[index]));
      next.set(key, isSame ? old : { parts, element: build() });
    }
    for (const [key, row] of held) if (next.get(key) !== row) row.element.remove();
    let place = parent.firstChild;
    for (const { element } of next.values()) {
      if (element === place) place = place.nextSibling;
      else parent.insertBefore(element, place);
    }
    held = next;
    if (focused && document.activeElement !== focused) refocus(focused, held.get(focusedKey));
  };
}

function refocus(focused, row) {
  if (focused.isConnected) focused.focus({ preventScroll: true });
  else {
    const again = focused.id ? document.getElementById(focused.id) : null;
    (again ?? row?.element.querySelector("button"))?.focus({ preventScroll: true });
  }
}
