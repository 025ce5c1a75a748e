/** `chat-client/history/react`: a hook, for React 18 or newer. */

import { useEffect, useMemo } from "react";
import { useChat } from "../react/context.js";
import { useSelection } from "../react/selection.js";
import { History } from "./index.js";

/**
 * @typedef {import("./index.js").HistorySnapshot} HistorySnapshot
 *
 * @typedef {object} HistoryActions
 * @property {() => Promise<void>} loadOlder
 * @property {() => Promise<void>} loadNewer
 * @property {(seq: number) => Promise<void>} jump
 * @property {() => Promise<number | null>} jumpToFirstUnread
 * @property {() => void} latest
 */

/** Shows the messages of a conversation for as long as the component is mounted, from any place on.
 * @param {string | null | undefined} id null: no conversation is chosen
 * @returns {HistorySnapshot & HistoryActions} */
export function useHistory(id) {
  const chat = useChat();
  const history = useMemo(() => (id ? new History(chat, id) : null), [chat, id]);
  useEffect(() => {
    history?.open().catch(() => {}); // the state of the conversation says it
    return () => history?.close();
  }, [history]);
  const shown = useSelection(history ?? NOTHING, whole);
  const actions = useMemo(
    () => ({
      loadOlder: async () => history?.loadOlder(),
      loadNewer: async () => history?.loadNewer(),
      jump: async (/** @type {number} */ seq) => history?.jump(seq),
      jumpToFirstUnread: async () => (history ? history.jumpToFirstUnread() : null),
      latest: () => history?.latest(),
    }),
    [history],
  );
  return useMemo(() => ({ ...shown, ...actions }), [shown, actions]);
}

/** @type {HistorySnapshot} */
const EMPTY = Object.freeze({
  messages: Object.freeze([]),
  pending: Object.freeze([]),
  unreadFrom: null,
  isLoaded: false,
  isLoading: false,
  hasOlder: false,
  hasNewer: false,
  error: null,
});
const NOTHING = { subscribe: () => () => {}, getSnapshot: () => EMPTY };

/** @param {HistorySnapshot} snapshot */
function whole(snapshot) {
  return snapshot;
}
