// @ts-check
/** The tour: five stories to play; each notices by itself how far one has come. */
import { h, icon, ICONS, keepingFocus } from "./dom.js";
import { isReply } from "./store.js";
import { STORIES } from "./stories.js";

/** What the page shows since a story was begun, in the channel where that was. */
export class Seen {
  constructor(store, { since, channel }) {
    this.store = store;
    const said = store.all(channel).filter((one) => Number(one.ts) > since && store.isBot(one));
    this.card = said.filter((one) => /^CHG-\d+ · /.test(one.text) && !one.ephemeral && !isReply(one)).at(-1);
    this.isWhispered = said.some((one) => one.ephemeral);
    this.me = store.userId;
  }

  /** Whether the newest card has this button. */
  offers(action) {
    const elements = (this.card?.blocks ?? []).flatMap((block) => block.elements ?? []);
    return elements.some((element) => element.action_id === action);
  }

  /** Whether there is a card that nobody is asked about any more. */
  get isDecided() {
    return Boolean(this.card) && !this.offers("change.approve");
  }

  isNewest(name) {
    const row = (this.store.state.faults?.fleet ?? []).find((one) => one.name === name);
    return Boolean(row) && row.kernel === row.latest;
  }

  bot = (name) => value(this.store.state.faults?.bot, name);

  cloud = (name) => value(this.store.state.faults?.switches, name);
}

const value = (switches, name) => (switches ?? []).find((one) => one.name === name)?.value;

/** @param {any} app @param {HTMLElement} root */
export function drawTour(app, root) {
  const { store } = app;
  follow(store);
  const sign = JSON.stringify(store.tour);
  if (root.dataset.sign === sign) return;
  root.dataset.sign = sign;
  const intro = h("p.muted", {}, "A workspace, a bot and a small fleet of databases, all on this machine. Nothing here reaches the outside.");
  keepingFocus(() => root.replaceChildren(intro, ...STORIES.map((_, index) => story(app, index))));
}

/** Goes on to the first step that is not done; steps are done in their order. */
function follow(store) {
  const { tour } = store;
  tour.channel ||= store.room().id;
  if (tour.story === null) return;
  const seen = new Seen(store, tour);
  const { steps } = STORIES[tour.story];
  while (tour.step < steps.length && steps[tour.step].done(seen)) tour.step += 1;
  if (tour.step === steps.length && !tour.ended.includes(tour.story)) tour.ended.push(tour.story);
}

function story(app, index) {
  const { tour } = app.store;
  const { title, about, steps } = STORIES[index];
  const open = tour.story === index;
  const heading = h("button.story-head", { type: "button", "aria-expanded": String(open), "data-focus": `story-${index}`, onclick: () => begin(app, open ? null : index) },
    h("span.story-title", {}, title), tour.ended.includes(index) ? h("span.story-done", {}, "done") : null, icon(ICONS.down));
  const body = open ? [h("ol.steps", {}, ...steps.map((one, at) => step(app, one, at)))] : [];
  return h("section.story", {}, h("h3", {}, heading), h("p.muted", {}, about), ...body);
}

function begin(app, index) {
  const { store } = app;
  Object.assign(store.tour, { story: index, step: 0, since: store.lastSaid(), channel: store.room().id });
  app.changed();
}

function step(app, one, at) {
  const { tour } = app.store;
  const done = at < tour.step;
  const mark = done ? h("span.sr-only", {}, "Done: ") : null;
  const tries = (one.tries ?? []).map((chance, number) =>
    h(`button.btn.small${chance.code ? ".try" : ""}`, { type: "button", "data-focus": `try-${at}-${number}`, "data-fill": chance.code ? chance.label : null, onclick: () => chance.run(app) }, chance.label));
  return h(`li${done ? ".done" : ""}`, { "aria-current": at === tour.step ? "step" : null },
    h("p", {}, mark, one.text), tries.length ? h("div.actions", {}, ...tries) : null);
}
