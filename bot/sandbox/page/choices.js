// @ts-check
/** What each kind of select menu offers, and the state it produces. */
import { renderText } from "./mrkdwn.js";
import { current } from "./elements.js";

const LISTS = { static: optionList, external: optionList, users: peopleList, channels: channelList, conversations: channelList };
const FIELDS = { static: "option", external: "option", users: "user", channels: "channel", conversations: "conversation" };

/**
 * @param {import("./elements.js").Place} place
 * @param {(place: any, state: any) => Promise<void>} change
 * @returns {import("./select.js").Setup}
 */
export function selectSetup(place, change) {
  const { element } = place;
  const multi = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const field = `selected_${FIELDS[kind]}${multi ? "s" : ""}`;
  const held = current(place, { [field]: initialOf(place, kind, multi) })[field];
  const known = LISTS[kind](place, held);
  const values = multi ? held : held === null || held === undefined ? [] : [held];
  const remote = kind === "external";
  return {
    label: place.label, labelledBy: place.labelledBy, describedBy: place.describedBy, multi, remote,
    focusKey: `${place.surface.id}/${place.blockId}/${element.action_id}`,
    placeholder: element.placeholder?.text ?? (multi ? "Select options" : "Select an option"),
    max: element.max_selected_items, minQuery: remote ? element.min_query_length ?? 3 : 0,
    autofocus: Boolean(element.focus_on_load),
    chosen: values.map((value) => known.choice(value)), load: remote ? remoteLoad(place) : (typed) => matching(known.all, typed),
    onChange: (chosen) => change(place, { [field]: multi ? chosen.map(({ raw }) => raw) : chosen[0]?.raw ?? null }),
  };
}

function initialOf({ element, surface }, kind, multi) {
  const given = element[`initial_${FIELDS[kind]}${multi ? "s" : ""}`];
  if (given) return given;
  const here = kind === "conversations" && element.default_to_current_conversation ? surface.here() : null;
  if (multi) return here ? [here] : [];
  return here;
}

const matching = (all, typed) => {
  const needle = typed.toLocaleLowerCase();
  return all.filter(({ text }) => text.toLocaleLowerCase().includes(needle));
};

function remoteLoad(place) {
  return async (typed) => {
    const answer = await place.surface.options(place.blockId, place.element.action_id, typed);
    return flatten(answer, place.surface.reader);
  };
}

function flatten({ options, option_groups: groups }, reader) {
  if (!groups?.length) return (options ?? []).map((option) => toChoice(option, reader));
  return groups.flatMap((group) => group.options.map((option) => toChoice(option, reader, group.label?.text)));
}

function toChoice(option, reader, group) {
  const label = document.createElement("span");
  label.append(renderText(option.text, reader));
  const description = option.description ? option.description.text : null;
  return { key: option.value, label, text: label.textContent ?? "", description, raw: option, group };
}

function optionList({ element, surface }) {
  return { all: flatten(element, surface.reader), choice: (option) => toChoice(option, surface.reader) };
}

const named = (id, text, description) => ({ key: id, label: text, text, description, raw: id });

function peopleList({ surface }) {
  const all = surface.people().map((user) => named(user.id, user.real_name || user.name, user.title));
  return { all, choice: (id) => all.find(({ key }) => key === id) ?? named(id, id, null) };
}

function channelList({ surface }) {
  const all = surface.channels().filter(({ is_im: im }) => !im).map((channel) => named(channel.id, `#${channel.name}`, channel.topic));
  return { all, choice: (id) => all.find(({ key }) => key === id) ?? named(id, id, null) };
}
