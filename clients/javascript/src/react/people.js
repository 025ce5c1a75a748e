/** People: their names and pictures, and whether they are there. */

import { useCallback, useEffect, useMemo } from "react";
import { People } from "../people.js";
import { Presence } from "../presence.js";
import { useChat } from "./context.js";
import { useSelection } from "./selection.js";

/**
 * @typedef {import("../client.js").ChatClient} ChatClient
 * @typedef {import("../people.js").PeopleSnapshot} PeopleSnapshot
 * @typedef {import("../presence.js").PresenceSnapshot} PresenceSnapshot
 */

/** All components share them. @type {WeakMap<ChatClient, Presence>} */
const presences = new WeakMap();
/** @type {WeakMap<ChatClient, People>} */
const directories = new WeakMap();

/** Watches whether these people are there, for as long as the component is mounted.
 * @param {readonly string[]} userIds @returns {PresenceSnapshot} by user id, without people who are not known */
export function usePresence(userIds) {
  const presence = shared(presences, useChat(), Presence);
  const ids = useSame(userIds);
  useEffect(() => presence.watch(ids), [presence, ids]);
  return useSelection(presence, useCallback((/** @type {PresenceSnapshot} */ all) => only(all, ids), [ids]));
}

/** Loads the names and pictures of these people.
 * @param {readonly string[]} userIds @returns {PeopleSnapshot} by user id, without people who are not known */
export function usePeople(userIds) {
  const people = shared(directories, useChat(), People);
  const ids = useSame(userIds);
  useEffect(() => people.want(ids), [people, ids]);
  return useSelection(people, useCallback((/** @type {PeopleSnapshot} */ all) => only(all, ids), [ids]));
}

/** Returns the same array as long as it has the same ids. @param {readonly string[]} userIds
 * @returns {string[]} */
function useSame(userIds) {
  const key = JSON.stringify(userIds);
  return useMemo(() => JSON.parse(key), [key]);
}

/** @template T @param {WeakMap<ChatClient, T>} all @param {ChatClient} chat
 * @param {new (chat: ChatClient) => T} Made @returns {T} */
function shared(all, chat, Made) {
  const made = all.get(chat) ?? new Made(chat);
  all.set(chat, made);
  return made;
}

/** @template T @param {Readonly<Record<string, T>>} all @param {string[]} ids */
function only(all, ids) {
  return Object.fromEntries(ids.filter((id) => Object.hasOwn(all, id)).map((id) => [id, all[id]]));
}
