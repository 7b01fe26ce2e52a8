// @ts-check
/**
 * Slack's mrkdwn as DOM nodes. Hostile text is inert by construction: see dom.js.
 * @typedef {import("./dates.js").DateReader & {
 *   userName: (id: string) => string|null, channelName: (id: string) => string|null,
 *   groupName: (id: string) => string|null, isMe: (id: string) => boolean,
 *   openChannel: (id: string) => void }} Reader
 */
import { formatDate, fullStamp } from "./dates.js";
import { h, link } from "./dom.js";
import { emojiFor } from "./emoji.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const MAX_NESTING = 6;

/** Slack escapes exactly these three. */
export const unescape = (text) =>
  text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** @param {any} object a text composition object @param {Reader} reader */
export function renderText(object, reader) {
  if (!object) return document.createDocumentFragment();
  if (typeof object === "string") return renderPlain(object);
  if (object.type === "mrkdwn") return renderMrkdwn(object.text, reader, Boolean(object.verbatim));
  return renderPlain(object.text ?? "", object.emoji !== false);
}

/** Text as it stands, with :emoji: drawn. */
export function renderPlain(text, emoji = true) {
  const fragment = document.createDocumentFragment();
  const pieces = emoji ? text.split(/(:[a-z0-9_+-]+:)/) : [text];
  for (const piece of pieces) fragment.append(emojiNode(piece) ?? piece);
  return fragment;
}

function emojiNode(piece) {
  const name = /^:([a-z0-9_+-]+):$/.exec(piece)?.[1];
  const drawn = name ? emojiFor(name) : null;
  return drawn && h("span.emoji", { role: "img", "aria-label": name.replace(/_/g, " "), title: piece }, drawn);
}

/** @param {string} text @param {Reader} reader @returns {DocumentFragment} */
export function renderMrkdwn(text, reader, verbatim = false) {
  const fragment = document.createDocumentFragment();
  text.split(/```([\s\S]+?)```/).forEach((piece, index) => {
    if (index % 2) fragment.append(codeBlock(piece, reader));
    else if (piece) appendLines(fragment, trimAround(piece, index, text), reader, verbatim);
  });
  return fragment;
}

// A code block brings its own line breaks.
function trimAround(piece, index, text) {
  const start = index > 0 ? piece.replace(/^\n/, "") : piece;
  return text.endsWith(piece) ? start : start.replace(/\n$/, "");
}

function codeBlock(text, reader) {
  const pre = h("pre.code-block");
  appendEntities(pre, text.replace(/^\n|\n$/g, ""), reader);
  return pre;
}

function appendEntities(into, text, reader) {
  for (const piece of text.split(/(<[^<>]+>)/)) {
    into.append((piece.startsWith("<") && entity(piece.slice(1, -1), reader)) || unescape(piece));
  }
}

const QUOTE = /^(?:&gt;|>) ?/;
const BULLET = /^\s*(?:[•◦▪‣]|[-*](?= )|\d{1,3}[.)](?= ))\s*\S/;

function kindOf(line) {
  if (QUOTE.test(line)) return "quote";
  return BULLET.test(line) ? "item" : "text";
}

function appendLines(into, text, reader, verbatim) {
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const kind = kindOf(lines[at]);
    const whole = /^(?:&gt;|>){3}/.test(lines[at]);
    let end = at + 1;
    while (end < lines.length && (whole || kindOf(lines[end]) === kind)) end += 1;
    appendRun(into, kind, lines.slice(at, end), whole, reader, verbatim);
    // Only two runs of plain text need the line break between them: the others are blocks.
    at = end;
  }
}

function appendRun(into, kind, lines, whole, reader, verbatim) {
  if (kind === "text") {
    appendInline(into, lines.join("\n"), reader, verbatim, 0);
  } else if (kind === "quote") {
    const quote = h("blockquote");
    const bare = whole ? [lines[0].replace(/^(?:&gt;|>){3} ?/, ""), ...lines.slice(1)] : lines.map((line) => line.replace(QUOTE, ""));
    appendInline(quote, bare.join("\n"), reader, verbatim, 0);
    into.append(quote);
  } else {
    for (const line of lines) into.append(hangingLine(line, reader, verbatim));
  }
}

// Slack has no lists in app-made mrkdwn: the typed bullet stays, the text hangs beside it.
function hangingLine(line, reader, verbatim) {
  const node = h("div.hang");
  appendInline(node, line, reader, verbatim, 0);
  return node;
}

