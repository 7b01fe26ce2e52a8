// @ts-check
/** The markdown block: standard Markdown, as far as chat messages use it. */
import { h, link } from "./dom.js";
import { renderPlain } from "./mrkdwn.js";

/** @param {string} source @returns {HTMLElement} */
export function renderMarkdown(source) {
  const root = h("div.markdown", { dir: "auto" });
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; ) at = takeBlock(root, lines, at);
  return root;
}

function takeBlock(root, lines, at) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  if (/^\s*```/.test(line)) return takeFence(root, lines, at);
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) return takeOne(root, h("p.md-heading", { role: "heading", "aria-level": String(Math.min(6, heading[1].length + 1)) }, inline(heading[2])), at);
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return takeOne(root, h("hr"), at);
  if (/^\s*>/.test(line)) return takeQuote(root, lines, at);
  if (ITEM.test(line)) return takeList(root, lines, at);
  if (isTable(lines, at)) return takeTable(root, lines, at);
  return takeParagraph(root, lines, at);
}

function takeOne(root, node, at) {
  root.append(node);
  return at + 1;
}

function takeFence(root, lines, at) {
  let end = at + 1;
  while (end < lines.length && !/^\s*```/.test(lines[end])) end += 1;
  root.append(h("pre.code-block", {}, lines.slice(at + 1, end).join("\n")));
  return end + 1;
}

function takeQuote(root, lines, at) {
  let end = at;
  while (end < lines.length && /^\s*>/.test(lines[end])) end += 1;
  const text = lines.slice(at, end).map((line) => line.replace(/^\s*> ?/, "")).join("\n");
  root.append(h("blockquote", {}, inline(text)));
  return end;
}

const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(.*)$/;

function takeList(root, lines, at) {
  const ordered = Boolean(ITEM.exec(lines[at])?.[2]);
  const list = h(ordered ? "ol" : "ul");
  let end = at;
  for (let match = ITEM.exec(lines[end]); match; match = ITEM.exec(lines[end] ?? "")) {
    list.append(h("li", { class: `indent-${Math.min(6, Math.floor(match[1].length / 2))}` }, inline(taskMark(match[3]))));
    end += 1;
  }
  root.append(list);
  return end;
}

const taskMark = (text) => text.replace(/^\[ \] /, "☐ ").replace(/^\[[xX]\] /, "☑ ");

const isTable = (lines, at) => lines[at].includes("|") && /^\s*\|?[\s:|-]+-[\s:|-]*$/.test(lines[at + 1] ?? "");

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function takeTable(root, lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const row = (tag) => (line) => h("tr", {}, ...cells(line).map((cell) => h(tag, {}, inline(cell))));
  const body = h("tbody", {}, ...lines.slice(at + 2, end).map(row("td")));
  const table = h("table", {}, h("thead", {}, row("th")(lines[at])), body);
  root.append(h("div.table-scroll", { tabindex: "0", role: "group", "aria-label": "Table" }, table));
  return end;
}

function takeParagraph(root, lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !/^\s*(```|>|#{1,6}\s)/.test(lines[end]) && !ITEM.test(lines[end])) end += 1;
  root.append(h("p", {}, inline(lines.slice(at, end).join("\n"))));
  return end;
}

const INLINE = /(`[^`\n]+`)|(\*\*(?=\S)[^\n]+?\*\*|__(?=\S)[^\n]+?__)|(\*(?=\S)[^*\n]+\*|\b_(?=\S)[^_\n]+_\b)|(~~[^~\n]+~~)|\[([^\]\n]+)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>)]+)/;

function inline(text) {
  const fragment = document.createDocumentFragment();
  let rest = text;
  for (let match = INLINE.exec(rest); match; match = INLINE.exec(rest)) {
    fragment.append(renderPlain(rest.slice(0, match.index)), inlineNode(match));
    rest = rest.slice(match.index + match[0].length);
  }
  fragment.append(renderPlain(rest));
  return fragment;
}

function inlineNode([whole, code, strong, em, strike, label, url]) {
  if (code) return h("code", {}, code.slice(1, -1));
  if (strong) return h("strong", {}, inline(strong.slice(2, -2)));
  if (em) return h("em", {}, inline(em.slice(1, -1)));
  if (strike) return h("s", {}, inline(strike.slice(2, -2)));
  return link(url ?? whole, label ?? whole);
}
