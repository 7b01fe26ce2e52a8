// @ts-check
/** "First steps": the main story, with examples that a press writes into the message box. */
import { h } from "./dom.js";

const CLOUD = { label: "Open Cloud", run: (app) => app.showSide({ kind: "cloud" }) };
const fill = (text) => ({ label: text, code: true, run: (app) => app.fill(text) });

const STEPS = [
  ["Plan an upgrade", "Press the example, then Enter. Nothing happens to a database yet: the bot answers with a card.", [fill("/taurus-upgrade orders-*")]],
  ["Confirm it", "Read the card: which instances, from which kernel to which, what it will interrupt. Then press Confirm.", []],
  ["Watch", "The card changes in place; the API's own answers are in its thread. Impatient? Move the clock.", [CLOUD]],
  ["Make it fail", "This one is known to fail half-way. For other troubles, set one of the faults in Cloud first.", [fill("/taurus-upgrade reports-dev-01"), CLOUD]],
  ["Retry", "Press Retry on the failed card: only what failed is planned again, as a new change.", [fill("/taurus-change list --all")]],
  ["Schedule", "The bot can wait. The time is in your zone; every reader sees it in their own.", [fill("/taurus-upgrade reports-prod-01 --at \"tomorrow 02:00\"")]],
  ["Cancel", "Changed your mind? Press Cancel on the card before its time.", [fill("/taurus-change list")]],
  ["Be somebody else", "Top left: switch to another person. They have other rights, another time zone and another language.", [fill("/taurus-help")]],
];

/** @param {any} app @param {HTMLElement} root */
export function drawSteps(app, root) {
  if (root.dataset.drawn) return;
  root.dataset.drawn = "yes";
  root.replaceChildren(
    h("p.muted", {}, "A workspace, a bot and a small fleet of databases, all on this machine. Nothing here reaches the outside."),
    h("ol.steps", {}, ...STEPS.map(([title, text, tries]) => step(app, title, text, tries))));
}

function step(app, title, text, tries) {
  const buttons = tries.map((one) =>
    h(`button.btn.small${one.code ? ".try" : ""}`, { type: "button", "data-fill": one.code ? one.label : null, onclick: () => one.run(app) }, one.label));
  return h("li", {}, h("strong.step-title", {}, title), h("p", {}, text), buttons.length ? h("div.actions", {}, ...buttons) : null);
}
