// @ts-check
/** The "Cloud" panel: the TaurusDB simulator's fleet, faults and clock. */
import * as api from "./api.js";
import { dayLabel, timeOfDay } from "./dates.js";
import { h, keepingFocus, uid } from "./dom.js";

const JUMPS = [["+1 min", 60], ["+10 min", 600], ["+1 h", 3600], ["+12 h", 43_200]];
const GOOD = /^(normal|available|active)$/i;
const BAD = /(abnormal|fail|frozen|error|readonly|full)/i;

/** @param {any} app @param {HTMLElement} root */
export function drawCloud(app, root) {
  const { faults } = app.store.state;
  const sign = JSON.stringify([faults, app.reader.tz]);
  if (root.dataset.sign === sign) return;
  root.dataset.sign = sign;
  const parts = faults ? [clock(app), switches(app, faults), fleet(faults.fleet ?? [])] : [h("p.muted", {}, "This sandbox runs without a TaurusDB simulator.")];
  const top = root.scrollTop;
  keepingFocus(() => root.replaceChildren(...parts));
  root.scrollTop = top;
}

function panelSection(title, ...children) {
  const id = uid("panel");
  return h("section.panel-section", { "aria-labelledby": id }, h("h3", { id }, title), ...children);
}

function clock(app) {
  const { store, reader } = app;
  const { speed } = store.state.clock;
  const jumps = JUMPS.map(([label, seconds]) =>
    h("button.btn.small", { type: "button", "data-focus": `jump-${seconds}`, "aria-label": `Advance the clock by ${String(label).slice(1)}`, onclick: () => advance(app, seconds) }, String(label)));
  return panelSection("Clock",
    h("p.clock-face", {}, h("span.clock-time", { "data-now": "" }, timeOfDay(store.now(), reader)),
      h("span.muted", {}, ` ${dayLabel(store.now(), reader)} · runs at ${speed ?? 1}×`)),
    h("div.actions", {}, ...jumps),
    h("p.muted", {}, "+12 h reaches the next maintenance window of every instance."));
}

async function advance(app, seconds) {
  await app.quietly(api.post("/page/clock", { advance_seconds: seconds }));
  await app.reload();
}

function switches(app, faults) {
  const rows = (faults.switches ?? []).map((one) => switchRow(app, one));
  return panelSection("What goes wrong", rows.length ? h("div.switches", {}, ...rows) : h("p.muted", {}, "No switches."));
}

function switchRow(app, one) {
  const [label, help] = [uid("switch"), uid("help")];
  const set = async (value) => {
    await app.quietly(api.post("/page/faults", { switch: one.name, value }));
    await app.reload();
  };
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
    h("div.table-scroll", { tabindex: "0", role: "region", "aria-label": "Fleet" }, table));
}

function fleetRow(row) {
  const tone = GOOD.test(row.status) ? "good" : BAD.test(row.status) ? "bad" : "busy";
  const newest = !row.latest || row.latest === row.kernel;
  return h("tr", { "data-instance": row.id },
    h("th", { scope: "row" }, h("span.fleet-name", { dir: "auto" }, row.name), h("span.fleet-id", { title: row.id }, row.id)),
    h("td", {}, h(`span.status.${tone}`, {}, row.status), row.note ? h("span.fleet-note", { dir: "auto" }, row.note) : null),
    h("td", {}, h("span.kernel", {}, row.kernel), h("span.fleet-note", {}, newest ? "newest" : `→ ${row.latest}`)));
}
