// @ts-check
/**
 * Block Kit's interactive elements.
 * @typedef {{
 *   id: string, kind: "message"|"view"|"home", reader: import("./mrkdwn.js").Reader,
 *   people: () => any[], channels: () => any[], here: () => string|null,
 *   get: (blockId: string, actionId: string) => any, set: (blockId: string, actionId: string, state: any) => void,
 *   act: (blockId: string, actionId: string, action: any, confirm?: any) => Promise<boolean>,
 *   options: (blockId: string, actionId: string, typed: string) => Promise<any>
 * }} Surface
 * @typedef {{element: any, blockId: string, surface: Surface, labelledBy: string|null, describedBy: string|null,
 *   label: string, quiet: boolean}} Place `quiet`: an input block's element tells nobody until the form is sent
 */
import { h, icon, ICONS, link, uid } from "./dom.js";
import { confirmDialog } from "./dialog.js";
import { unixToZoned, zonedToUnix } from "./dates.js";
import { attachMenu } from "./menu.js";
import { renderPlain, renderText } from "./mrkdwn.js";
import { combobox } from "./select.js";
import { selectSetup } from "./choices.js";

/** @param {Place} place @returns {HTMLElement} */
export function renderElement(place) {
  const { type } = place.element;
  if (type.endsWith("select")) return combobox(selectSetup(place, change));
  const make = MAKERS[type];
  if (make) return make(place);
  return h("span.unsupported", {}, `[${type}: not shown in the sandbox]`);
}

const MAKERS = {
  button, overflow, checkboxes, image, workflow_button: button, icon_button: button,
  radio_buttons: radios, datepicker, timepicker, datetimepicker,
  plain_text_input: textInput, number_input: textInput, email_text_input: textInput, url_text_input: textInput,
};

const focusKey = ({ surface, blockId, element }) => `${surface.id}/${blockId}/${element.action_id}`;

/** Keeps a new state and, outside quiet input blocks, tells the app. */
export async function change(place, state) {
  const { surface, blockId, element, quiet } = place;
  surface.set(blockId, element.action_id, { type: element.type, ...state });
  if (!quiet) await surface.act(blockId, element.action_id, { type: element.type, ...state }, element.confirm);
}

/** What the element starts with: what was typed before, else its initial value. */
export function current({ surface, blockId, element }, initial) {
  const kept = surface.get(blockId, element.action_id);
  if (kept) return kept;
  const state = { type: element.type, ...initial };
  surface.set(blockId, element.action_id, state);
  return state;
}

function button(place) {
  const { element, surface, blockId } = place;
  const text = element.text ?? element.accessibility_label ?? element.icon ?? "";
  const style = ["primary", "danger"].includes(element.style) ? `.${element.style}` : "";
  const attrs = { type: "button", "data-focus": focusKey(place), "data-action": element.action_id, "aria-label": element.accessibility_label };
  const node = h(`button.btn${style}`, attrs, renderText(text, surface.reader));
  const action = { type: "button", value: element.value };
  if (element.url) node.title = element.url;
  node.addEventListener("click", async () => {
    if (await allowed(element.confirm, surface.reader)) await press(node, element, () => surface.act(blockId, element.action_id, action));
  });
  return node;
}

async function press(node, element, act) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    const sent = await act();
    if (sent && element.url) link(element.url).click();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

function overflow(place) {
  const { element, surface, blockId } = place;
  const button_ = h("button.btn.icon-only", { type: "button", "aria-label": "More options", "data-focus": focusKey(place) }, icon(ICONS.more));
  const pick = async (option) => {
    const sent = await surface.act(blockId, element.action_id, { type: "overflow", selected_option: option }, element.confirm);
    if (sent && option.url) link(option.url).click();
  };
  const items = () => (element.options ?? []).map((option) => ({ node: optionText(option, surface.reader), run: () => pick(option) }));
  attachMenu(button_, items, "More options");
  return h("span.menu-anchor", {}, button_);
}

function optionText(option, reader) {
  return h("span", { dir: "auto" }, h("span.option-label", {}, renderText(option.text, reader)),
    option.description ? h("span.option-description", {}, renderText(option.description, reader)) : null);
}

function checkboxes(place) {
  const start = current(place, { selected_options: place.element.initial_options ?? [] }).selected_options;
  const chosen = new Set(start.map((option) => option.value));
  const flip = (option, on) => {
    chosen[on ? "add" : "delete"](option.value);
    return change(place, { selected_options: place.element.options.filter(({ value }) => chosen.has(value)) });
  };
  return choiceGroup(place, "checkbox", (option) => chosen.has(option.value), flip);
}

function radios(place) {
  const start = current(place, { selected_option: place.element.initial_option ?? null }).selected_option;
  return choiceGroup(place, "radio", (option) => option.value === start?.value, (option) => change(place, { selected_option: option }));
}

