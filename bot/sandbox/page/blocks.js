// @ts-check
/** Block Kit's layout blocks as DOM. The newer ones live in newblocks.js. */
import { h, uid } from "./dom.js";
import { renderElement, renderImage } from "./elements.js";
import { renderMarkdown } from "./markdown.js";
import { renderText } from "./mrkdwn.js";
import { NEW_BLOCKS } from "./newblocks.js";
import { renderRichText } from "./richtext.js";
import { table } from "./tables.js";

/**
 * @param {any[]} blocks
 * @param {import("./elements.js").Surface} surface
 * @param {Record<string, string>} [errors] per block_id, shown at the field
 * @returns {DocumentFragment}
 */
export function renderBlocks(blocks, surface, errors = {}) {
  const fragment = document.createDocumentFragment();
  blocks.forEach((block, index) => fragment.append(renderBlock(block, surface, errors, index)));
  return fragment;
}

function renderBlock(block, surface, errors, index) {
  const id = block.block_id ?? `block-${index}`;
  const make = MAKERS[block.type] ?? NEW_BLOCKS[block.type];
  const node = make ? make(block, surface, id, errors[id], renderBlocks) : h("p.unsupported", {}, `[${block.type}: not shown in the sandbox]`);
  node.classList.add("block");
  node.setAttribute("data-block", id);
  return node;
}

const MAKERS = {
  section, header, context, actions, input, image, table,
  divider: () => h("hr"),
  rich_text: (block, surface) => renderRichText(block, surface.reader),
  markdown: (block) => renderMarkdown(block.text),
  file: (block) => h("p.unsupported", {}, `File ${block.external_id}`),
};

const text = (object, surface, spec) => h(spec, { dir: "auto" }, renderText(object, surface.reader));

function section(block, surface, id) {
  const body = h("div.section-body");
  if (block.text) body.append(text(block.text, surface, "div.text"));
  if (block.fields) body.append(h("div.fields", {}, ...block.fields.map((field) => text(field, surface, "div.text"))));
  if (!block.accessory) return h("div.section", {}, body);
  const labelId = uid("section");
  body.setAttribute("id", labelId);
  const side = ["image", "button", "overflow"].includes(block.accessory.type);
  const label = accessibleName(block.accessory, body.textContent ?? "");
  const node = element(block.accessory, id, surface, { label, labelledBy: side ? null : labelId });
  return h(`div.section.with-accessory${side ? "" : ".wide"}`, {}, body, h("div.accessory", {}, node));
}

const accessibleName = (item, around) =>
  item.accessibility_label ?? item.placeholder?.text ?? item.text?.text ?? (around.slice(0, 80) || item.type.replaceAll("_", " "));

function element(item, blockId, surface, extra = {}) {
  return renderElement({
    element: item, blockId, surface, labelledBy: null, describedBy: null, quiet: false,
    label: accessibleName(item, ""), ...extra,
  });
}

function header(block, surface) {
  return h("h2.header", { dir: "auto" }, renderText(block.text, surface.reader));
}

function context(block, surface) {
  const items = (block.elements ?? []).map((item) =>
    item.type === "image" ? renderImage(item, "context-image") : text(item, surface, "span.text"));
  return h("div.context", {}, ...items);
}

function actions(block, surface, id) {
  return h("div.actions", {}, ...(block.elements ?? []).map((item) => element(item, id, surface)));
}

function input(block, surface, id, error) {
  const [label, hint, problem] = [uid("label"), uid("hint"), uid("error")];
  const control = element(block.element, id, surface, {
    labelledBy: label, label: block.label.text, quiet: !block.dispatch_action,
    describedBy: [error && problem, block.hint && hint].filter(Boolean).join(" ") || null,
  });
  const field = control.matches("input,textarea") ? control : control.querySelector("input,textarea");
  if (error) field?.setAttribute("aria-invalid", "true");
  if (!block.optional) field?.setAttribute("aria-required", "true");
  const title = h("div.label", { id: label, dir: "auto" }, renderText(block.label, surface.reader), block.optional ? h("span.optional", {}, " (optional)") : null);
  // A press on the words goes to the field, as a native label does.
  title.addEventListener("click", () => field?.focus());
  return h(`div.input${error ? ".invalid" : ""}`, {}, title, control,
    error ? h("p.field-error", { id: problem, role: "alert", dir: "auto" }, error) : null,
    block.hint ? h("p.hint", { id: hint, dir: "auto" }, renderText(block.hint, surface.reader)) : null);
}

function image(block, surface) {
  return h("figure.image", {}, block.title ? h("figcaption", { dir: "auto" }, renderText(block.title, surface.reader)) : null, renderImage(block, "picture"));
}
