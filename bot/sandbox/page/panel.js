// @ts-check
/** The "Cloud" panel: the TaurusDB simulator's fleet, faults and clock, and how the bot runs. */
import { dayLabel, timeOfDay } from "./dates.js";
import { h, keepingFocus, uid } from "./dom.js";

const JUMPS = [["+1 min", 60], ["+10 min", 600], ["+1 h", 3600], ["+12 h", 43_200]];
const SPEEDS = [1, 10, 60, 600];
const GOOD = /^(normal|available|active)$/i;
const BAD = /(abnormal|fail|frozen|error|readonly|full)/i;

/**
 * Draws the parts, each only when it changed: the fleet ages while somebody types.
 * @param {any} app @param {HTMLElement} root
 */
export function drawCloud(app, root) {
  const { faults, clock: time } = app.store.state;
  if (!root.children.length) root.append(h("div"), h("div"), h("div"), h("div"));
  const [first, second, third, fourth] = root.children;
  const day = dayLabel(app.store.now(), app.reader);
  redraw(first, [time.speed, day, app.reader.tz, app.reader.locale], () => clock(app, day));
  if (!faults) return redraw(second, "none", () => h("p.muted", {}, "This sandbox runs without a TaurusDB simulator."));
  redraw(second, faults.fleet, () => fleet(faults.fleet ?? []));
  if (faults.bot?.length) redraw(third, faults.bot, () => switches(app, "Bot", "bot", faults.bot));
  if (!fourth.querySelector(".field:focus")) redraw(fourth, faults.switches, () => switches(app, "What goes wrong", "switch", faults.switches ?? []));
}

function redraw(part, facts, make) {
  const sign = JSON.stringify(facts);
  if (part.dataset.sign === sign) return;
  part.dataset.sign = sign;
  const top = part.querySelector(".table-scroll")?.scrollTop ?? 0;
  keepingFocus(() => part.replaceChildren(make()));
  const scroll = part.querySelector(".table-scroll");
  if (scroll) scroll.scrollTop = top;
}

function panelSection(title, ...children) {
  const id = uid("panel");
  return h("section.panel-section", { "aria-labelledby": id }, h("h3", { id }, title), ...children);
}

function clock(app, day) {
  const { store, reader } = app;
  const jumps = JUMPS.map(([label, seconds]) =>
    h("button.btn.small", { type: "button", "data-focus": `jump-${seconds}`, "aria-label": `Advance the clock by ${String(label).slice(1)}`, onclick: () => app.turn({ advance_seconds: seconds }) }, String(label)));
  return panelSection("Clock",
    h("p.clock-face", {}, h("span.clock-time", { "data-now": "" }, timeOfDay(store.now(), reader)),
      h("span.muted", {}, ` ${day}, your time`)),
    h("div.actions", {}, ...jumps),
    speedPicker(app),
    h("p.muted", {}, "Every instance has a maintenance window each day: twice +12 h passes all of them."));
}

function speedPicker(app) {
  const now = app.store.state.clock.speed ?? 1;
  const speeds = [...new Set([...SPEEDS, now])].sort((a, b) => a - b);
  const options = speeds.map((speed) => h("option", { value: speed, selected: speed === now }, `${speed}×`));
  return h("label.speed", {}, "Speed", h("select.field", { "data-focus": "speed", onchange: (event) => app.turn({ speed: Number(event.target.value) }) }, ...options));
}

function switches(app, title, kind, all) {
  const rows = all.map((one) => switchRow(app, one, (value) => app.turn({ [kind]: one.name, value })));
  return panelSection(title, rows.length ? h("div.switches", {}, ...rows) : h("p.muted", {}, "No switches."));
}

function switchRow(app, one, set) {
  const [label, help] = [uid("switch"), uid("help")];
  const control = (CONTROLS[one.kind] ?? CONTROLS.text)(one, set);
  control.setAttribute("id", label);
  control.setAttribute("data-focus", `switch-${one.name}`);
  control.setAttribute("data-switch", one.name);
  if (one.help) control.setAttribute("aria-describedby", help);
  return h(`div.switch-row.${one.kind}`, {}, h("label", { for: label }, one.label ?? one.name), control,
    one.help ? h("p.muted", { id: help }, one.help) : null);
}

const CONTROLS = {
  toggle: (one, set) => h("input.toggle", { type: "checkbox", role: "switch", checked: Boolean(one.value), onchange: (event) => set(event.target.checked) }),
  number: (one, set) => h("input.field", { type: "number", value: one.value ?? 0, step: "any", onchange: (event) => set(Number(event.target.value)) }),
  text: (one, set) => h("input.field", { type: "text", value: one.value ?? "", autocomplete: "off", onchange: (event) => set(event.target.value) }),
  choice: (one, set) => h("select.field", { onchange: (event) => set(event.target.value) },
    ...(one.choices ?? []).map((choice) => h("option", { value: choice, selected: choice === one.value }, choice || "—"))),
};

function fleet(rows) {
  const behind = rows.filter((row) => row.latest && row.kernel !== row.latest).length;
  const head = h("tr", {}, ...["Instance", "Status", "Kernel"].map((name) => h("th", { scope: "col" }, name)));
  const table = h("table.fleet", {}, h("thead", {}, head), h("tbody", {}, ...rows.map(fleetRow)));
  return panelSection(`Fleet (${rows.length}, ${behind} behind)`,
    h("div.table-scroll", { tabindex: "0", role: "group", "aria-label": "Fleet" }, table));
}

function fleetRow(row) {
  const tone = GOOD.test(row.status) ? "good" : BAD.test(row.status) ? "bad" : "busy";
  const newest = !row.latest || row.latest === row.kernel;
  return h("tr", { "data-instance": row.id },
    h("th", { scope: "row" }, h("span.fleet-name", { dir: "auto" }, row.name), h("span.fleet-id", { title: row.id }, row.id)),
    h("td", {}, h(`span.status.${tone}`, {}, row.status), row.note ? h("span.fleet-note", { dir: "auto" }, row.note) : null),
    h("td", {}, h("span.kernel", {}, row.kernel), h("span.fleet-note", {}, newest ? "newest" : `→ ${row.latest}`)));
}
