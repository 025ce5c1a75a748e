/** Follows the events: applies them to the conversations, and tells the app. */

/**
 * @typedef {import("../followed.js").Followed} Followed
 * @typedef {import("../connection/transport.js").Frame} Frame
 * @typedef {import("../model/conversation.js").Message} Message
 */

export class Following {
  #parts;

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {Frame} event */
  handle(event) {
    const { conversations, catchingUp, emitter } = this.#parts;
    const { type, version } = event;
    const data = event.data ?? {};
    const id = event.conversation_id ?? data.conversation_id;
    switch (type) {
      case "restored":
        return catchingUp.resume();
      case "presence.changed":
        return emitter.emit({ ...data, type });
      case "conversation.added":
        return void this.#added(data.conversation);
    }
    if (id === undefined) return;
    if (version !== undefined) return this.#durable(id, event);
    const conversation = conversations.known(id);
    if (!conversation) return;
    switch (type) {
      case "conversation.removed":
        return this.ended(conversation);
      case "resync":
        return this.#resync(conversation);
      case "receipt.updated":
        return this.#receipt(conversation, data);
      case "preferences.updated":
        conversation.model?.own.set(data.preferences);
        return this.changed(conversation);
      case "typing.started":
      case "typing.stopped":
        return this.#typing(type, conversation, event);
    }
  }

  /** Something was applied: closes holes, and tells the news. @param {Followed} conversation */
  changed(conversation) {
    const { conversations, syncing, session, loading } = this.#parts;
    const { id, model } = conversation;
    if (!model) return;
    for (const { type, message } of model.takeNews()) this.#news(type, conversation, message);
    if (model.isGone) return this.ended(conversation);
    if (model.cursor.isBehind && !model.syncing && session.isLive) syncing.sync(id, model);
    loading.mend(conversation).catch(() => {});
    conversations.changed(conversation);
  }

  /** Keeps a message of a reply: it does not move the cursor.
   * @param {Message} message @param {import("../model/reactions.js").Reaction} [reaction] */
  keep(message, reaction) {
    const conversation = this.#parts.conversations.known(message.conversation_id);
    if (conversation?.model?.data) conversation.model.keep(message, reaction);
    this.settle([message]);
    if (conversation) this.changed(conversation);
  }

  /** Removes my messages among these from the outbox. @param {Message[]} messages */
  settle(messages) {
    const { outbox, userId } = this.#parts;
    for (const one of messages) if (one.sender_id === userId()) outbox.settle(one);
  }

  /** The person is no longer in it. @param {Followed} conversation */
  ended(conversation) {
    const { conversations, catchingUp, typing, reading, emitter } = this.#parts;
    catchingUp.ended(conversation.id);
    typing.clear([conversation.id]);
    reading.forget(conversation.id);
    conversation.end();
    conversations.changed();
    emitter.emit({ type: "conversation.removed", conversation_id: conversation.id });
  }

  /** Takes the answer to a sync.
   * @param {string} id @param {import("./syncing.js").Model} model
   * @param {import("./syncing.js").Changes} changes */
  applyChanges(id, model, changes) {
    const conversation = this.#parts.conversations.get(id);
    if (conversation.model !== model) return;
    if (changes.status === "forbidden") {
      this.ended(conversation);
    } else if (changes.status === "ok") {
      model.applyChanges(changes);
      this.changed(conversation);
    } else {
      this.reload(conversation);
    }
  }

  /** Discards the copy of a conversation, and loads it.
   * @param {Followed} conversation @param {import("../model/conversation.js").Joined} [joined] */
  reload(conversation, joined) {
    conversation.begin(joined);
    return this.#parts.loading.load(conversation).catch(() => {});
  }

  /** @param {{id: string} & import("../model/conversation.js").Joined} joined */
  async #added(joined) {
    const { conversations, emitter } = this.#parts;
    const { id } = joined;
    const conversation = conversations.get(id);
    // An event that comes again tells nothing again.
    await this.reload(conversation, conversation.model?.summary ?? joined);
    if (conversation.model) emitter.emit({ type: "conversation.added", conversation_id: id });
  }

  /** @param {string} id @param {Frame} event */
  #durable(id, event) {
    const { conversations, userId } = this.#parts;
    const conversation = conversations.get(id);
    // A conversation that `hello` left out for their number.
    if (!conversation.model) this.reload(conversation);
    const { model } = conversation;
    model?.receive(/** @type {any} */ (event));
    const isMyEnd =
      !model?.data &&
      event.type === "participant.removed" &&
      event.data.participants.some((/** @type {any} */ one) => one.user_id === userId());
    if (isMyEnd) this.ended(conversation);
    else this.changed(conversation);
  }

  /** @param {Followed} conversation */
  #resync(conversation) {
    const { syncing, session, loading } = this.#parts;
    const { id, model } = conversation;
    model?.cursor.announce(Infinity);
    // Also while another sync is on its way, which may have been answered before the change.
    if (model?.data && session.isLive) syncing.sync(id, model);
    if (conversation.shows > 0) loading.receipts(conversation).catch(() => {});
  }

  /** @param {Followed} conversation @param {any} data */
  #receipt(conversation, data) {
    const { conversations, emitter, userId } = this.#parts;
    const { model, id } = conversation;
    model?.positions.moved(data.user_id, data.read_seq, data.delivered_seq);
    if (data.user_id === userId()) model?.mergeOwn(data);
    conversations.changed(conversation);
    emitter.emit({ ...data, type: "receipt.updated", conversation_id: id });
  }

  /** @param {"typing.started" | "typing.stopped"} type
   * @param {Followed} conversation @param {Frame} event */
  #typing(type, { id }, event) {
    const { typing, emitter, userId } = this.#parts;
    const { user_id } = event.data;
    if (user_id === userId()) return;
    if (type === "typing.started") typing.started(id, /** @type {any} */ (event));
    else typing.stopped(id, user_id);
    emitter.emit({ type, conversation_id: id, user_id });
  }

  /** @param {"message" | "message.changed"} type
   * @param {Followed} conversation @param {Message} message */
  #news(type, { id }, message) {
    const { typing, activity, emitter, userId } = this.#parts;
    if (message.sender_id === userId()) this.settle([message]);
    else if (type === "message") activity.arrived(id, message.seq);
    if (type === "message") typing.stopped(id, message.sender_id);
    emitter.emit({ type, conversation_id: id, message });
  }
}
