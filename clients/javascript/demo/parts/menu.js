/** A small menu beside a button, for mouse and keyboard. */

import { el } from "./dom.js";

let close = () => {};

/** Opens a menu of `[{label, testid, danger, name, action}]` beside `button`; a second call closes it.
 * Items with a `name` are signs, which share a line; assistive technology reads the name. A button that
 * may be built anew while the menu is open needs an id, so that the focus can return to it. */
export function openMenu(button, items) {
  const again = button.getAttribute("aria-expanded") === "true";
  close();
  if (again) return;
  const menu = el("div", { class: "menu", role: "menu" }, items.map(menuItem));
  // Not inside the row: a receipt rebuilds the row, and an open menu must stay.
  document.querySelector("main").append(menu);
  place(menu, button.getBoundingClientRect());
  button.setAttribute("aria-expanded", "true");
  const outside = ({ target }) => {
    if (!menu.contains(target) && !button.contains(target)) close();
  };
  close = () => {
    document.removeEventListener("pointerdown", outside);
    button.setAttribute("aria-expanded", "false");
    removeEventListener("resize", close);
    if (menu.contains(document.activeElement)) (document.getElementById(button.id) ?? button).focus();
    menu.remove();
    close = () => {};
  };
  document.addEventListener("pointerdown", outside);
  addEventListener("resize", close);
  menu.addEventListener("keydown", (event) => move(event, menu));
  menu.firstElementChild.focus();
}

function place(menu, beside) {
  const { width, height } = menu.getBoundingClientRect();
  const below = beside.bottom + height < innerHeight;
  menu.style.top = `${below ? beside.bottom : beside.top - height}px`;
  menu.style.left = `${Math.max(8, Math.min(beside.left, innerWidth - width - 8))}px`;
}

function menuItem({ label, testid, danger, name, action }) {
  const choose = () => {
    close();
    action();
  };
  return el(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: danger ? "danger" : name ? "sign" : null,
      "aria-label": name,
      "data-testid": testid,
      on: { click: choose },
    },
    label,
  );
}

function move(event, menu) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const targets = {
    ArrowDown: (at + 1) % items.length,
    ArrowRight: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    ArrowLeft: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  if (event.key === "Escape" || event.key === "Tab") close();
  if (!(event.key in targets)) return;
  event.preventDefault();
  items[targets[event.key]].focus();
}
