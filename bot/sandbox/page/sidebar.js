// @ts-check
/** The left column: channels, direct messages, the app, and who you are. */
import { h, icon, ICONS, keepingFocus } from "./dom.js";
import { avatar, personSwitcher } from "./people.js";

export function drawSidebar(app, root) {
  const { store } = app;
  const rooms = store.state.channels.filter((channel) => !channel.is_im);
  const direct = store.state.channels.filter((channel) => channel.is_im);
  keepingFocus(() => root.replaceChildren(
    personSwitcher(app),
    group("Channels", rooms.map((channel) => room(app, channel))),
    group("Direct messages", direct.map((channel) => directRoom(app, channel))),
    group("Apps", [appEntry(app)]),
  ));
}

function group(title, entries) {
  if (!entries.length) return h("div");
  const id = `group-${title.replace(/\W/g, "").toLowerCase()}`;
  return h("section.group", { "aria-labelledby": id }, h("h2.group-title", { id }, title), h("ul", {}, ...entries.map((entry) => h("li", {}, entry))));
}

function entry(app, { here, unread, face, name, key, open, extra = null }) {
  const attrs = {
    type: "button", "aria-current": here ? "page" : null, "data-focus": `room-${key}`,
    "data-room": key, onclick: open,
  };
  return h(`button.room${unread ? ".unread" : ""}`, attrs, face, h("span.room-name", { dir: "auto" }, name), extra,
    unread ? h("span.badge", {}, String(unread), h("span.sr-only", {}, " unread")) : null);
}

function isHere(app, kind, id) {
  return app.store.place.kind === kind && app.store.place.id === id;
}

function room(app, channel) {
  return entry(app, {
    here: isHere(app, "channel", channel.id), unread: app.store.unread(channel.id), key: channel.id,
    face: icon(channel.is_private ? ICONS.lock : ICONS.hash), name: channel.name,
    open: () => app.openChannel(channel.id),
  });
}

function directRoom(app, channel) {
  const name = app.roomName(channel);
  const bot = app.isBotRoom(channel);
  return entry(app, {
    here: isHere(app, "channel", channel.id), unread: app.store.unread(channel.id), key: channel.id,
    face: avatar(name, { bot, small: true }), name, open: () => app.openChannel(channel.id),
  });
}

function appEntry(app) {
  const { bot } = app.store.state;
  const state = h("span", { class: bot.connected ? "presence on" : "presence", title: bot.connected ? "Connected" : "Not connected" },
    h("span.sr-only", {}, bot.connected ? "connected" : "not connected"));
  return entry(app, {
    here: isHere(app, "home", ""), unread: 0, key: "home", face: avatar(bot.name, { bot: true, small: true }),
    name: bot.name, extra: state, open: () => app.openHome(),
  });
}
