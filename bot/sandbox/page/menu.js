// @ts-check
/** A button that opens a menu: overflow menus, message actions, the person switcher. */
import { h, uid } from "./dom.js";
import { arrowTarget, closeOnLeave, place } from "./popup.js";

/**
 * @param {HTMLElement} button the opener; gets its ARIA state from here
 * @param {() => {node: Node, checked?: boolean, run: () => void}[]} items read at each opening
 * @param {string} label what the menu is called
 */
export function attachMenu(button, items, label) {
  let opened = /** @type {null | {menu: HTMLElement, undo: () => void}} */ (null);
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  const close = (refocus = false) => {
    if (!opened) return;
    opened.undo();
    opened.menu.remove();
    opened = null;
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  };
  const open = (last = false) => {
    const menu = buildMenu(items(), label, close);
    button.after(menu);
    place(menu, button);
    opened = { menu, undo: closeOnLeave(menu, button, () => close()) };
    button.setAttribute("aria-expanded", "true");
    const entries = [...menu.querySelectorAll("button")];
    goTo(entries, last ? entries.length - 1 : 0);
  };
  button.addEventListener("click", () => (opened ? close(true) : open()));
  button.addEventListener("keydown", (event) => {
    if (opened || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    open(event.key === "ArrowUp");
  });
}

function buildMenu(items, label, close) {
  const menu = h("div.popup.menu", { role: "menu", "aria-label": label, id: uid("menu") });
  for (const item of items) menu.append(menuItem(item, close));
  menu.addEventListener("keydown", (event) => moveInMenu(event, menu, close));
  return menu;
}

function menuItem(item, close) {
  const radio = item.checked !== undefined;
  const attrs = {
    type: "button", tabindex: "-1", role: radio ? "menuitemradio" : "menuitem",
    "aria-checked": radio ? String(item.checked) : null,
    onclick: () => {
      close(true);
      item.run();
    },
  };
  return h("button.menu-item", attrs, item.node);
}

// One entry can be reached by Tab, the one where the focus was last (WAI-ARIA, roving tabindex).
function goTo(entries, target) {
  for (const [at, entry] of entries.entries()) entry.tabIndex = at === target ? 0 : -1;
  entries[target]?.focus();
}

function moveInMenu(event, menu, close) {
  const entries = [...menu.querySelectorAll("button")];
  const target = arrowTarget(event.key, entries.indexOf(document.activeElement), entries.length);
  if (target !== null) {
    event.preventDefault();
    goTo(entries, target);
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close(true);
  }
}
