// @ts-check
/** Modal dialogs: the native element, plus a Tab that goes round and a focus that comes back. */
import { h, uid } from "./dom.js";
import { renderText } from "./mrkdwn.js";

const FOCUSABLE = "a[href],button,input,select,textarea,[tabindex='0']";

/** What can take the focus inside a node, in order. */
export const focusables = (root) =>
  [...root.querySelectorAll(FOCUSABLE)].filter((node) => !node.disabled && node.offsetParent !== null && node.tabIndex >= 0);

/**
 * Opens a dialog element modally.
 * @param {HTMLDialogElement} dialog
 * @param {() => void} onEscape
 */
export function openDialog(dialog, onEscape) {
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  dialog.setAttribute("aria-modal", "true");
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onEscape();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Tab") goRound(event, dialog);
  });
  return () => {
    dialog.close();
    dialog.remove();
    restoreFocus(before);
  };
}

function goRound(event, dialog) {
  const all = focusables(dialog);
  if (!all.length) return;
  const [first, last] = [all[0], all[all.length - 1]];
  const leaving = event.shiftKey ? first : last;
  if (document.activeElement !== leaving) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

// The opener may have been redrawn meanwhile: then the same control is found by its key.
function restoreFocus(before) {
  if (before?.isConnected) return before.focus();
  const key = before?.closest("[data-focus]")?.getAttribute("data-focus");
  const again = key && document.querySelector(`[data-focus="${CSS.escape(key)}"]`);
  /** @type {HTMLElement|null} */ (again || document.querySelector("#composer textarea"))?.focus();
}

/**
 * Asks before an action, as the element's confirm object says.
 * @param {any} confirm Block Kit's confirm object
 * @param {import("./mrkdwn.js").Reader} reader
 * @returns {Promise<boolean>}
 */
export function confirmDialog(confirm, reader) {
  return new Promise((resolve) => {
    const title = uid("confirm-title");
    const text = uid("confirm-text");
    const answer = (value) => {
      close();
      resolve(value);
    };
    const style = confirm.style === "danger" ? "danger" : "primary";
    const dialog = h("dialog.dialog.confirm", { "aria-labelledby": title, "aria-describedby": text, role: "alertdialog" },
      h("h2.dialog-title", { id: title, dir: "auto" }, renderText(confirm.title, reader)),
      h("div.dialog-body", { id: text, dir: "auto" }, renderText(confirm.text, reader)),
      h("div.dialog-foot", {},
        h("button.btn", { type: "button", onclick: () => answer(false) }, renderText(confirm.deny ?? "Cancel", reader)),
        h(`button.btn.${style}`, { type: "button", autofocus: true, onclick: () => answer(true) }, renderText(confirm.confirm ?? "Yes", reader))));
    const close = openDialog(dialog, () => answer(false));
  });
}
