// @ts-check
/** Messages: one as a node, and a list that redraws only what changed. */
import { renderBlocks } from "./blocks.js";
import { ago, dayKey, dayLabel, fullStamp, timeOfDay } from "./dates.js";
import { h, icon, ICONS, keepingFocus, link } from "./dom.js";
import { attachMenu } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { avatar } from "./people.js";
import { makeSurface } from "./surface.js";

const GROUP_SECONDS = 300;

/** A list of messages inside one scrolling log. */
export class MessageList {
  /** @param {any} app @param {HTMLElement} root @param {{thread: boolean}} options */
  constructor(app, root, options) {
    this.app = app;
    this.root = root;
    this.options = options;
    this.drawn = new Map();
  }

  /** @param {any[]} messages oldest first @param {number} [mark] unread from here, Unix seconds */
  draw(messages, mark = Infinity) {
    const atEnd = this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < 60;
    keepingFocus(() => this.sync(this.rows(messages, mark)));
    if (atEnd) this.toEnd();
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
  }

  rows(messages, mark) {
    const rows = [];
    const { store, reader } = this.app;
    let before = null;
    let marked = false;
    for (const message of messages) {
      const day = dayKey(Number(message.ts), reader.tz);
      const newDay = !before || dayKey(Number(before.ts), reader.tz) !== day;
      const isNew = !marked && Number(message.ts) > mark && message.user !== store.userId;
      if (newDay && !this.options.thread) rows.push(this.divider(`day-${day}`, dayLabel(Number(message.ts), reader)));
      if (isNew) rows.push({ key: "new", sign: "new", make: () => h("div.divider.new", { role: "separator", "aria-label": "New messages" }, h("span", {}, "New")) });
      marked ||= isNew;
      rows.push(this.row(message, newDay || isNew ? null : before));
      before = message;
    }
    return rows;
  }

  divider(key, label) {
    return { key, sign: label, make: () => h("div.divider", { role: "separator", "aria-label": label }, h("span", {}, label)) };
  }

  row(message, before) {
    const { app } = this;
    const joined = Boolean(before) && follows(before, message) && !this.options.thread;
    const thread = this.options.thread ? null : threadFacts(app.store, message);
    const sign = JSON.stringify([message, joined, thread, app.reader.tz, app.reader.locale]);
    return { key: message.ts, sign, make: () => renderMessage(app, message, { joined, thread, inThread: this.options.thread }) };
  }

  sync(rows) {
    const wanted = new Map();
    rows.forEach((row, index) => {
      const old = this.drawn.get(row.key);
      const node = old?.sign === row.sign ? old.node : row.make();
      if (old && old.node !== node && old.node.isConnected) old.node.replaceWith(node);
      if (this.root.children[index] !== node) this.root.insertBefore(node, this.root.children[index] ?? null);
      wanted.set(row.key, { sign: row.sign, node });
    });
    while (this.root.children.length > rows.length) this.root.lastChild?.remove();
    this.drawn = wanted;
  }
}

const author = (message) => `${message.user ?? ""}/${message.bot_id ?? ""}/${message.username ?? ""}`;

function follows(before, message) {
  return author(before) === author(message) && Number(message.ts) - Number(before.ts) < GROUP_SECONDS
    && !before.ephemeral && !message.ephemeral && !before.reply_count;
}

function threadFacts(store, message) {
  const replies = store.thread(message.channel, message.ts).filter((one) => one.ts !== message.ts);
  const count = Math.max(replies.length, message.reply_count ?? 0);
  if (!count) return null;
  const names = [...new Set(replies.map((reply) => nameOf(store, reply)))].slice(0, 4);
  return { count, names, latest: replies.at(-1)?.ts ?? message.latest_reply ?? message.ts };
}

function nameOf(store, message) {
  if (store.isBot(message)) return message.username || store.state.bot.name;
  const user = store.user(message.user);
  return user?.real_name || message.username || message.user || "Somebody";
}

function renderMessage(app, message, { joined, thread, inThread }) {
  const { store } = app;
  const bot = store.isBot(message);
  const name = nameOf(store, message);
  const label = `${name}, ${fullStamp(Number(message.ts), app.reader)}`;
  const node = h(`article.message${joined ? ".joined" : ""}${message.ephemeral ? ".ephemeral" : ""}`,
    { "aria-label": label, "data-ts": message.ts, tabindex: "-1" });
  node.append(h("div.gutter", {}, joined ? shortTime(app, message) : avatar(name, { bot })));
  node.append(h("div.message-body", {},
    message.ephemeral ? onlyYou(app, message) : null,
    joined ? null : heading(app, message, name, bot),
    body(app, message, inThread),
    thread ? threadLink(app, message, thread) : null));
  if (!message.ephemeral) node.append(toolbar(app, message, inThread));
  return node;
}