/** Reads inline marks from left to right; what closes nothing is text. */
function appendInline(into, text, reader, verbatim, depth) {
  let plain = "";
  const flush = () => {
    if (plain) into.append(unescape(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const token = readToken(text, at, reader, verbatim, depth);
    if (token) {
      flush();
      into.append(token.node);
      at = token.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
}

function readToken(text, at, reader, verbatim, depth) {
  const char = text[at];
  if (char === "<") return readEntity(text, at, reader);
  if (char === "`") return readCode(text, at, reader);
  if (char === ":") return readEmoji(text, at);
  if (char in MARKS && depth < MAX_NESTING) return readMark(text, at, reader, verbatim, depth);
  if (char === "h" && !verbatim) return readUrl(text, at);
  return null;
}

function readEntity(text, at, reader) {
  const close = text.indexOf(">", at);
  const body = close > 0 ? text.slice(at + 1, close) : "";
  const node = body && !/[<\n]/.test(body) ? entity(body, reader) : null;
  return node && { node, end: close + 1 };
}

function readCode(text, at, reader) {
  const close = text.indexOf("`", at + 1);
  const body = text.slice(at + 1, close);
  if (close < 0 || !body.trim() || body.includes("\n")) return null;
  const node = h("code");
  appendEntities(node, body, reader);
  return { node, end: close + 1 };
}

function readEmoji(text, at) {
  const match = /^:[a-z0-9_+-]{1,50}:/.exec(text.slice(at, at + 52));
  const node = match && emojiNode(match[0]);
  return node ? { node, end: at + match[0].length } : null;
}

function readUrl(text, at) {
  if (at > 0 && WORD.test(text[at - 1])) return null;
  const match = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)'"*_~`]/.exec(text.slice(at, at + 2048));
  return match && { node: link(unescape(match[0]), unescape(match[0])), end: at + match[0].length };
}

function readMark(text, at, reader, verbatim, depth) {
  const close = closingMark(text, at);
  if (close < 0) return null;
  const node = h(MARKS[text[at]]);
  appendInline(node, text.slice(at + 1, close), reader, verbatim, depth + 1);
  return { node, end: close + 1 };
}

/** A mark opens before a word and after none, closes after a word and before none, on one line. */
function closingMark(text, at) {
  const mark = text[at];
  if ((at > 0 && WORD.test(text[at - 1])) || /[\s]/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return -1;
  for (let end = at + 2; end < text.length && text[end] !== "\n"; end += 1) {
    if (text[end] === mark && !/\s/.test(text[end - 1]) && !WORD.test(text[end + 1] ?? " ")) return end;
  }
  return -1;
}

/** What stands between < and >: a link, a mention or a date; null if it is none of them. */
function entity(body, reader) {
  const bar = body.indexOf("|");
  const head = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (head.startsWith("@")) return mention(head.slice(1), label, reader);
  if (head.startsWith("#")) return channelLink(head.slice(1), label, reader);
  if (head.startsWith("!")) return special(head.slice(1), label, reader);
  if (/^(https?:|mailto:)/i.test(head)) return link(unescape(head), label || unescape(head).replace(/^mailto:/, ""));
  return null;
}

export function mention(id, label, reader) {
  const name = reader.userName(id) ?? (label || id);
  return h("span.mention", { class: reader.isMe(id) ? "mention me" : "mention" }, `@${name}`);
}

export function channelLink(id, label, reader) {
  const name = reader.channelName(id);
  if (!name) return h("span.mention", {}, `#${label || id}`);
  return h("button.mention.as-link", { type: "button", onclick: () => reader.openChannel(id) }, `#${name}`);
}

function special(body, label, reader) {
  const [word, ...rest] = body.split("^");
  if (word === "date") return dateNode(Number(rest[0]), rest[1] ?? "", rest[2], label, reader);
  if (word === "subteam") {
    const name = reader.groupName(rest[0]) ?? (label.replace(/^@/, "") || rest[0]);
    return h("span.mention", {}, `@${name}`);
  }
  if (["here", "channel", "everyone"].includes(word)) return h("span.mention.broadcast", {}, `@${word}`);
  return document.createTextNode(label || `<!${body}>`);
}

/** An instant in the reader's zone; the fallback where Slack would show it too. */
export function dateNode(unix, template, url, fallback, reader) {
  const text = formatDate(unix, template, reader);
  if (text === null) return document.createTextNode(fallback);
  const time = h("time", { datetime: new Date(unix * 1000).toISOString(), title: fullStamp(unix, reader) }, text);
  return url ? link(unescape(url), time) : time;
}
