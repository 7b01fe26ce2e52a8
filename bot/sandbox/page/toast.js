// @ts-check
/** Short notices in the corner; errors stay until they are put away. */
import { h, icon, ICONS } from "./dom.js";

const SHOWN_FOR = 6000;
const MOST = 4;

/** @param {string} text @param {"error"|"info"} [kind] */
export function toast(text, kind = "error") {
  const region = host();
  const node = h(`div.toast.${kind}`, { role: kind === "error" ? "alert" : "status" },
    h("span", { dir: "auto" }, text),
    h("button.icon-button", { type: "button", "aria-label": "Dismiss notice", onclick: () => node.remove() }, icon(ICONS.close)));
  region.append(node);
  while (region.children.length > MOST) region.firstChild?.remove();
  if (kind === "info") setTimeout(() => node.remove(), SHOWN_FOR);
}

// Everything outside an open dialog is inert: the notice has to be inside to be read out.
function host() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const home = dialogs[dialogs.length - 1] ?? document.body;
  const present = [...home.children].find((node) => node.classList.contains("toasts"));
  if (present) return present;
  const region = h("div.toasts", { role: "region", "aria-label": "Notices" });
  home.append(region);
  return region;
}

const REASONS = {
  operation_timeout: "the app did not respond in time. It has three seconds.",
  message_not_found: "the message is gone.",
  restricted_action: "this app takes no messages.",
  not_found: "the form is no longer open.",
  dispatch_failed: "the app is not connected, or refused the request.",
  invalid_command_response: "the app answered with something that could not be read.",
  not_in_channel: "you are not a member of this channel.",
  channel_not_found: "there is no such channel.",
  is_archived: "this channel is archived.",
};

/** What a person reads for an error code of the server. */
export const reason = (error) => REASONS[error] ?? `error "${error ?? "unknown"}".`;

/** The words for a command that went wrong, as chat users know them. */
export function commandFailure(text, error) {
  const name = text.trim().split(/\s/)[0];
  if (error === "not_a_command") {
    return `${name} is not a valid command. To send a message that starts with a slash, put a space before it.`;
  }
  return `${name} failed: ${reason(error)}`;
}
