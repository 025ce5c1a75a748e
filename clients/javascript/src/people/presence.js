/** Who is there, of the people that the app watches. */

/** @typedef {{user_id: string, status: string, last_active_at: string | null}} PersonPresence */

export class Presence {
  /** By user id. @type {Readonly<Record<string, PersonPresence>>} */
  people = Object.freeze({});
  /** @type {readonly string[] | null} */
  #watched = null;
  #session;
  #onChange;

  /**
   * @param {import("../connection/session.js").Session} session
   * @param {() => void} onChange
   */
  constructor(session, onChange) {
    this.#session = session;
    this.#onChange = onChange;
  }

  /** Watches these people, and no longer those before. @param {readonly string[]} userIds */
  watch(userIds) {
    this.#watched = [...userIds];
    const known = Object.entries(this.people).filter(([id]) => userIds.includes(id));
    this.#become(Object.fromEntries(known));
    this.resume();
  }

  /** Asks for the present state: a watch belongs to one socket. */
  async resume() {
    const watched = this.#watched;
    const fields = () => (watched && watched === this.#watched ? { user_ids: watched } : null);
    const answer = await this.#session.persist("presence.watch", fields).catch(() => null);
    if (watched === this.#watched) answer?.items.forEach(this.changed, this);
  }

  /** @param {PersonPresence} person */
  changed(person) {
    const { user_id, status, last_active_at } = person;
    if (!this.#watched?.includes(user_id)) return;
    this.#become({ ...this.people, [user_id]: Object.freeze({ user_id, status, last_active_at }) });
  }

  /** @param {Record<string, PersonPresence>} people */
  #become(people) {
    this.people = Object.freeze(people);
    this.#onChange();
  }
}
