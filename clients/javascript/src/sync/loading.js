/** Loads conversations, their messages and read positions over REST, until there is an answer. */

import { ChatError } from "../errors.js";
import { conversationPath } from "../connection/rest.js";

/**
 * @typedef {import("../followed.js").Followed} Followed
 * @typedef {import("../model/conversation.js").ConversationModel} Model
 * @typedef {import("../model/conversation.js").Message} Message
 */

/** How many messages one request may name. */
const MAX_IDS = 100;

export class Loading {
  /** What is loaded now. @type {Set<Model>} */
  #loads = new Set();
  #rest;
  #on;

  /**
   * @param {import("../connection/rest.js").Rest} rest
   * @param {object} on
   * @param {(conversation: Followed) => void} on.changed
   * @param {(conversation: Followed) => void} on.refused the person is not in it
   * @param {(messages: Message[]) => void} on.messages messages of a page
   */
  constructor(rest, on) {
    this.#rest = rest;
    this.#on = on;
  }

  /** Loads a conversation that has begun anew, and what is shown of it.
   * @param {Followed} conversation */
  async load(conversation) {
    const { model } = conversation;
    if (!model || this.#loads.has(model)) return;
    this.#loads.add(model);
    const data = await this.#get(conversation, "").finally(() => this.#loads.delete(model));
    if (data !== undefined) await this.loaded(conversation, data);
  }

  /** Takes the object of a conversation that has begun anew.
   * @param {Followed} conversation @param {any} data */
  async loaded(conversation, data) {
    if (conversation.model?.data) return;
    conversation.model?.load(data);
    conversation.loaded();
    this.#on.changed(conversation);
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

  /** Loads what the events left open: what holds for the person alone, and of a shown conversation
   * the positions of new people and the person's reactions. @param {Followed} conversation */
  async mend(conversation) {
    const { model, shows } = conversation;
    if (!model?.data) return;
    const isUnsure = model.own.takeDoubt();
    const ids = shows ? model.takeUnsureReactions() : [];
    await Promise.all([
      isUnsure && this.#own(conversation),
      ids[0] && this.#messages(conversation, ids),
      shows && model.hasNewPeople && this.receipts(conversation),
    ]);
  }

  /** Loads the latest page of messages, or the page before the loaded messages.
   * @param {Followed} conversation */
  page(conversation) {
    const model = conversation.model;
    conversation.paging ??= this.#page(conversation).finally(() => {
      if (conversation.model === model) conversation.paging = null;
    });
    return conversation.paging;
  }

  /** @param {Followed} conversation */
  async #page(conversation) {
    const { model } = conversation;
    if (!model) return;
    model.history.willOpen();
    const before = model.history.firstSeq ?? undefined;
    const page = await this.#get(conversation, "/messages", { before });
    if (page === undefined) return;
    model.addPage(page);
    if (conversation.shows === 0) model.history.trim();
    this.#on.messages(page.items);
    this.#on.changed(conversation);
  }

  /** Loads the read positions of everyone. @param {Followed} conversation */
  async receipts(conversation) {
    const { model } = conversation;
    if (!model) return;
    model.hasNewPeople = false;
    const answer = await this.#get(conversation, "/receipts");
    for (const { user_id: userId, read_seq, delivered_seq } of answer?.items ?? []) {
      model.positions.moved(userId, read_seq, delivered_seq);
    }
    this.#on.changed(conversation);
  }

  /** Loads the whole object: it has all people, and what holds for the person.
   * @param {Followed} conversation */
  async #own(conversation) {
    const changes = conversation.model?.own.changes;
    const data = await this.#get(conversation, "");
    if (data === undefined) return;
    conversation.model?.merge(data, changes);
    this.#on.changed(conversation);
  }

  /** Loads messages again. @param {Followed} conversation @param {string[]} ids */
  async #messages(conversation, ids) {
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      const query = { ids: ids.slice(start, start + MAX_IDS).join() };
      const answer = await this.#get(conversation, "/messages", query);
      for (const message of answer?.items ?? []) conversation.model?.keep(message);
    }
    this.#on.changed(conversation);
  }

  /** Resolves to undefined if the answer is no longer wanted: the conversation began anew meanwhile,
   * or the person is not in it.
   * @param {Followed} conversation @param {string} path @param {object} [query]
   * @returns {Promise<any>} */
  async #get(conversation, path, query) {
    const { id, model } = conversation;
    const isWanted = () => conversation.model === model && model !== null;
    try {
      return await this.#rest.persist("GET", conversationPath(id) + path, { query: { ...query } }, isWanted);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (isWanted() && (error.status === 403 || error.status === 404)) this.#on.refused(conversation);
    }
  }
}
