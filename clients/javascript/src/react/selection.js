/** A part of a store: a component renders again only if this part has changed. */

import { useMemo, useSyncExternalStore } from "react";

/**
 * @template S, T
 * @param {import("../store.js").Observable<S>} store
 * @param {(snapshot: S) => T} select the same function as long as it selects the same
 * @returns {T}
 */
export function useSelection(store, select) {
  const getSelection = useMemo(() => {
    /** @type {S | undefined} */
    let snapshot;
    /** @type {T | undefined} */
    let selection;
    return () => {
      const present = store.getSnapshot();
      if (present !== snapshot) {
        snapshot = present;
        const selected = select(present);
        if (!isShallowEqual(selection, selected)) selection = selected;
      }
      return /** @type {T} */ (selection);
    };
  }, [store, select]);
  return useSyncExternalStore(store.subscribe, getSelection, getSelection);
}

/** Whether two values are the same, or have the same entries; so do lists in an object.
 * @param {any} one @param {any} other @returns {boolean} */
function isShallowEqual(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const names = Object.keys(one);
  const isSame = (/** @type {any} */ a, /** @type {any} */ b) =>
    Array.isArray(a) && Array.isArray(b) ? isShallowEqual(a, b) : Object.is(a, b);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}
