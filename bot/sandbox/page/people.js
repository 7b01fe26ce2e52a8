// @ts-check
/** Faces and names, and the switcher that lets one visitor be several people. */
import { h, icon, ICONS } from "./dom.js";
import { offsetLabel, timeOfDay } from "./dates.js";
import { attachMenu } from "./menu.js";

const COLOURS = 8;

const hash = (text) => [...text].reduce((sum, char) => (sum * 8 + (char.codePointAt(0) ?? 0)) >>> 0, 7);

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0];
  const last = words.length > 1 ? [...words[words.length - 1]][0] : "";
  return (first + last).toLocaleUpperCase();
}

/** A drawn face: initials on a colour of their own; bots get a symbol. */
export function avatar(name, { bot = false, small = false } = {}) {
  const classes = `avatar${small ? " small" : ""} ${bot ? "bot" : `tone-${hash(name) % COLOURS}`}`;
  return h("span", { class: classes, "aria-hidden": "true" }, bot ? icon(ICONS.database) : initials(name));
}

const LANGUAGES = { zh: "中文", en: "English", de: "Deutsch" };

/** "10:24 PM · Shanghai (UTC+8) · 中文" */
export function whereabouts(user, now) {
  const reader = { tz: user.tz, locale: user.locale, now: () => now };
  const city = user.tz.split("/").at(-1).replaceAll("_", " ");
  const language = LANGUAGES[user.locale.split("-")[0]] ?? user.locale;
  return `${timeOfDay(now, reader)} · ${city} (${offsetLabel(now, user.tz)}) · ${language}`;
}

function personCard(user, now) {
  return h("span.person", {}, avatar(user.real_name),
    h("span.person-text", {}, h("span.person-name", {}, user.real_name),
      h("span.person-title", {}, user.title), h("span.person-zone", {}, whereabouts(user, now))));
}

/** The "You are" switcher. */
export function personSwitcher(app) {
  const { store } = app;
  const { me } = store;
  const button = h("button.switcher", { type: "button", "data-focus": "switcher" },
    avatar(me.real_name), h("span.person-text", {},
      h("span.switcher-hint", {}, "You are"), h("span.person-name", {}, me.real_name),
      h("span.person-zone", { "data-clock": me.id }, whereabouts(me, store.now()))),
    h("span.sr-only", {}, "Be somebody else"), icon(ICONS.down));
  const people = () => store.state.users.filter((user) => !user.is_bot && user.id !== store.state.bot.id);
  const items = () => people().map((user) => ({
    node: personCard(user, store.now()), checked: user.id === me.id, run: () => app.become(user.id),
  }));
  attachMenu(button, items, "Be somebody else");
  return h("div.menu-anchor.switcher-box", {}, button);
}
