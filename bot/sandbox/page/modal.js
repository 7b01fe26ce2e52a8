// @ts-check
/** The modal on top of the person's stack: drawing, checking, sending and closing it. */
import * as api from "./api.js";
import { renderBlocks } from "./blocks.js";
import { focusables, openDialog } from "./dialog.js";
import { h, icon, ICONS, keepingFocus, uid } from "./dom.js";
import { renderText } from "./mrkdwn.js";
import { makeSurface } from "./surface.js";
import { reason } from "./toast.js";
import { missing } from "./validate.js";

export class Modal {
  constructor(app) {
    this.app = app;
    this.shown = /** @type {any} */ (null);
    this.errors = /** @type {Record<string, string>} */ ({});
  }

  /** Makes the page show what the stack says. */
  draw() {
    const stack = this.app.store.state.modals;
    const view = stack.at(-1) ?? null;
    if (!view) return this.hide();
    const sign = JSON.stringify([view, stack.length, this.app.store.userId]);
    if (this.shown?.sign === sign) return;
    const same = this.shown?.view.id === view.id;
    if (!this.shown) this.build();
    const top = same ? this.shown.body.scrollTop : 0;
    Object.assign(this.shown, { view, sign, deep: stack.length > 1, problem: "" });
    if (!same) this.errors = {};
    keepingFocus(() => this.fill());
    this.shown.body.scrollTop = top;
    if (!same) this.focusFirst();
  }

  hide() {
    this.shown?.undo();
    this.shown = null;
  }

  build() {
    const title = uid("modal-title");
    const form = h("form.modal-form", { novalidate: true, onsubmit: (event) => this.submit(event) });
    const dialog = h("dialog.dialog.modal", { "aria-labelledby": title }, form);
    const undo = openDialog(dialog, () => this.close());
    this.shown = { dialog, form, title, undo, body: h("div"), view: { id: null } };
  }

  fill() {
    const { view, form, title, deep } = this.shown;
    const { reader } = this.app;
    const surface = makeSurface(this.app, "view", { type: "view", view_id: view.id }, `v-${view.id}`, (blockId) => this.mend(blockId));
    this.surface = surface;
    const body = h("div.dialog-body.blocks", {}, renderBlocks(view.blocks, surface, this.errors));
    const close = view.close ? renderText(view.close, reader) : "Cancel";
    form.replaceChildren(
      h("div.dialog-head", {},
        deep ? h("button.icon-button", { type: "button", "aria-label": "Back", onclick: () => this.close() }, icon(ICONS.back)) : null,
        h("h2.dialog-title", { id: title, dir: "auto" }, renderText(view.title, reader)),
        h("button.icon-button", { type: "button", "aria-label": "Close", "data-focus": "modal-x", onclick: () => this.close() }, icon(ICONS.close))),
      this.shown.problem ? h("p.modal-problem", { role: "alert" }, this.shown.problem) : "",
      body,
      h("div.dialog-foot", {}, h("button.btn", { type: "button", "data-focus": "modal-close", onclick: () => this.close() }, close),
        view.submit ? h("button.btn.primary", { type: "submit", "data-focus": "modal-submit" }, renderText(view.submit, reader)) : null));
    this.shown.body = body;
  }

  focusFirst() {
    const inside = focusables(this.shown.body);
    const wanted = this.shown.body.querySelector("[autofocus]") ?? inside[0] ?? this.shown.form.querySelector("[data-focus=modal-x]");
    wanted?.focus();
  }

  async close() {
    const { id } = this.shown.view;
    this.app.store.apply({ type: "modal_closed", view_id: id });
    this.app.changed();
    await this.app.quietly(api.post("/page/close", { user: this.app.store.userId, view_id: id }));
  }

  async submit(event) {
    event.preventDefault();
    const { view, form } = this.shown;
    if (form.getAttribute("aria-busy") === "true") return;
    const values = this.values(view);
    const problems = missing(view.blocks, values);
    if (Object.keys(problems).length) return this.show(problems);
    this.busy(true);
    try {
      const answer = await api.post("/page/submit", { user: this.app.store.userId, view_id: view.id, values });
      await this.settle(view, answer);
    } catch (error) {
      this.show({}, error.message);
    } finally {
      if (this.shown) this.busy(false);
    }
  }

  async settle(view, { ok, error, errors }) {
    if (errors && Object.keys(errors).length) this.show(errors);
    else if (!ok) this.show({}, `The form was not taken: ${reason(error)} You can send it again.`);
    else await this.app.reload();
    if (ok && !errors && this.shown?.view.id === view.id) this.errors = {};
  }

  busy(on) {
    this.shown.form.setAttribute("aria-busy", String(on));
    const button = this.shown.form.querySelector("[type=submit]");
    button?.setAttribute("aria-disabled", String(on));
  }

  /** Puts each problem at its field, and the focus on the first. */
  show(errors, problem = "") {
    this.errors = errors;
    this.shown.problem = problem;
    keepingFocus(() => this.fill());
    const first = /** @type {HTMLElement|null} */ (this.shown.body.querySelector("[aria-invalid=true]"));
    first?.focus();
  }

  /** A field that was changed after a complaint is not complained about any longer. */
  mend(blockId) {
    if (!this.errors[blockId]) return;
    delete this.errors[blockId];
    const block = this.shown.body.querySelector(`[data-block="${CSS.escape(blockId)}"]`);
    block.classList.remove("invalid");
    block.querySelector(".field-error")?.remove();
    block.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }

  /** What stands in the fields of this version of the form; older versions may have had others. */
  values(view) {
    const all = this.app.store.values(`${this.app.store.userId}/v-${view.id}`);
    const kept = {};
    for (const block of view.blocks) {
      for (const { action_id: id } of [block.element, block.accessory, ...(block.elements ?? [])].filter(Boolean)) {
        const state = all[block.block_id]?.[id];
        if (state) (kept[block.block_id] ??= {})[id] = state;
      }
    }
    return kept;
  }
}
