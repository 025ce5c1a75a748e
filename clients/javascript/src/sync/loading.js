/** Loads conversations, their messages and read positions over REST, until there is an answer. */

import { conversationPath } from "../connection/rest.js";

/**
 * @typedef {import("../followed.js").Followed} Followed
 * @typedef {import("../model/conversation.js").ConversationModel} Model
 */

/** How many messages one request may name. */
const MAX_IDS = 100;

export class Loading {
  #parts;

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Waits until a conversation is loaded, and what is shown of it; also for a connection. Rejects with
   * a refusal, or if the session ends; nobody needs to handle this.
   * @param {string} id
   * @param {(model: Model) => any} [work] the promise resolves to its result. It begins at once if
   *   everything is here; without it, everything is loaded again
   * @returns {Promise<any>} */
  ready(id, work) {
    const done = this.#ready(id, work);
    done.catch(() => {});
    return done;
  }

  /** @param {string} id @param {(model: Model) => any} [work] */
  async #ready(id, work) {
    const { conversations, session } = this.#parts;
    for (let isDone = Boolean(work); ; isDone = true) {
      const conversation = conversations.get(id);
      const { model, shows } = conversation;
      if (isDone && model?.data && (model.history.isOpen || !shows)) return work?.(model);
      await session.live();
      await this.load(conversation);
    }
  }

  /** Loads a conversation, unless it is loaded, and what is shown of it.
   * @param {Followed} conversation */
  async load(conversation) {
    const { model } = conversation;
    const place = model ?? conversation;
    const work = () =>
      model?.data ? this.show(conversation) : this.#get(conversation, "", (data) => this.loaded(conversation, data));
    await (place.loading ??= work().finally(() => (place.loading = null)));
  }

  /** Takes the object of a conversation that has begun anew, or that `hello` did not name: there are too
   * many, or it is of this moment.
   * @param {Followed} conversation @param {any} data */
  async loaded(conversation, data) {
    const { following, userId } = this.#parts;
    if (!conversation.model && userId()) conversation.begin().cursor.announce(Infinity); // a sync makes it live
    const { model } = conversation;
    if (model && !model.data) {
      model.load(data);
      following.changed(conversation);
    }
    await this.show(conversation);
  }

  /** Loads what is shown of a conversation, if it is shown. @param {Followed} conversation */
  async show(conversation) {
    const { model, shows } = conversation;
    if (!model?.data || shows === 0) return;
    await Promise.all([
      model.history.isOpen ? this.mend(conversation) : this.page(conversation),
      model.data.participants ? null : this.#own(conversation),
      this.receipts(conversation),
    ]);
  }

  /** Loads what the events do not contain: the person's own state, and for a shown conversation the
   * positions of new people and the person's reactions. @param {Followed} conversation */
  async mend(conversation) {
    const { model, shows } = conversation;
    if (!model?.data) return;
    const isUnsure = model.own.takeDoubt();
    const ids = shows ? model.takeUnsure() : [];
    await Promise.all([
      isUnsure && this.#own(conversation),
      ids[0] && this.#messages(conversation, ids),
      shows && model.hasNewPeople && this.receipts(conversation),
    ]);
  }

  /** Loads the latest page of messages, or the page before the loaded messages.
   * @param {Followed} conversation */
  async page(conversation) {
    const { model } = conversation;
    if (!model) return;
    const work = () => {
      model.history.willOpen();
      const take = (/** @type {any} */ page) => {
        model.addPage(page);
        if (conversation.shows === 0) model.history.trim();
        this.#parts.following.settle(page.items);
      };
      return this.#get(conversation, "/messages", take, { before: model.history.firstSeq });
    };
    await (model.paging ??= work().finally(() => (model.paging = null)));
  }

  /** Loads the read positions of everyone. @param {Followed} conversation */
  async receipts(conversation) {
    const { model } = conversation;
    if (!model) return;
    model.hasNewPeople = false;
    await this.#get(conversation, "/receipts", ({ items }) => {
      for (const one of items) model.positions.moved(one.user_id, one.read_seq, one.delivered_seq);
    });
  }

  /** Loads the whole object: it has all people, and what holds for the person.
   * @param {Followed} conversation */
  #own(conversation) {
    const { model } = conversation;
    const changes = model?.own.changes;
    return this.#get(conversation, "", (data) => model?.merge(data, changes));
  }

  /** Loads messages again. @param {Followed} conversation @param {string[]} ids */
  async #messages(conversation, ids) {
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      const query = { ids: ids.slice(start, start + MAX_IDS).join() };
      const take = (/** @type {any} */ { items }) => {
        for (const message of items) conversation.model?.keep(message);
      };
      await this.#get(conversation, "/messages", take, query);
    }
  }

  /** Passes the answer on, unless it is no longer wanted: the conversation began anew meanwhile. Rejects
   * with a refusal.
   * @param {Followed} conversation @param {string} path @param {(answer: any) => any} take
   * @param {Record<string, unknown>} [query] */
  async #get(conversation, path, take, query) {
    const { id, model } = conversation;
    const { following, rest } = this.#parts;
    const isWanted = () => conversation.model === model;
    try {
      const answer = await rest.persist("GET", conversationPath(id) + path, { query }, isWanted);
      if (answer === undefined) return;
      const taken = take(answer);
      following.changed(conversation);
      await taken;
    } catch (error) {
      if (!isWanted()) return;
      const { status } = /** @type {import("../errors.js").ChatError} */ (error);
      if (model && [403, 404].includes(status)) following.ended(conversation);
      throw error;
    }
  }
}
