// @ts-check
/** What a form says before it is sent at all: required fields, lengths, numbers. */

/** The text or choice that a state entry holds; empty when nothing was given. */
function given(state) {
  if (!state) return "";
  const { type: _type, ...rest } = state;
  const value = Object.values(rest)[0];
  return Array.isArray(value) && value.length === 0 ? "" : value ?? "";
}

/**
 * @param {any[]} blocks
 * @param {any} values as they would be sent
 * @returns {Record<string, string>} a sentence per block_id
 */
export function missing(blocks, values) {
  const problems = {};
  for (const block of blocks.filter(({ type }) => type === "input")) {
    const value = given(values[block.block_id]?.[block.element.action_id]);
    const problem = check(block, value);
    if (problem) problems[block.block_id] = problem;
  }
  return problems;
}

function check({ element, optional }, value) {
  if (value === "") return optional ? null : "Please complete this required field.";
  if (element.type === "number_input") return checkNumber(element, value);
  if (element.min_length && value.length < element.min_length) return `Please write at least ${element.min_length} characters.`;
  return null;
}

function checkNumber(element, value) {
  const pattern = element.is_decimal_allowed ? /^-?\d+([.,]\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(value)) return element.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  if (element.min_value && Number(value) < Number(element.min_value)) return `Please enter ${element.min_value} or more.`;
  if (element.max_value && Number(value) > Number(element.max_value)) return `Please enter ${element.max_value} or less.`;
  return null;
}
