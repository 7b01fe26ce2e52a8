// @ts-check
/** What the page knows: the server's state, kept current by events, and what this page chose. */

export class Store {
  constructor() {
    this.state = /** @type {any} */ (null);
    this.userId = "";
    this.place = { kind: "channel", id: "" };
    this.side = /** @type {null|{kind: "thread"|"cloud"|"tour", ts?: string, channel?: string}} */ (null);
    this.connection = "connecting";
    this.dismissed = new Set();
    this.forms = new Map();
    this.read = new Map();
    this.clockReadAt = 0;
    this.openedAt = /** @type {number|null} */ (null);
    this.tour = { story: /** @type {number|null} */ (0), step: 0, since: 0, channel: "", ended: /** @type {number[]} */ ([]) };
  }

  /** Takes a fresh state; the reader's marks are set for channels seen for the first time. */
  load(state) {
    this.state = state;
    this.setClock(state.clock);
    this.openedAt ??= newest(state);
    for (const channel of state.channels) this.startReading(channel);
  }

  /** The channel that is looked at, or where one would go from the app's Home tab. */
  room = () => this.channel(this.place.id) ?? this.state.channels.find((channel) => !channel.is_im) ?? this.state.channels[0];

  /** When the last message was said, Unix seconds. */
  lastSaid = () => newest(this.state);

  setClock(clock) {
    this.state.clock = clock;
    this.clockReadAt = performance.now();
  }

  /** The sandbox's present in Unix seconds. */
  now() {
    const { now, speed } = this.state.clock;
    return now + ((performance.now() - this.clockReadAt) / 1000) * (speed ?? 1);
  }

  get me() {
    return this.state.me;
  }

  user = (id) => this.state.users.find((user) => user.id === id) ?? null;

  channel = (id) => this.state.channels.find((channel) => channel.id === id) ?? null;

  isBot = (message) => Boolean(message.bot_id) || message.user === this.state.bot.id;

  /** Messages of a channel's main stream, oldest first. */
  stream(channelId) {
    return this.all(channelId).filter((message) => !isReply(message) || message.subtype === "thread_broadcast");
  }

  /** A thread: its root and the replies. */
  thread(channelId, ts) {
    return this.all(channelId).filter((message) => message.ts === ts || message.thread_ts === ts);
  }

  all(channelId) {
    const messages = this.state.messages[channelId] ?? [];
    return messages.filter((message) => !this.dismissed.has(message.ts)).sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  // ---- reading marks ----

  // What was said before the page was opened counts as read by everybody.
  startReading(channel) {
    const key = this.readKey(channel.id);
    if (!this.read.has(key)) this.read.set(key, this.openedAt);
  }

  readKey = (channelId) => `${this.userId}/${channelId}`;

  unread(channelId) {
    const mark = this.read.get(this.readKey(channelId)) ?? 0;
    return this.stream(channelId).filter((message) => Number(message.ts) > mark && message.user !== this.userId).length;
  }

  /** From where a channel is new to somebody who opens it now; what arrives meanwhile is seen. */
  unreadFrom(channelId) {
    return this.unread(channelId) ? this.read.get(this.readKey(channelId)) ?? 0 : Infinity;
  }

  markRead(channelId) {
    const last = this.stream(channelId).at(-1);
    if (last) this.read.set(this.readKey(channelId), Number(last.ts));
  }

  // ---- what people typed into blocks ----

  values(key) {
    if (!this.forms.has(key)) this.forms.set(key, {});
    return this.forms.get(key);
  }

  // ---- events ----

  /** Applies one event. @returns {boolean} false if only a fresh state can tell */
  apply(event) {
    const change = CHANGES[event.type];
    return change ? change(this, event) !== false : false;
  }

  upsert(channelId, message) {
    if (!this.channel(channelId)) return false;
    const list = (this.state.messages[channelId] ??= []);
    const at = list.findIndex(({ ts }) => ts === message.ts);
    if (at < 0) list.push(message);
    else list[at] = message;
    return true;
  }
}

const newest = (state) => Math.max(0, ...Object.values(state.messages).flat().map(({ ts }) => Number(ts)));

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

const CHANGES = {
  message: upsertMessage,
  message_changed: upsertMessage,
  ephemeral: (store, { channel, message }) => store.upsert(channel, { ...message, ephemeral: true }),
  message_deleted: (store, { channel, ts, message }) => {
    const gone = ts ?? message?.ts;
    store.state.messages[channel] = (store.state.messages[channel] ?? []).filter((one) => one.ts !== gone);
  },
  modal: (store, { view }) => {
    const { modals } = store.state;
    const at = modals.findIndex(({ id }) => id === view.id);
    if (at >= 0) modals[at] = view;
    else if (view.previous_view_id) modals.push(view);
    else store.state.modals = [view];
  },
  modal_closed: (store, { view, view_id: id }) => {
    const gone = id ?? view?.id;
    if (!gone) return false;
    store.state.modals = store.state.modals.filter((one) => one.id !== gone);
    return true;
  },
  home: (store, { view }) => {
    store.state.home = view;
  },
  bot: (store, { bot, connected }) => {
    Object.assign(store.state.bot, bot ?? { connected });
  },
  faults: (store, { faults }) => {
    if (!faults) return false;
    store.state.faults = faults;
    if (faults.clock) store.setClock(faults.clock);
    return true;
  },
};

function upsertMessage(store, { channel, message }) {
  return store.upsert(channel, message);
}
