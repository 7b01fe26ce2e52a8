// @ts-check
/** Slack's newer blocks in a readable form: nothing that an app says in them is lost. */
import { h } from "./dom.js";
import { renderElement, renderImage } from "./elements.js";
import { renderText } from "./mrkdwn.js";
import { renderRichText } from "./richtext.js";
import { dataTable } from "./tables.js";

const ALERTS = { info: "Note", warning: "Warning", error: "Error", success: "Done" };
const STATUS = { pending: "Waiting", in_progress: "Running", complete: "Done", error: "Failed" };

const text = (object, surface, spec) =>
  object ? h(spec, { dir: "auto" }, object.type === "rich_text" ? renderRichText(object, surface.reader) : renderText(object, surface.reader)) : null;

const buttons = (items, id, surface) => (items ?? []).map((element) =>
  renderElement({ element, blockId: id, surface, labelledBy: null, describedBy: null, quiet: false, label: element.text?.text ?? element.type }));

function alert(block, surface) {
  const level = block.level in ALERTS ? block.level : "info";
  return h(`div.alert.${level}`, { role: "note" }, h("strong", {}, `${ALERTS[level]}: `), text(block.text, surface, "span.text"));
}

function task(block, surface) {
  const status = block.status in STATUS ? block.status : "pending";
  return h(`div.task.${status}`, {},
    h("div.task-head", {}, h("span.task-status", {}, STATUS[status]), text(block.title, surface, "span.text")),
    text(block.details, surface, "div.task-more"), text(block.output, surface, "div.task-more"));
}

function plan(block, surface) {
  const tasks = (block.tasks ?? []).map((item) => h("li", {}, task(item, surface)));
  return h("div.plan", {}, text(block.title, surface, "div.plan-title"), h("ol.tasks", {}, ...tasks));
}

function card(block, surface, id) {
  return h("div.card", {},
    block.hero_image ? renderImage(block.hero_image, "picture") : null,
    h("div.card-head", {}, block.icon ? renderImage(block.icon, "context-image") : null,
      h("div", {}, text(block.title, surface, "div.card-title"), text(block.subtitle, surface, "div.card-subtitle"))),
    text(block.body, surface, "div.text"),
    block.actions?.length ? h("div.actions", {}, ...buttons(block.actions, id, surface)) : null);
}

function container(block, surface, id, _error, renderBlocks) {
  const title = [text(block.rich_text_title ?? block.title, surface, "span.card-title"), text(block.subtitle, surface, "div.card-subtitle")];
  const body = renderBlocks(block.child_blocks ?? [], surface);
  if (!block.is_collapsible) return h("div.container", {}, ...title, body);
  return h("details.container", { open: !block.default_collapsed }, h("summary", {}, ...title), body);
}

function carousel(block, surface, id) {
  const cards = (block.elements ?? []).map((item) => card(item, surface, item.block_id ?? id));
  return h("div.carousel", { tabindex: "0", role: "group", "aria-label": "Cards" }, ...cards);
}

const contextActions = (block, surface, id) => h("div.actions", {}, ...buttons(block.elements, id, surface));

export const NEW_BLOCKS = {
  alert, plan, card, container, carousel, task_card: task, data_table: dataTable, context_actions: contextActions,
};
