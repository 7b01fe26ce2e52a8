// @ts-check
/** The table and data_table blocks. */
import { h } from "./dom.js";
import { renderPlain, renderText } from "./mrkdwn.js";
import { renderRichText } from "./richtext.js";

/** @param {any} block @param {import("./elements.js").Surface} surface */
export function table(block, surface) {
  const settings = block.column_settings ?? [];
  const [head, ...rows] = block.rows ?? [];
  return scrolling("Table", [
    h("thead", {}, row("th", head ?? [], settings, surface)),
    h("tbody", {}, ...rows.map((cells) => row("td", cells, settings, surface))),
  ]);
}

/** Rows may be lists of cells or objects that hold them: both spellings are in use. */
export function dataTable(block, surface) {
  const rows = (block.rows ?? []).map((cells) => (Array.isArray(cells) ? cells : cells.cells ?? []));
  const columns = (block.columns ?? []).map((column) => column.name ?? column.title ?? column.label ?? column);
  const [head, body] = columns.length ? [columns, rows] : [rows[0] ?? [], rows.slice(1)];
  const caption = block.caption ? [h("caption", {}, renderText(block.caption, surface.reader))] : [];
  return scrolling(block.caption?.text ?? block.caption ?? "Data table", [
    ...caption, h("thead", {}, row("th", head, [], surface)), h("tbody", {}, ...body.map((cells) => row("td", cells, [], surface))),
  ]);
}

// Wide tables scroll in their own box, also by keyboard.
function scrolling(label, children) {
  return h("div.table-scroll", { tabindex: "0", role: "group", "aria-label": String(label) }, h("table", {}, ...children));
}

function row(tag, cells, settings, surface) {
  return h("tr", {}, ...cells.map((cell, at) => {
    const { align, is_wrapped: wrapped } = settings[at] ?? {};
    return h(tag, { scope: tag === "th" ? "col" : null, dir: "auto", class: [align && `align-${align}`, wrapped && "wrapped"].filter(Boolean).join(" ") || null }, cellContent(cell, surface));
  }));
}

function cellContent(cell, surface) {
  if (cell?.type === "rich_text") return renderRichText(cell, surface.reader);
  if (cell?.type === "mrkdwn" || cell?.type === "plain_text") return renderText(cell, surface.reader);
  return renderPlain(String(cell?.text ?? cell?.value ?? (typeof cell === "object" ? "" : cell ?? "")));
}
