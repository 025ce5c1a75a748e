/** What holds for me alone in a conversation: pure, without input or output.
 *
 * No event tells `mentioned_seq` and `archived`. They follow from the messages, as the server derives
 * them. Where only the server can tell, `takeDoubt` asks for the conversation object of REST.
 */

/**
 * @typedef {import("../../schema/frames.js").Message} Message
 * @typedef {import("../../schema/frames.js").Preferences} Preferences
 */

export class Own {
  /** How often my settings changed: an answer that was asked for before a change does not undo it. */
  changes = 0;
  #isUnsure = false;
  #me;
  #positions;
  #now;
  /** Up to this `seq` the server has told the latest mention. */
  #toldSeq = 0;
  /** The latest message that mentioned me, also if it was deleted since. */
  #mention = 0;
  /** The latest message of somebody else above `#toldSeq`, also if it was deleted since. */
  #other = 0;
  /** Here, `archived` is what the server told, until somebody else writes.
   * @type {Preferences} */
  #settings = /** @type {any} */ ({ archived_seq: null });
  /** `#rings` when the server told `archived`. */
  #rang = true;

  /** @param {string} me @param {import("./positions.js").Positions} positions
   * @param {() => number} now the server's time, in milliseconds */
  constructor(me, positions, now) {
    this.#now = now;
    this.#me = me;
    this.#positions = positions;
  }

  /** The fields of the conversation object. @param {number} seq of the latest message */
  fields(seq) {
    const positions = this.#positions;
    return {
      ...this.#settings,
      archived: this.#isArchived(seq),
      mentioned_seq: this.#mentionedSeq,
      read_seq: positions.readSeq,
      unread_count: positions.counted(positions.readSeq, seq),
      marked_unread: positions.markedUnread,
    };
  }

  /** Takes a conversation object of REST or of a sync.
   * @param {import("./conversation.js").ConversationData} data
   * @param {number} changes those when it was asked for */
  take(data, changes) {
    const { seq, mentioned_seq } = data;
    this.#toldSeq = Math.max(this.#toldSeq, seq);
    if (this.#mention <= seq) this.#mention = mentioned_seq ?? 0;
    this.#isUnsure = changes !== this.changes;
    if (!this.#isUnsure) this.#become(data);
  }

  /** Takes my settings, from any device. @param {Preferences} settings */
  set(settings) {
    this.changes += 1;
    this.#become(settings);
    // They may be of a time before messages that count for `archived`, and that are known by now.
    this.#isUnsure ||= this.#toldSeq > (settings.archived_seq ?? Infinity);
  }

  /** @param {Preferences} settings */
  #become({ muted_until, notify, pinned, archived, archived_seq }) {
    this.#settings = { muted_until, notify, pinned, archived, archived_seq };
    this.#rang = this.#rings;
  }

  /** Takes a message. @param {Message} message @param {boolean} isNew whether it was never seen here */
  saw({ seq, sender_id, kind, deleted_at, mentions_all, mentions }, isNew) {
    if (sender_id === this.#me || kind === "system") return;
    const { archived, archived_seq: since } = this.#settings;
    if (deleted_at) {
      const isOther = since === null || archived || seq <= since || this.#counts(this.#other, since);
      const isMention = isNew && seq > Math.max(this.#toldSeq, this.#mention, this.#positions.readSeq);
      this.#isUnsure ||= isMention || !isOther;
    } else if (this.#counts(seq, this.#toldSeq)) {
      this.#other = Math.max(this.#other, seq);
      if (mentions_all || mentions?.includes(this.#me)) this.#mention = Math.max(this.#mention, seq);
      if (since !== null && seq > since) this.#settings.archived = false;
    }
  }

  /** Whether the server must be asked. Call it after every change. */
  takeDoubt() {
    const isUnsure = this.#isUnsure || (this.#settings.archived_seq !== null && this.#rang !== this.#rings);
    this.#isUnsure = false;
    this.#rang = this.#rings;
    return isUnsure;
  }

  get #mentionedSeq() {
    return this.#counts(this.#mention, this.#positions.readSeq) ? this.#mention : null;
  }

  /** Whether I get a push for every message. */
  get #rings() {
    const { muted_until: until, notify } = this.#settings;
    return notify === "all" && !(until && Date.parse(until) > this.#now());
  }

  /** @param {number} seq */
  #isArchived(seq) {
    const { archived, archived_seq: since } = this.#settings;
    if (since === null) return false;
    if (!this.#rings) return (this.#mentionedSeq ?? 0) <= since;
    if (this.#positions.counted(since, seq) === 0) return true;
    return archived && !this.#counts(this.#other, since);
  }

  /** Whether a message is above another one, and neither deleted nor of the system.
   * @param {number} seq @param {number} after */
  #counts(seq, after) {
    return seq > after && this.#positions.counted(seq - 1, seq) > 0;
  }
}
