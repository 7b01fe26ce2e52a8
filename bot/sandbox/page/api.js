// @ts-check
/** The page's own API: JSON requests and the stream of events. */

/** A request that the server answered with an error status, or that got no answer. */
export class ApiError extends Error {}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new ApiError("The sandbox does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    throw new ApiError(body?.error ?? `The sandbox answered HTTP ${response.status}.`);
  }
  return body;
}

/** @param {string} path @param {Record<string, string>} [query] */
export const get = (path, query = {}) => request(`${path}?${new URLSearchParams(query)}`, {});

/** @param {string} path @param {object} body */
export const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const FIRST_RETRY = 500;
const LONGEST_RETRY = 8000;

/**
 * Follows a person's events, reconnecting with growing pauses until stopped.
 * @param {string} user
 * @param {{onEvent: (event: any) => void, onOpen: () => void, onLost: () => void}} handlers
 * @returns {() => void} stop
 */
export function follow(user, { onEvent, onOpen, onLost }) {
  let pause = FIRST_RETRY;
  let timer = 0;
  let source = /** @type {EventSource|null} */ (null);
  const connect = () => {
    source = new EventSource(`/page/events?${new URLSearchParams({ user })}`);
    source.onopen = () => {
      pause = FIRST_RETRY;
      onOpen();
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      source?.close();
      onLost();
      timer = setTimeout(connect, pause);
      pause = Math.min(LONGEST_RETRY, pause * 2);
    };
  };
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
