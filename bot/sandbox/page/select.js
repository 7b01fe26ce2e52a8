// @ts-check
/**
 * The select menus: one combobox with type-ahead for static, external, people and channel lists,
 * single and multi.
 * @typedef {{key: string, label: Node|string, text: string, description?: Node|string|null, raw: any, group?: string}} Choice
 * @typedef {{
 *   label: string, labelledBy?: string|null, focusKey: string, placeholder: string, multi: boolean, max?: number,
 *   chosen: Choice[], load: (typed: string) => Promise<Choice[]>|Choice[], minQuery: number, remote: boolean,
 *   onChange: (chosen: Choice[]) => void, describedBy?: string|null, autofocus?: boolean
 * }} Setup
 */
import { h, icon, ICONS, uid } from "./dom.js";
import { arrowTarget, closeOnLeave, place } from "./popup.js";

const TYPING_PAUSE = 200;

/** @param {Setup} setup */
export function combobox(setup) {
  return new Combobox(setup).root;
}

class Combobox {
  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    this.chosen = setup.chosen;
    this.choices = /** @type {Choice[]} */ ([]);
    this.active = -1;
    this.asked = 0;
    this.timer = 0;
    this.undo = () => {};
    this.list = h("div.popup.options", { role: "listbox", id: uid("options"), "aria-label": setup.label, hidden: true, "aria-multiselectable": setup.multi ? "true" : null });
    this.input = this.buildInput();
    this.status = h("span.sr-only", { role: "status" });
    this.chips = h("span.chips");
    this.root = h("div.combo", { "data-combo": "" }, this.chips, this.input, icon(ICONS.down, "icon combo-arrow"), this.list, this.status);
    this.root.addEventListener("click", (event) => event.target === this.root && this.input.focus());
    this.showChosen();
  }

  buildInput() {
    const { setup } = this;
    return h("input.combo-input", {
      type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false",
      "aria-autocomplete": "list", "aria-controls": this.list.id, "data-focus": setup.focusKey,
      "aria-label": setup.labelledBy ? null : setup.label, "aria-labelledby": setup.labelledBy,
      "aria-describedby": setup.describedBy, autofocus: setup.autofocus,
      onclick: () => this.open(), oninput: () => this.typed(), onkeydown: (event) => this.key(event),
      onblur: (event) => this.left(event),
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  open() {
    if (this.isOpen) return;
    if (!this.setup.multi) this.input.select();
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.undo = closeOnLeave(this.list, this.root, () => this.close());
    this.ask("");
  }

  close() {
    if (!this.isOpen) return;
    this.undo();
    this.asked += 1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.showChosen();
  }

  left(event) {
    if (!this.root.contains(event.relatedTarget)) this.close();
  }

  typed() {
    this.open();
    clearTimeout(this.timer);
    const wait = this.setup.remote ? TYPING_PAUSE : 0;
    this.timer = setTimeout(() => this.ask(this.input.value.trim()), wait);
  }

  async ask(typed) {
    const turn = (this.asked += 1);
    if (typed.length < this.setup.minQuery) return this.note(`Type at least ${this.setup.minQuery} characters`);
    if (this.setup.remote) this.note("Loading…");
    try {
      const choices = await this.setup.load(typed);
      if (turn === this.asked) this.show(choices);
    } catch {
      if (turn === this.asked) this.note("The app did not answer. Type again to retry.");
    }
  }

  note(text) {
    this.choices = [];
    this.active = -1;
    this.list.replaceChildren(h("div.option-note", {}, text));
    this.status.textContent = text;
    this.input.removeAttribute("aria-activedescendant");
    place(this.list, this.root);
  }

  show(choices) {
    if (choices.length === 0) return this.note("No results");
    this.choices = choices;
    let group;
    this.list.replaceChildren();
    choices.forEach((choice, index) => {
      if (choice.group && choice.group !== group) this.list.append(h("div.option-group", { role: "presentation" }, choice.group));
      group = choice.group;
      this.list.append(this.option(choice, index));
    });
    this.status.textContent = `${choices.length} ${choices.length === 1 ? "option" : "options"}`;
    const current = choices.findIndex((choice) => this.isChosen(choice));
    this.activate(this.setup.multi ? 0 : Math.max(0, current));
    place(this.list, this.root);
  }

  option(choice, index) {
    const attrs = {
      role: "option", id: `${this.list.id}-${index}`, "aria-selected": String(this.isChosen(choice)),
      onpointerdown: (event) => event.preventDefault(), onclick: () => this.choose(choice),
    };
    return h("div.option", attrs, h("span.option-label", { dir: "auto" }, choice.label),
      choice.description ? h("span.option-description", { dir: "auto" }, choice.description) : null);
  }

  activate(index) {
    this.active = index;
    const options = this.list.querySelectorAll("[role=option]");
    options.forEach((node, at) => node.classList.toggle("active", at === index));
    const node = options[index];
    if (!node) return;
    this.input.setAttribute("aria-activedescendant", node.id);
    node.scrollIntoView({ block: "nearest" });
  }

  isChosen(choice) {
    return this.chosen.some(({ key }) => key === choice.key);
  }

  choose(choice) {
    if (!this.setup.multi) this.chosen = [choice];
    else if (this.isChosen(choice)) this.chosen = this.chosen.filter(({ key }) => key !== choice.key);
    else if (this.chosen.length < (this.setup.max ?? 100)) this.chosen = [...this.chosen, choice];
    this.close();
    this.setup.onChange(this.chosen);
  }

  remove(choice) {
    this.chosen = this.chosen.filter(({ key }) => key !== choice.key);
    this.showChosen();
    this.input.focus();
    this.setup.onChange(this.chosen);
  }

  showChosen() {
    const single = !this.setup.multi && this.chosen[0];
    this.input.value = single ? single.text : "";
    this.input.placeholder = this.setup.multi && this.chosen.length ? "" : this.setup.placeholder;
    this.chips.replaceChildren(...(this.setup.multi ? this.chosen.map((choice) => this.chip(choice)) : []));
  }

  chip(choice) {
    const remove = h("button", { type: "button", "aria-label": `Remove ${choice.text}`, onclick: () => this.remove(choice) }, icon(ICONS.close));
    return h("span.chip", { dir: "auto" }, choice.text, remove);
  }

  key(event) {
    const target = this.isOpen && !["Home", "End"].includes(event.key) ? arrowTarget(event.key, this.active, this.choices.length) : null;
    if (target !== null) this.activate(target);
    else if (["ArrowDown", "ArrowUp"].includes(event.key)) this.open();
    else if (event.key === "Enter" && this.isOpen) this.choices[this.active] && this.choose(this.choices[this.active]);
    else if (event.key === "Enter") this.open();
    else if (event.key === "Escape" && this.isOpen) this.close();
    else if (event.key === "Backspace" && !this.input.value && this.chosen.length) return this.remove(this.chosen[this.chosen.length - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
