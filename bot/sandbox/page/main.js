// @ts-check
/** The middle: a channel with its messages and message box, or the app's Home tab. */
import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { h, icon, ICONS, keepingFocus } from "./dom.js";
import { MessageList } from "./messages.js";
import { makeSurface } from "./surface.js";

export class Main {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.key = "";
    this.composer = /** @type {Composer|null} */ (null);
  }

  draw() {
    const { store } = this.app;
    const key = `${store.userId}/${store.place.kind}/${store.place.id}`;
    if (key !== this.key) this.build();
    this.key = key;
    keepingFocus(() => this.head.replaceChildren(...this.headParts()));
    if (store.place.kind === "home") this.drawHome();
    else this.drawChannel();
  }

  // A new log for each channel: else a screen reader would read out the whole change of channel.
  build() {
    const { store } = this.app;
    this.head = h("div.room-head");
    this.homeSign = "";
    if (store.place.kind === "home") {
      this.home = h("div.home.blocks", { id: "composer", tabindex: "-1" });
      this.composer = null;
      return this.root.replaceChildren(this.head, this.home);
    }
    this.buildChannel(store.channel(store.place.id));
  }

  buildChannel(channel) {
    const title = this.app.roomTitle(channel);
    const log = h("div.log", { role: "log", "aria-live": "polite", "aria-label": `Messages in ${title}`, tabindex: "0" });
    this.list = new MessageList(this.app, log, { thread: false });
    this.mark = this.app.store.unreadFrom(channel.id);
    this.composer = new Composer(this.app, {
      label: `Message ${title}`, thread: false, send: (text) => this.app.send(text, channel.id, null),
    });
    const closed = h("p.muted.archived", {}, "This channel is archived: it can be read, but nothing can be added.");
    this.root.replaceChildren(this.head, log, h("div", { id: "composer" }, channel.is_archived ? closed : this.composer.root));
    this.opened = true;
  }

  headParts() {
    const { store } = this.app;
    if (store.place.kind === "home") return [this.title(store.state.bot.name, "", true), this.tabs(true)];
    const channel = store.channel(store.place.id);
    const members = channel.is_im ? null : h("span.members", {}, `${channel.members?.length ?? 0} members`);
    const parts = [this.title(this.app.roomTitle(channel), channel.topic, channel.is_im, members)];
    if (this.app.isBotRoom(channel)) parts.push(this.tabs(false));
    return parts;
  }

  title(text, topic, _direct, extra = null) {
    return h("div.room-title", {}, h("h1", { dir: "auto" }, text), topic ? h("span.topic", { dir: "auto" }, topic) : null, extra);
  }

  tabs(home) {
    const tab = (label, on, open) => h("button.tab", { type: "button", "aria-current": on ? "page" : null, "data-focus": `tab-${label}`, onclick: open }, label);
    return h("nav.tabs", { "aria-label": "App" }, tab("Home", home, () => this.app.openHome()), tab("Messages", !home, () => this.app.openBotRoom()));
  }

  drawHome() {
    const { store } = this.app;
    const view = store.state.home;
    const sign = JSON.stringify(view);
    if (sign === this.homeSign) return;
    this.homeSign = sign;
    const surface = makeSurface(this.app, "home", { type: "home", view_id: view?.id }, "home");
    const empty = h("p.muted.empty", {}, "The app has not published a Home tab for you yet.");
    keepingFocus(() => this.home.replaceChildren(view ? renderBlocks(view.blocks ?? [], surface) : empty));
  }

  drawChannel() {
    const { store } = this.app;
    const { id } = store.place;
    const stream = store.stream(id);
    if (stream.length || !this.empty?.isConnected) this.list.draw(stream, this.mark);
    if (!stream.length) this.showEmpty();
    if (this.opened) this.showFirst();
    if (document.visibilityState === "visible") store.markRead(id);
  }

  showEmpty() {
    this.empty ??= h("p.muted.empty", {}, icon(ICONS.hash), "This is the very beginning. Write a message, or type / to see the commands.");
    if (!this.list.root.contains(this.empty)) this.list.root.append(this.empty);
  }

  showFirst() {
    this.opened = false;
    const fresh = this.list.root.querySelector(".divider.new");
    if (fresh) fresh.scrollIntoView({ block: "center" });
    else this.list.toEnd();
  }
}
