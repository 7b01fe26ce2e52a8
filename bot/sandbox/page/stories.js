// @ts-check
/** The five stories of the tour: what to do, what to try, and how one sees that it was done. */

const fill = (text) => ({ label: text, code: true, run: (app) => app.fill(text) });
const be = (id, label) => ({ label, run: (app) => app.become(id) });
const turn = (change, label) => ({ label, run: (app) => app.turn(change) });
const CLOUD = { label: "Open Cloud", run: (app) => app.showSide({ kind: "cloud" }) };
const ON_CALL = "the on-call";

/**
 * A step is done when `done` says so of what the page shows (see Seen in tour.js).
 * @typedef {{text: string, tries?: any[], done: (seen: import("./tour.js").Seen) => boolean}} Step
 * @type {{title: string, about: string, steps: Step[]}[]}
 */
export const STORIES = [
  {
    title: "A first upgrade",
    about: "One database, from the wish to the proof.",
    steps: [
      { text: "Press the example, then Enter. Nothing happens to a database yet: the bot answers with a card.", tries: [fill("/taurus-upgrade orders-prod-01 --reason \"security fix\"")], done: (seen) => seen.offers("change.approve") },
      { text: "Read the card: which instances, from which kernel to which, what it will interrupt. Then press Confirm.", done: (seen) => seen.isDecided },
      { text: "Watch. The card is edited in place; TaurusDB's own answer is in its thread. Impatient? Move the clock.", tries: [CLOUD], done: (seen) => seen.isNewest("orders-prod-01") },
    ],
  },
  {
    title: "An approval",
    about: "Somebody else says yes, to exactly what the card shows.",
    steps: [
      { text: "Let the on-call approve. The bot starts again with that setting, which takes a second.", tries: [turn({ bot: "approvers", value: ON_CALL }, "Let the on-call approve")], done: (seen) => seen.bot("approvers") === ON_CALL },
      { text: "Ask for an upgrade. The card names who may approve it.", tries: [fill("/taurus-upgrade orders-prod-02")], done: (seen) => seen.offers("change.approve") },
      { text: "Try to approve it yourself. Only you read why that does not count.", done: (seen) => seen.isWhispered },
      { text: "Be Dana, who is on call, and approve it.", tries: [be("U0DANA", "Be Dana Wu")], done: (seen) => seen.isDecided },
      { text: "Be Ann again, and let the one who asks confirm, as before.", tries: [be("U0ANN", "Be Ann Berger"), turn({ bot: "approvers", value: "the one who asks" }, "Let the one who asks confirm")], done: (seen) => seen.me === "U0ANN" && seen.bot("approvers") !== ON_CALL },
    ],
  },
  {
    title: "A failure and a retry",
    about: "One of the two is known to fail half-way.",
    steps: [
      { text: "Plan both, and confirm.", tries: [fill("/taurus-upgrade reports-dev-01 orders-staging-01")], done: (seen) => seen.isDecided },
      { text: "Wait for the end. The card tells which one failed and why, and what that means for the database.", tries: [CLOUD], done: (seen) => seen.offers("change.retry") },
      { text: "Press Retry the rest: only what failed is planned again, as a new change with a card of its own.", done: (seen) => seen.offers("change.approve") },
      { text: "Confirm it or cancel it. Whatever you do, what succeeded is not sent again.", done: (seen) => seen.isDecided },
    ],
  },
  {
    title: "A halt",
    about: "There is no way back from an upgrade, so the brake is what counts.",
    steps: [
      { text: "Upgrade in waves, ten minutes apart, and confirm.", tries: [fill("/taurus-upgrade payments-prod-01 orders-prod-03 --waves 1,rest --soak 10m")], done: (seen) => seen.offers("change.halt") },
      { text: "Press Halt, at once or between the waves. What TaurusDB has begun goes on; nothing more begins.", done: (seen) => seen.offers("change.resume") },
      { text: "The card says who halted it and what is left. Press Resume, or Cancel the rest.", done: (seen) => !seen.offers("change.resume") },
    ],
  },
  {
    title: "An outage",
    about: "An answer is lost, then the bot itself goes away. Nothing is sent twice.",
    steps: [
      { text: "Let the cloud carry out the next upgrade, yet answer with an error.", tries: [turn({ switch: "upgrade_fails_after_next", value: 1 }, "Break the next answer")], done: (seen) => seen.cloud("upgrade_fails_after_next") > 0 },
      { text: "Plan an upgrade, and confirm. Nobody can know yet whether it began: the card says so.", tries: [fill("/taurus-upgrade orders-dev-01")], done: (seen) => seen.isDecided },
      { text: "Stop the bot.", tries: [turn({ bot: "stopped", value: true }, "Stop the bot")], done: (seen) => seen.bot("stopped") === true },
      { text: "Start it again. It looks at the database instead of sending the request again.", tries: [turn({ bot: "stopped", value: false }, "Start the bot")], done: (seen) => seen.bot("stopped") === false },
      { text: "Read the thread of the card: what was lost, and how it was found out.", done: (seen) => seen.isNewest("orders-dev-01") },
    ],
  },
];
