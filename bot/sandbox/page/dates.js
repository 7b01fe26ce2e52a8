// @ts-check
/**
 * Times as Slack shows them: always in the reader's zone and language.
 * All instants are Unix seconds; "today" is told by the sandbox's clock, not by the machine's.
 * @typedef {{tz: string, locale: string, now: () => number}} DateReader
 */

const formatters = new Map();

function formatter(locale, options) {
  const key = locale + JSON.stringify(options);
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(locale, options));
  return formatters.get(key);
}

function inZone(unix, reader, options) {
  return formatter(reader.locale, { timeZone: reader.tz, ...options }).format(unix * 1000);
}

/** Calendar fields of an instant in a zone, as numbers. */
export function fields(unix, tz) {
  const options = { timeZone: tz, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const parts = formatter("en-US", options).formatToParts(unix * 1000);
  return Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
}

const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** "2026-12-01" in the reader's zone. */
export function dayKey(unix, tz) {
  const f = fields(unix, tz);
  return `${f.year}-${two(f.month)}-${two(f.day)}`;
}

const dayNumber = (unix, tz) => Math.round(Date.parse(dayKey(unix, tz)) / 86_400_000);

/** yesterday, today, tomorrow in the reader's language, or null. */
function relativeDay(unix, reader) {
  const days = dayNumber(unix, reader.tz) - dayNumber(reader.now(), reader.tz);
  if (Math.abs(days) > 1) return null;
  return new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" }).format(days, "day");
}

const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

function ordinal(day) {
  const tail = { 1: "st", 2: "nd", 3: "rd" }[day % 10];
  return `${day}${tail && Math.floor(day / 10) !== 1 ? tail : "th"}`;
}

/** "February 18th, 2014" in English; the locale's own long date elsewhere. */
function longDate(unix, reader, weekday) {
  const head = weekday ? { weekday: "long" } : {};
  if (!reader.locale.startsWith("en")) {
    return inZone(unix, reader, { ...head, year: "numeric", month: "long", day: "numeric" });
  }
  const f = fields(unix, reader.tz);
  const day = weekday ? `${inZone(unix, reader, { weekday: "long" })}, ` : "";
  return `${day}${inZone(unix, reader, { month: "long" })} ${ordinal(f.day)}, ${f.year}`;
}

const shortDate = (unix, reader) =>
  inZone(unix, reader, { year: "numeric", month: "short", day: "numeric" });

/** The time of day, by the reader's locale: 6:39 AM or 18:39. */
export const timeOfDay = (unix, reader) =>
  inZone(unix, reader, { hour: hourStyle(reader.locale), minute: "2-digit" });

// 9:05 AM, but 09:05 where the day has 24 hours.
function hourStyle(locale) {
  const { hourCycle } = formatter(locale, { hour: "numeric" }).resolvedOptions();
  return hourCycle === "h23" ? "2-digit" : "numeric";
}

/** "Today", "Monday, November 2nd" …: the label between two days of messages. */
export function dayLabel(unix, reader) {
  const near = relativeDay(unix, reader);
  if (near) return capital(near);
  const sameYear = fields(unix, reader.tz).year === fields(reader.now(), reader.tz).year;
  if (!sameYear) return longDate(unix, reader, true);
  return inZone(unix, reader, { weekday: "long", month: "long", day: "numeric" });
}

/** Everything about an instant, for a tooltip: date, time, zone. */
export const fullStamp = (unix, reader) =>
  inZone(unix, reader, { dateStyle: "full", timeStyle: "medium" }) + ` (${reader.tz})`;

const AGO_STEPS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ (
  [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]]);

/** "3 minutes ago", "in 2 hours". */
export function ago(unix, reader) {
  const delta = unix - reader.now();
  const [unit, size] = AGO_STEPS.find(([, s]) => Math.abs(delta) >= s) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" })
    .format(Math.trunc(delta / size), unit);
}

const TOKENS = {
  date_num: (unix, reader) => dayKey(unix, reader.tz),
  date_slash: (unix, reader) => inZone(unix, reader, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (unix, reader) => longDate(unix, reader, false),
  date_short: shortDate,
  date_long: (unix, reader) => longDate(unix, reader, true),
  date_long_full: (unix, reader) => longDate(unix, reader, false),
  date_pretty: (unix, reader) => relativeDay(unix, reader) ?? longDate(unix, reader, false),
  date_short_pretty: (unix, reader) => relativeDay(unix, reader) ?? shortDate(unix, reader),
  date_long_pretty: (unix, reader) => relativeDay(unix, reader) ?? longDate(unix, reader, true),
  day_divider_pretty: dayLabel,
  time: timeOfDay,
  time_secs: (unix, reader) =>
    inZone(unix, reader, { hour: hourStyle(reader.locale), minute: "2-digit", second: "2-digit" }),
  ago,
};

/**
 * Fills a template such as "{date_short_pretty} at {time}".
 * @param {number} unix
 * @param {string} template
 * @param {DateReader} reader
 * @returns {string|null} null if the template holds a token that Slack does not know
 */
export function formatDate(unix, template, reader) {
  if (!Number.isFinite(unix) || Math.abs(unix) > 8.64e12) return null;
  const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  if (names.length === 0 || names.some((name) => !(name in TOKENS))) return null;
  return template.replace(/\{(\w+)\}/g, (_, name, offset) => {
    const text = TOKENS[name](unix, reader);
    return offset === 0 ? capital(text) : text;
  });
}

/** The zone's offset from UTC at an instant, in seconds. */
function offsetAt(unix, tz) {
  const f = fields(unix, tz);
  return Date.UTC(f.year, f.month - 1, f.day, f.hour, f.minute, f.second) / 1000 - Math.floor(unix);
}

/** Reads "2026-12-01T02:00" as wall time in a zone; Unix seconds, or null if it is no date. */
export function zonedToUnix(local, tz) {
  const wall = Date.parse(`${local.slice(0, 16)}:00Z`) / 1000;
  if (!Number.isFinite(wall)) return null;
  const guess = wall - offsetAt(wall, tz);
  return wall - offsetAt(guess, tz);
}

/** The inverse of `zonedToUnix`, as a datetime-local field wants it. */
export function unixToZoned(unix, tz) {
  const f = fields(unix, tz);
  return `${dayKey(unix, tz)}T${two(f.hour)}:${two(f.minute)}`;
}

/** "UTC+8", "UTC−03:30": a zone's offset for people. */
export function offsetLabel(unix, tz) {
  const minutes = Math.round(offsetAt(Math.floor(unix), tz) / 60);
  const rest = Math.abs(minutes) % 60;
  const sign = minutes < 0 ? "−" : "+";
  return `UTC${sign}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${two(rest)}` : ""}`;
}
