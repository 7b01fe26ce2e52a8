// @ts-check
/** The rich_text block: structured text instead of marks. */
import { h, link } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { channelLink, dateNode, mention } from "./mrkdwn.js";

/** @param {any} block @param {import("./mrkdwn.js").Reader} reader */
export function renderRichText(block, reader) {
  const node = h("div.rich-text", { dir: "auto" });
  for (const part of block.elements ?? []) node.append(container(part, reader));
  return node;
}

function container(part, reader) {
  if (part.type === "rich_text_list") return list(part, reader);
  const tags = { rich_text_preformatted: "pre.code-block", rich_text_quote: "blockquote" };
  const node = h(tags[part.type] ?? "div.rich-section");
  for (const item of part.elements ?? []) node.append(inline(item, reader));
  return node;
}

function list(part, reader) {
  const node = h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 6)}` });
  if (part.offset) node.setAttribute("start", String(part.offset + 1));
  for (const item of part.elements ?? []) node.append(h("li", {}, container(item, reader)));
  return node;
}

const INLINE = {
  text: (item) => document.createTextNode(item.text),
  link: (item) => link(item.url, item.text || item.url),
  emoji: (item) => h("span.emoji", { role: "img", "aria-label": item.name }, emojiFor(item.name) ?? `:${item.name}:`),
  user: (item, reader) => mention(item.user_id, "", reader),
  channel: (item, reader) => channelLink(item.channel_id, "", reader),
  usergroup: (item, reader) => h("span.mention", {}, `@${reader.groupName(item.usergroup_id) ?? item.usergroup_id}`),
  broadcast: (item) => h("span.mention.broadcast", {}, `@${item.range}`),
  date: (item, reader) => dateNode(item.timestamp, item.format, item.url, item.fallback ?? "", reader),
  color: (item) => h("code", {}, item.value),
};

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function inline(item, reader) {
  const plain = INLINE[item.type]?.(item, reader) ?? document.createTextNode(item.text ?? item.fallback ?? "");
  return Object.entries(STYLES).reduce(
    (node, [style, tag]) => (item.style?.[style] ? h(tag, {}, node) : node), plain);
}
