// @ts-check
/** The frame around everything: top bar, and on narrow screens the drawer with the channels. */

/** @returns {HTMLElement} an element of index.html */
export const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Changes a text node only if it differs: screen readers hear every change. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Connects the buttons of the frame. */
export function wireFrame(app) {
  const toggle = (kind) => () => app.showSide(app.store.side?.kind === kind ? null : { kind });
  byId("open-cloud").addEventListener("click", toggle("cloud"));
  byId("open-tour").addEventListener("click", toggle("tour"));
  byId("open-sidebar").addEventListener("click", openDrawer);
  byId("close-sidebar").addEventListener("click", () => closeDrawer(true));
  byId("scrim").addEventListener("click", () => closeDrawer());
  byId("sidebar").addEventListener("keydown", (event) => event.key === "Escape" && closeDrawer(true));
  byId("side").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) app.showSide(null);
  });
  document.addEventListener("visibilitychange", () => app.changed());
}

function openDrawer() {
  document.body.classList.add("drawer");
  byId("open-sidebar").setAttribute("aria-expanded", "true");
  byId("close-sidebar").focus();
}

/** @param {boolean} [refocus] whether the focus goes back to what opened the drawer */
export function closeDrawer(refocus = false) {
  const open = document.body.classList.contains("drawer");
  document.body.classList.remove("drawer");
  byId("open-sidebar").setAttribute("aria-expanded", "false");
  if (open && refocus) byId("open-sidebar").focus();
}