function choiceGroup(place, type, isOn, onChange) {
  const { element, surface } = place;
  const name = uid(type);
  const group = h("div.choices", {
    role: type === "radio" ? "radiogroup" : "group", "aria-labelledby": place.labelledBy,
    "aria-label": place.labelledBy ? null : place.label, "aria-describedby": place.describedBy,
  });
  for (const option of element.options ?? []) {
    const input = h("input", { type, name, checked: isOn(option), "data-focus": `${focusKey(place)}/${option.value}`, onchange: (event) => onChange(option, event.target.checked) });
    group.append(h("label.choice", {}, input, optionText(option, surface.reader)));
  }
  return group;
}

function labels(place) {
  return {
    "aria-labelledby": place.labelledBy, "aria-label": place.labelledBy ? null : place.label,
    "aria-describedby": place.describedBy, "data-focus": focusKey(place),
    autofocus: Boolean(place.element.focus_on_load),
  };
}

/** Native pickers fire at each typed digit: what is typed counts on leaving or Enter, a pick at once. */
function settle(input, commit) {
  let typing = false;
  let last = input.value;
  const send = () => {
    typing = false;
    if (input.value === last) return;
    last = input.value;
    commit(input.value || null);
  };
  input.addEventListener("keydown", (event) => {
    typing = event.key !== "Enter";
    if (event.key === "Enter") send();
  });
  input.addEventListener("pointerdown", () => (typing = false));
  input.addEventListener("change", () => typing || send());
  input.addEventListener("blur", send);
  return input;
}

function datepicker(place) {
  const { selected_date: value } = current(place, { selected_date: place.element.initial_date ?? null });
  const input = h("input.field", { type: "date", value, ...labels(place) });
  return settle(input, (date) => change(place, { selected_date: date }));
}

function timepicker(place) {
  const { selected_time: value } = current(place, { selected_time: place.element.initial_time ?? null });
  const input = h("input.field", { type: "time", value, ...labels(place) });
  return settle(input, (time) => change(place, { selected_time: time }));
}

function datetimepicker(place) {
  const { tz } = place.surface.reader;
  const { selected_date_time: unix } = current(place, { selected_date_time: place.element.initial_date_time ?? null });
  const input = h("input.field", { type: "datetime-local", value: unix ? unixToZoned(unix, tz) : null, ...labels(place) });
  settle(input, (local) => change(place, { selected_date_time: local ? zonedToUnix(local, tz) : null }));
  return h("span.with-zone", {}, input, h("span.zone", {}, tz.replaceAll("_", " ")));
}

const INPUT_TYPES = { number_input: "text", email_text_input: "email", url_text_input: "url", plain_text_input: "text" };

function textInput(place) {
  const { element } = place;
  const { value } = current(place, { value: element.initial_value ?? null });
  const attrs = {
    ...labels(place), maxlength: element.max_length, dir: "auto",
    placeholder: element.placeholder?.text, inputmode: element.type === "number_input" ? "decimal" : null,
  };
  const node = element.multiline ? h("textarea.field", { rows: "4", ...attrs }) : h("input.field", { type: INPUT_TYPES[element.type], ...attrs });
  node.value = value ?? "";
  listenToTyping(node, place);
  return node;
}

function listenToTyping(node, place) {
  const { element, surface, blockId, quiet } = place;
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const keep = () => surface.set(blockId, element.action_id, { type: element.type, value: node.value || null });
  const tell = () => surface.act(blockId, element.action_id, { type: element.type, value: node.value || null });
  let timer = 0;
  node.addEventListener("input", () => {
    keep();
    if (quiet || !triggers.includes("on_character_entered")) return;
    clearTimeout(timer);
    timer = setTimeout(tell, 250);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || element.multiline || quiet || !triggers.includes("on_enter_pressed")) return;
    event.preventDefault();
    tell();
  });
}

function image({ element }) {
  return renderImage(element, "thumb");
}

/** Pictures of other hosts are not fetched: the page talks to nobody but the sandbox. */
export function renderImage(image_, className) {
  const url = image_.image_url ?? "";
  const local = url.startsWith("data:image/") || (URL.canParse(url) && new URL(url).origin === location.origin);
  const instead = () => h(`span.image-alt.${className}`, { role: "img", "aria-label": image_.alt_text ?? "" }, renderPlain(image_.alt_text ?? "image"));
  if (!local) return instead();
  const node = h(`img.${className}`, { src: url, alt: image_.alt_text ?? "" });
  node.addEventListener("error", () => node.replaceWith(instead()));
  return node;
}

/** Asks first if the element wants it. */
export const allowed = async (confirm, reader) => !confirm || confirmDialog(confirm, reader);
