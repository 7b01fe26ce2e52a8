// @ts-check
/** The right column: a thread, the cloud or the tour. */
import { h, icon, ICONS } from "./dom.js";
import { Composer } from "./composer.js";
import { MessageList } from "./messages.js";
import { drawCloud } from "./panel.js";
import { drawTour } from "./tour.js";

const TITLES = { thread: "Thread", cloud: "Cloud", tour: "Tour" };

export class Side {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.key = "";
  }

  draw() {
    const { side, userId } = this.app.store;
    this.root.hidden = !side;
    if (!side) {
      this.key = "";
      return this.root.replaceChildren();
    }
    const key = `${userId}/${side.kind}/${side.ts ?? ""}`;
    if (key !== this.key) this.build(side);
    this.key = key;
    this.update(side);
  }

  build(side) {
    this.root.setAttribute("aria-label", TITLES[side.kind]);
    this.body = h(`div.side-body.${side.kind}`);
    this.root.replaceChildren(this.head(side), this.body);
    if (side.kind === "thread") this.buildThread(side);
  }

  head(side) {
    const room = side.kind === "thread" ? h("span.side-room", { dir: "auto" }, this.app.roomTitle(this.app.store.channel(side.channel))) : null;
    return h("div.side-head", {}, h("h2", { tabindex: "-1" }, TITLES[side.kind], room),
      h("button.icon-button", { type: "button", "aria-label": `Close ${TITLES[side.kind].toLowerCase()}`, onclick: () => this.app.showSide(null) }, icon(ICONS.close)));
  }

  buildThread(side) {
    const log = h("div.log", { role: "log", "aria-live": "polite", "aria-label": "Thread", tabindex: "0" });
    this.list = new MessageList(this.app, log, { thread: true });
    this.composer = new Composer(this.app, {
      label: "Reply…", thread: true, send: (text) => this.app.send(text, side.channel, side.ts),
    });
    this.body.replaceChildren(log, this.composer.root);
  }

  update(side) {
    if (side.kind === "thread") this.list.draw(this.app.store.thread(side.channel, side.ts));
    else if (side.kind === "cloud") drawCloud(this.app, this.body);
    else drawTour(this.app, this.body);
  }

  focus() {
    const target = this.app.store.side?.kind === "thread" ? this.composer?.box : this.root.querySelector("h2");
    target?.focus();
  }
}