const shortTime = (app, message) => h("span.joined-time", { "aria-hidden": "true" }, timeOfDay(Number(message.ts), app.reader));

function heading(app, message, name, bot) {
  const at = Number(message.ts);
  return h("div.message-head", {}, h("span.author", { dir: "auto" }, name), bot ? h("span.app-badge", {}, "APP") : null,
    h("time.stamp", { datetime: new Date(at * 1000).toISOString(), title: fullStamp(at, app.reader) }, timeOfDay(at, app.reader)));
}

function onlyYou(app, message) {
  const dismiss = () => {
    app.store.dismissed.add(message.ts);
    app.changed();
  };
  return h("div.only-you", {}, icon(ICONS.eye), h("span", {}, "Only visible to you"), h("span", { "aria-hidden": "true" }, "·"),
    h("button.text-button", { type: "button", onclick: dismiss, "aria-label": "Dismiss this message" }, "Dismiss"));
}

function body(app, message, inThread) {
  const container = { type: "message", channel: message.channel, ts: message.ts };
  const surface = makeSurface(app, "message", container, `${inThread ? "t" : "m"}-${message.ts}`);
  const node = h("div.content");
  if (message.blocks?.length) node.append(renderBlocks(message.blocks, surface));
  else if (message.text) node.append(h("div.text", { dir: "auto" }, renderMrkdwn(message.text, app.reader)));
  for (const file of message.files ?? []) node.append(fileCard(file));
  if (message.edited) node.append(h("span.edited", {}, "(edited)"));
  return node;
}

function fileCard(file) {
  const size = file.size ? ` · ${(file.size / 1000).toFixed(1)} kB` : "";
  const title = h("span.file-title", { dir: "auto" }, file.title || file.name || "File");
  return h("div.file", {}, icon(ICONS.file), h("span.file-text", {}, fileTitle(file, title), h("span.file-kind", {}, `${file.pretty_type ?? file.mimetype ?? kindByName(file.name)}${size}`)));
}

const kindByName = (name) => (name?.includes(".") ? name.split(".").at(-1).toUpperCase() : "File");

/** The name leads to the file; a file that came with its text is saved from here. */
function fileTitle(file, title) {
  const url = file.url_private_download ?? file.url_private ?? file.permalink;
  if (url) return link(url, title);
  if (file.preview === undefined) return title;
  return h("button.text-button", { type: "button", "data-focus": `file-${file.id}`, onclick: () => save(file) }, title);
}

function save(file) {
  const url = URL.createObjectURL(new Blob([file.preview], { type: "text/plain" }));
  h("a", { href: url, download: file.name ?? "file.txt" }).click();
  URL.revokeObjectURL(url);
}

function threadLink(app, message, { count, names, latest }) {
  const label = count === 1 ? "1 reply" : `${count} replies`;
  return h("button.thread-link", { type: "button", "data-focus": `thread-${message.ts}`, onclick: () => app.openThread(message.channel, message.ts) },
    ...names.map((name) => avatar(name, { small: true, bot: name === app.store.state.bot.name })),
    h("span.thread-count", {}, label), h("span.thread-last", {}, `Last reply ${ago(Number(latest), app.reader)}`));
}

function toolbar(app, message, inThread) {
  const buttons = [];
  if (!inThread) {
    const root = message.thread_ts ?? message.ts;
    buttons.push(h("button.icon-button", { type: "button", title: "Reply in thread", "aria-label": "Reply in thread", onclick: () => app.openThread(message.channel, root) }, icon(ICONS.reply)));
  }
  const shortcuts = app.shortcuts("message");
  if (shortcuts.length) buttons.push(shortcutMenu(app, message, shortcuts));
  return h("div.toolbar", { role: "group", "aria-label": "Message actions" }, ...buttons);
}

function shortcutMenu(app, message, shortcuts) {
  const button = h("button.icon-button", { type: "button", title: "More actions", "aria-label": "More actions" }, icon(ICONS.more));
  const items = () => shortcuts.map((shortcut) => ({ node: h("span", {}, shortcut.name), run: () => app.shortcut(shortcut, message) }));
  attachMenu(button, items, "Message shortcuts");
  return h("span.menu-anchor", {}, button);
}
