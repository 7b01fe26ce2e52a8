// @ts-check
/** Connects blocks to where they stand: a message, a view or the Home tab. */
import * as api from "./api.js";
import { allowed } from "./elements.js";
import { reason, toast } from "./toast.js";

/**
 * @param {any} app
 * @param {"message"|"view"|"home"} kind
 * @param {any} container what the server needs to find the blocks again
 * @param {string} id unique among surfaces
 * @param {(blockId: string) => void} [onSet] hears of every change of a field
 * @returns {import("./elements.js").Surface}
 */
export function makeSurface(app, kind, container, id, onSet = () => {}) {
  const user = app.store.userId;
  const values = app.store.values(`${user}/${id}`);
  const address = (blockId, actionId) => ({ user, container, block_id: blockId, action_id: actionId });
  return {
    id, kind, reader: app.reader,
    people: () => app.store.state.users,
    channels: () => app.store.state.channels,
    here: () => app.store.state.channels.find(({ id, is_im: im }) => !im && id === app.store.place.id)?.id ?? null,
    get: (blockId, actionId) => values[blockId]?.[actionId],
    set: (blockId, actionId, state) => {
      (values[blockId] ??= {})[actionId] = state;
      onSet(blockId);
    },
    options: (blockId, actionId, value) => api.post("/page/options", { ...address(blockId, actionId), value }),
    act: async (blockId, actionId, action, confirm) => {
      if (!(await allowed(confirm, app.reader))) return false;
      return send({ ...address(blockId, actionId), action, state: { values } });
    },
  };
}

async function send(body) {
  try {
    const { ok, error } = await api.post("/page/action", body);
    if (!ok) toast(`That did not work: ${reason(error)}`);
    return ok;
  } catch (error) {
    toast(error.message);
    return false;
  }
}
