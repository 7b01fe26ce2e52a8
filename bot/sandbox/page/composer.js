// @ts-check
/** The message box: plain messages, slash commands with completion, and what one typed before. */
import { completionsFor } from "./completion.js";
import { h, icon, ICONS, uid } from "./dom.js";
import { attachMenu } from "./menu.js";
import { arrowTarget } from "./popup.js";

const TALLEST = 200;

export class Composer {
  /**
   * @param {any} app
   * @param {{label: string, thread: boolean, send: (text: string) => Promise<boolean>, hint?: string}} options
   */
  constructor(app, options) {
    this.app = app;
    this.options = options;
    this.matches = /** @type {any[]} */ ([]);
    this.active = 0;
    this.recalled = -1;
    this.list = h("div.completion", { role: "listbox", id: uid("completion"), "aria-label": "Suggestions", hidden: true });
    this.usage = h("div.usage", { hidden: true, "aria-live": "polite" });
    this.box = this.textarea();
    this.button = h("button.send", { type: "submit", "aria-label": "Send", disabled: true }, icon(ICONS.send));
    this.root = h("form.composer", { onsubmit: (event) => this.submit(event) }, this.list, this.usage,
      h("div.composer-box", {}, this.box, this.shortcuts(), this.button));
  }

  /** Slack's lightning menu: the shortcuts that belong to no message. */
  shortcuts() {
    const { app } = this;
    if (this.options.thread || !app.shortcuts("global").length) return null;
    const button = h("button.icon-button", { type: "button", title: "Shortcuts", "aria-label": "Shortcuts", "data-focus": "shortcuts" }, icon(ICONS.bolt));
    attachMenu(button, () => app.shortcuts("global").map((shortcut) => ({ node: h("span", {}, shortcut.name), run: () => app.shortcut(shortcut) })), "Shortcuts");
    return h("span.menu-anchor", {}, button);
  }

  textarea() {
    return h("textarea", {
      rows: "1", placeholder: this.options.label, "aria-label": this.options.label, dir: "auto",
      "aria-autocomplete": "list", "aria-controls": this.list.id, spellcheck: "false",
      "data-focus": this.options.thread ? "thread-box" : "message-box", maxlength: "12000",
      oninput: () => this.typed(), onkeydown: (event) => this.key(event), onblur: () => this.hide(),
      onclick: () => this.suggest(),
    });
  }

  focus() {
    this.box.focus();
  }

  /** Writes a text for the person to send or change. */
  fill(text) {
    this.box.value = text;
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.typed();
    this.hide();
  }

  rename(label) {
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", label);
  }

  typed() {
    this.recalled = -1;
    this.fit();
    this.suggest();
  }

  fit() {
    const { box } = this;
    box.style.setProperty("height", "auto");
    box.style.setProperty("height", `${Math.min(TALLEST, box.scrollHeight)}px`);
    this.button.disabled = !box.value.trim();
  }

  // ---- completion ----

  suggest() {
    const { matches, command } = completionsFor(this.app, this.box.value, this.box.selectionStart, this.options.thread);
    this.matches = matches;
    this.showUsage(command);
    if (!matches.length) return this.hide();
    this.list.replaceChildren(...matches.map((match, index) => this.suggestion(match, index)));
    this.list.hidden = false;
    this.activate(0);
  }

  showUsage(command) {
    this.usage.hidden = !command;
    if (!command) return;
    this.usage.replaceChildren(h("code", {}, `${command.command} `, h("span", {}, command.usage_hint ?? "")), h("span.usage-text", {}, command.description ?? ""));
  }

  suggestion(match, index) {
    const attrs = {
      role: "option", id: `${this.list.id}-${index}`, onpointerdown: (event) => event.preventDefault(), onclick: () => this.take(match),
    };
    return h("div.suggestion", attrs, h("span.suggestion-name", {}, match.name), match.hint ? h("span.suggestion-hint", {}, ` ${match.hint}`) : null,
      match.description ? h("span.suggestion-text", {}, match.description) : null);
  }

  activate(index) {
    this.active = index;
    [...this.list.children].forEach((node, at) => {
      node.setAttribute("aria-selected", String(at === index));
    });
    const node = this.list.children[index];
    this.box.setAttribute("aria-activedescendant", node.id);
    node.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.list.hidden = true;
    this.box.removeAttribute("aria-activedescendant");
  }

  take(match) {
    const { value } = this.box;
    const caret = match.start + match.insert.length;
    this.box.value = value.slice(0, match.start) + match.insert + value.slice(match.end);
    this.box.focus();
    this.box.setSelectionRange(caret, caret);
    this.typed();
  }

  // ---- keys ----

  key(event) {
    if (event.isComposing) return;
    if (!this.list.hidden ? this.keyInList(event) : this.keyInText(event)) event.preventDefault();
  }

  keyInList(event) {
    const arrows = ["ArrowUp", "ArrowDown"].includes(event.key);
    const target = arrows ? arrowTarget(event.key, this.active, this.matches.length) : null;
    if (target !== null) this.activate(target);
    else if (event.key === "Escape") this.hide();
    else if (event.key === "Tab" && !event.shiftKey) this.take(this.matches[this.active]);
    else if (event.key === "Enter" && !event.shiftKey) this.takeOrSend();
    else return false;
    return true;
  }

  // A name that is already whole is meant to be sent, as chat users expect.
  takeOrSend() {
    const match = this.matches[this.active];
    const whole = this.box.value.slice(match.start, match.end) === match.insert.trimEnd();
    if (whole && this.matches.length === 1) this.submit();
    else this.take(match);
  }

  keyInText(event) {
    if (event.key === "Enter" && !event.shiftKey) this.submit();
    else if (event.key === "ArrowUp") return this.recall(1);
    else if (event.key === "ArrowDown") return this.recall(-1);
    else return false;
    return true;
  }

  /** Goes through what this person sent; only from an empty box or while going through it. */
  recall(step) {
    const sent = this.app.history(this.options.thread);
    if (this.box.value && this.recalled < 0) return false;
    const target = this.recalled + step;
    if (target >= sent.length || target < -1) return target >= sent.length && sent.length > 0;
    this.recalled = target;
    this.box.value = target < 0 ? "" : sent[target];
    this.box.setSelectionRange(this.box.value.length, this.box.value.length);
    this.fit();
    this.showUsage(null);
    return true;
  }

  async submit(event) {
    event?.preventDefault();
    const text = this.box.value;
    if (!text.trim()) return;
    this.box.value = "";
    this.typed();
    this.hide();
    this.app.remember(text, this.options.thread);
    if (!(await this.options.send(text)) && !this.box.value) this.fill(text);
  }
}
