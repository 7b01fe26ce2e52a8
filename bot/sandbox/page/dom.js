// @ts-check
/**
 * The one place that makes DOM nodes. Data only ever becomes text nodes or attribute values,
 * so nothing that a person, the bot or the cloud wrote can turn into markup.
 */

let counter = 0;

/** A document-wide unique id, for labels and ARIA references. */
export const uid = (/** @type {string} */ prefix) => `${prefix}-${(counter += 1)}`;

/**
 * @param {string} spec tag name with optional classes: "div.row.tight"
 * @param {Record<string, any>} [attrs] attributes; `on*` functions become listeners, true an empty
 *   attribute, null, undefined and false nothing
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(spec, attrs = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attrs)) setAttribute(node, name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon from one path on a 20 × 20 grid. */
export function icon(path, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", className);
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  close: "M5 5l10 10M15 5 5 15",
  menu: "M3 5h14M3 10h14M3 15h14",
  send: "M3 3.5 17.5 10 3 16.5 5 10zM5 10h6",
  reply: "M4 4h12v9H9l-3.5 3V13H4z",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  cloud: "M6 15.5a3.5 3.5 0 0 1-.4-7A4.8 4.8 0 0 1 15 9.1a3.2 3.2 0 0 1-.5 6.4z",
  steps: "M4 5.5l1.5 1.5L8 4M11 5.5h6M4 13l1.5 1.5L8 11.5M11 13h6",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  moon: "M15.5 12.5A6.5 6.5 0 0 1 7.5 4.5a6.5 6.5 0 1 0 8 8z",
  database: "M4 5c0-1.2 2.7-2.2 6-2.2s6 1 6 2.2-2.7 2.2-6 2.2S4 6.2 4 5zM4 5v10c0 1.2 2.7 2.2 6 2.2s6-1 6-2.2V5M4 10c0 1.2 2.7 2.2 6 2.2s6-1 6-2.2",
  down: "M5 7.5l5 5 5-5",
  file: "M5 2.5h6.5L15 6v11.5H5zM11 2.5V6.5h4",
  back: "M12 4l-6 6 6 6",
  bolt: "M11 2.5 4.5 11.5H10L9 17.5 15.5 8.5H10z",
  clock: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2",
};

/** Links lead only to the web or to mail; everything else (javascript:, data:) is no link. */
export function safeHref(url) {
  try {
    const parsed = new URL(url, location.href);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link in a new tab, or plain text when the address is not a safe one. */
export function link(url, ...children) {
  const href = safeHref(url);
  if (href === null) return h("span", {}, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Runs `change` and puts the focus back on the same control if the change rebuilt it. */
export function keepingFocus(change) {
  const active = /** @type {any} */ (document.activeElement);
  const key = active?.closest?.("[data-focus]")?.getAttribute("data-focus");
  const caret = active && "selectionStart" in active ? active.selectionStart : null;
  change();
  if (!key || active.isConnected) return;
  const again = /** @type {any} */ (document.querySelector(`[data-focus="${CSS.escape(key)}"]`));
  again?.focus();
  if (again && caret !== null && "selectionStart" in again) restoreCaret(again, caret);
}

function restoreCaret(field, caret) {
  try {
    field.setSelectionRange(caret, caret);
  } catch {
    // Number and date fields have no caret to restore.
  }
}
