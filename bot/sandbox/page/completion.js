// @ts-check
/** What can be completed at the caret: commands at the start, people and channels anywhere. */

/**
 * @param {any} app
 * @param {string} value the whole text
 * @param {number} caret
 * @param {boolean} thread commands do not exist in threads
 * @returns {{matches: any[], command: any}} `command`: the one whose arguments are being typed
 */
export function completionsFor(app, value, caret, thread) {
  const before = value.slice(0, caret);
  if (value.startsWith("/")) return thread ? { matches: [], command: null } : commands(app, before, value);
  const word = /(^|\s)([@#])([\p{L}\p{N}_-]*)$/u.exec(before);
  if (!word) return { matches: [], command: null };
  const start = caret - word[3].length - 1;
  const found = word[2] === "@" ? people(app, word[3]) : channels(app, word[3]);
  return { matches: found.slice(0, 8).map((match) => ({ ...match, start, end: caret })), command: null };
}

function commands(app, before, value) {
  const known = app.store.state.commands;
  const [name] = value.split(/\s/);
  if (/\s/.test(before)) return { matches: [], command: known.find((one) => one.command === name) ?? null };
  const matches = known.filter((one) => one.command.startsWith(before)).map((one) => ({
    name: one.command, hint: one.usage_hint, description: one.description, insert: `${one.command} `, start: 0, end: name.length,
  }));
  return { matches, command: null };
}

const begins = (text, typed) => text.toLocaleLowerCase().startsWith(typed.toLocaleLowerCase());

function people(app, typed) {
  const { users, bot } = app.store.state;
  const everybody = [...users, { id: bot.id, name: bot.name, real_name: bot.name, title: "App" }];
  const unique = [...new Map(everybody.map((user) => [user.id, user])).values()];
  return unique.filter((user) => begins(user.name, typed) || user.real_name.split(" ").some((word) => begins(word, typed)))
    .map((user) => ({ name: `@${user.name}`, hint: user.real_name, description: user.title, insert: `@${user.name} ` }));
}

function channels(app, typed) {
  return app.store.state.channels.filter((channel) => !channel.is_im && begins(channel.name, typed))
    .map((channel) => ({ name: `#${channel.name}`, description: channel.topic, insert: `#${channel.name} ` }));
}

/** Names that people typed become the ids that messages carry. */
export function encodeMentions(app, text) {
  const { users, channels: rooms, bot } = app.store.state;
  const ids = new Map([...users, bot].map((one) => [`@${one.name.toLocaleLowerCase()}`, `<@${one.id}>`]));
  for (const room of rooms) if (!room.is_im) ids.set(`#${room.name}`, `<#${room.id}>`);
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped.replace(/(^|\s)([@#][\p{L}\p{N}_-]+)/gu, (whole, space, word) => {
    const id = ids.get(word.toLocaleLowerCase());
    return id ? space + id : whole;
  });
}
