// @ts-check
/** Puts the page together: one store, one redraw, and what people can do. */
import * as api from "./api.js";
import { encodeMentions } from "./completion.js";
import { timeOfDay } from "./dates.js";
import { byId, closeDrawer, setText, wireFrame } from "./frame.js";
import { Main } from "./main.js";
import { Modal } from "./modal.js";
import { whereabouts } from "./people.js";
import { Side } from "./side.js";
import { drawSidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { startTheme } from "./theme.js";
import { commandFailure, reason, toast } from "./toast.js";

const REMEMBERED = 50;
const CLOUD_REFRESH = 3000;
const CLOCK_TICK = 1000;

class App {
  constructor() {
    this.store = new Store();
    this.main = new Main(this, byId("main"));
    this.side = new Side(this, byId("side"));
    this.modal = new Modal(this);
    this.sent = new Map();
    this.stop = () => {};
    this.waiting = false;
    this.reader = this.makeReader();
  }

  /** Who reads, for everything that is drawn: zone, language, names. */
  makeReader() {
    const { store } = this;
    const app = this;
    return {
      get tz() { return store.me.tz; },
      get locale() { return store.me.locale || "en-US"; },
      now: () => store.now(),
      userName: (id) => (id === store.state.bot.id ? store.state.bot.name : store.user(id)?.real_name ?? null),
      channelName: (id) => store.channel(id)?.name ?? null,
      groupName: (id) => store.state.groups?.find((group) => group.id === id)?.handle ?? null,
      isMe: (id) => id === store.userId,
      openChannel: (id) => app.openChannel(id),
    };
  }

  // ---- state ----

  async start() {
    startTheme(byId("theme"));
    wireFrame(this);
    setInterval(() => this.refreshCloud(), CLOUD_REFRESH);
    setInterval(() => this.tick(), CLOCK_TICK);
    const [, user, place] = location.hash.split("/");
    await this.become(user || localStorage.getItem("person") || "", place);
    if (innerWidth >= 1100) this.showSide({ kind: "tour" }, false);
  }

  /** Becomes a person: their state, their events, their view of things. */
  async become(userId, place = this.store.place.id) {
    this.stop();
    const state = await this.fetchState(userId);
    this.store.userId = state.me.id;
    this.store.load(state);
    localStorage.setItem("person", state.me.id);
    this.store.place = { kind: "channel", id: place };
    this.store.place.id = this.store.room().id;
    if (this.store.side?.kind === "thread") this.store.side = null;
    this.stop = api.follow(state.me.id, {
      onOpen: () => this.connected(), onLost: () => this.setConnection("connecting"), onEvent: (event) => this.event(event),
    });
    this.changed();
  }

  // A person from an old address may be gone: then the first one of the workspace.
  async fetchState(userId) {
    for (;;) {
      try {
        return await api.get("/page/state", userId ? { user: userId } : {});
      } catch (error) {
        if (userId) userId = "";
        else {
          this.setConnection("connecting");
          await new Promise((resolve) => setTimeout(resolve, 1000));
        }
      }
    }
  }

  async connected() {
    await this.reload();
    this.setConnection("open");
  }

  async reload() {
    const { userId } = this.store;
    const state = await this.quietly(api.get("/page/state", { user: userId }));
    if (!state || userId !== this.store.userId) return;
    this.store.load(state);
    this.changed();
  }

  event(event) {
    if (event.type === "toast") return toast(event.text, event.level ?? "error");
    if (!this.store.apply(event)) return this.reload();
    this.changed();
  }

  setConnection(state) {
    this.store.connection = state;
    document.body.dataset.connection = state;
    byId("connection").textContent = state === "open" ? "" : "Connecting…";
  }

  /** Redraws soon; many changes at once cost one redraw. */
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    queueMicrotask(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const { place, userId, side } = this.store;
    if (!this.store.state) return;
    history.replaceState(null, "", `#/${userId}/${place.kind === "home" ? "home" : place.id}`);
    this.main.draw();
    drawSidebar(this, byId("sidebar-body"));
    this.side.draw();
    this.modal.draw();
    for (const kind of ["cloud", "tour"]) byId(`open-${kind}`).setAttribute("aria-pressed", String(side?.kind === kind));
    document.title = `${place.kind === "home" ? this.store.state.bot.name : this.roomTitle(this.store.channel(place.id))} · Sandbox chat`;
    this.tick();
  }

  // ---- names of rooms ----

  isBotRoom(channel) {
    return Boolean(channel.is_im) && (channel.user === this.store.state.bot.id || channel.members?.includes(this.store.state.bot.id));
  }

  roomName(channel) {
    if (!channel.is_im) return channel.name;
    if (this.isBotRoom(channel)) return this.store.state.bot.name;
    const other = (channel.members ?? []).find((id) => id !== this.store.userId);
    return this.store.user(other)?.real_name ?? channel.name;
  }

  roomTitle(channel) {
    return channel.is_im ? this.roomName(channel) : `#${channel.name}`;
  }

  // ---- going places ----

  openChannel(id) {
    if (!this.store.channel(id)) return;
    this.store.place = { kind: "channel", id };
    if (this.store.side?.kind === "thread") this.store.side = null;
    closeDrawer();
    this.changed();
    queueMicrotask(() => this.main.composer?.focus());
  }

  openBotRoom() {
    const room = this.store.state.channels.find((channel) => this.isBotRoom(channel));
    if (room) this.openChannel(room.id);
    else toast("There is no direct message with the app yet. It opens when the app writes to you.", "info");
  }

  async openHome() {
    this.store.place = { kind: "home", id: "" };
    closeDrawer();
    this.changed();
    await this.quietly(api.post("/page/home", { user: this.store.userId }));
  }

  openThread(channel, ts) {
    this.showSide({ kind: "thread", channel, ts });
  }

  showSide(side, focus = true) {
    const opener = document.activeElement;
    this.store.side = side;
    this.changed();
    queueMicrotask(() => {
      if (side && focus) this.side.focus();
      else if (!side && opener && !opener.isConnected) this.main.composer?.focus();
    });
  }

  // ---- saying things ----

  async send(text, channel, thread) {
    const body = { user: this.store.userId, channel };
    if (text.startsWith("/") && thread) {
      toast(`${text.split(/\s/)[0]} is not supported in threads. Use it in the channel's message box.`);
      return false;
    }
    if (text.startsWith("/")) return this.command({ ...body, text: text.trim() });
    const message = { ...body, text: encodeMentions(this, text.trim()), ...(thread && { thread_ts: thread }) };
    const answer = await this.quietly(api.post("/page/message", message));
    if (answer && !answer.ok) toast(`The message was not sent: ${reason(answer.error)}`);
    return Boolean(answer?.ok);
  }

  async command(body) {
    const answer = await this.quietly(api.post("/page/command", body));
    if (answer && !answer.ok) toast(commandFailure(body.text, answer.error));
    return Boolean(answer);
  }

  async shortcut(shortcut, message = null) {
    const where = message ? { channel: message.channel, ts: message.ts } : {};
    const answer = await this.quietly(api.post("/page/shortcut", { user: this.store.userId, callback_id: shortcut.callback_id, ...where }));
    if (answer && !answer.ok) toast(`${shortcut.name} failed: ${reason(answer.error)}`);
  }

  shortcuts = (type) => (this.store.state.shortcuts ?? []).filter((shortcut) => shortcut.type === type);

  fill(text) {
    if (!this.main.composer) this.openChannel(this.store.state.channels[0].id);
    if (innerWidth < 900) this.showSide(null);
    queueMicrotask(() => this.main.composer?.fill(text));
  }

  /** Changes the cloud, the clock or the bot, and shows what came of it, also when it was refused. */
  async turn(change) {
    const answer = await this.quietly(api.post("/page/faults", change));
    if (answer && answer.ok === false) toast(`That was refused: ${answer.error}`);
    await this.reload();
  }

  history = (thread) => this.sent.get(`${this.store.userId}/${thread}`) ?? [];

  remember(text, thread) {
    const before = this.history(thread).filter((one) => one !== text);
    this.sent.set(`${this.store.userId}/${thread}`, [text, ...before].slice(0, REMEMBERED));
  }

  /** The answer, or null after saying what went wrong. */
  async quietly(promise) {
    try {
      return await promise;
    } catch (error) {
      toast(error.message);
      return null;
    }
  }

  // ---- what goes on by itself ----

  // The simulated fleet ages by itself; its panel is read again while somebody looks at it.
  async refreshCloud() {
    if (!["cloud", "tour"].includes(this.store.side?.kind) || document.visibilityState !== "visible") return;
    const faults = await api.get("/page/faults").catch(() => null);
    if (faults?.fleet && this.store.apply({ type: "faults", faults })) this.changed();
  }

  // Only the faces of clocks: nothing else is redrawn each second.
  tick() {
    const { store } = this;
    if (!store.state) return;
    for (const node of document.querySelectorAll("[data-now]")) setText(node, timeOfDay(store.now(), this.reader));
    for (const node of document.querySelectorAll("[data-clock]")) setText(node, whereabouts(store.me, store.now()));
  }
}

new App().start();
