// @ts-check
/** A small table of the emoji that bots use; an unknown name stays as it was written. */
const TABLE = {
  alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", bangbang: "‼️", bell: "🔔",
  bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈", clap: "👏", clock1: "🕐", closed_lock_with_key: "🔐",
  cloud: "☁️", construction: "🚧", eyes: "👀", exclamation: "❗", fire: "🔥", floppy_disk: "💾", gear: "⚙️",
  grey_question: "❔", hammer_and_wrench: "🛠️", heart: "❤️", heavy_check_mark: "✔️", heavy_minus_sign: "➖",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️", key: "🔑",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡",
  link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", no_entry: "⛔", no_entry_sign: "🚫", ok: "🆗", ok_hand: "👌",
  package: "📦", pause_button: "⏸️", double_vertical_bar: "⏸️", point_right: "👉", pray: "🙏", question: "❓",
  raised_hands: "🙌", arrow_forward: "▶️", red_circle: "🔴", repeat: "🔁", arrows_counterclockwise: "🔄",
  rocket: "🚀", rotating_light: "🚨", shield: "🛡️", skull: "💀", slightly_smiling_face: "🙂", smile: "😄",
  snowflake: "❄️", sos: "🆘", sparkles: "✨", speech_balloon: "💬", stop_sign: "🛑", octagonal_sign: "🛑",
  stopwatch: "⏱️", tada: "🎉", thinking_face: "🤔", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎",
  timer_clock: "⏲️", unlock: "🔓", warning: "⚠️", wastebasket: "🗑️", wave: "👋", white_check_mark: "✅",
  white_circle: "⚪", black_circle: "⚫", wrench: "🔧", x: "❌", zap: "⚡", zzz: "💤", robot_face: "🤖",
  elephant: "🐘", bar_chart: "📊", small_blue_diamond: "🔹", small_orange_diamond: "🔸", test_tube: "🧪",
};

/** @param {string} name without the colons */
export const emojiFor = (name) => (Object.hasOwn(TABLE, name) ? TABLE[name] : null);
