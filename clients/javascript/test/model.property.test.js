/** Whatever the wire does to single frames, the model comes to show what the store has. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConversationModel } from "../src/model/conversation.js";
import { SimulatedStore } from "./simulated_store.js";

const RUNS = Number(process.env.RUNS ?? 300);

/** A client of the simulated store, and what is on its way between the two. */
class Play {
  store = new SimulatedStore();
  model = new ConversationModel("ann");
  news = [];
  /** Syncs that the server has not answered, and answers that did not arrive. */
  asked = [];
  answers = [];
  pages = [];
  /** Conversation objects that were asked for, and `own.changes` then. */
  objects = [];
  seen = [];
  hasLost = false;

  /** The steps of a run: changes in the store, and what happens on the wire. */
  steps = {
    send: () => this.store.send("bob"),
    sendMine: () => this.store.send("ann"),
    mention: (n) => this.store.send(n % 4 === 0 ? "ann" : "bob", { mentions: ["ann"] }),
    notice: () => this.store.send("service:system", { kind: "system" }),
    archive: () => this.store.archive(),
    notify: (n) => this.store.set({ notify: ["all", "mentions", "none"][n % 3] }),
    takeSettings: () => {
      const preferences = this.store.settingsEvents.shift();
      if (preferences) this.model.mergeOwn({ preferences });
    },
    answerObject: () => {
      const asked = this.objects.find(({ data }) => data === null);
      if (asked) asked.data = structuredClone(this.store.conversation());
    },
    takeObject: () => {
      if (!this.objects[0]?.data) return;
      const { data, changes } = this.objects.shift();
      this.model.merge(data, changes);
    },
    edit: (n) => this.store.edit(n),
    delete: (n) => this.store.delete(n),
    rename: () => this.store.rename(),
    changePeople: () => this.store.changePeople(),
    changeStrangely: () => this.store.changeStrangely(),
    read: (n) => this.store.read(n),
    coalesce: (n) => this.store.coalesce(n),
    load: () => this.model.data ?? this.model.load(structuredClone(this.store.conversation())),
    event: () => this.#receive(this.store.events.shift()),
    loseEvent: () => (this.hasLost ||= this.store.events.shift() !== undefined),
    overtake: () => this.#receive(this.store.events.splice(1, 1)[0]),
    repeat: (n) => this.#receive(this.seen[n % (this.seen.length || 1)]),
    answerSync: (n) => {
      const question = this.asked.shift();
      if (question) {
        const changes = this.store.changes(question.since, 1 + (n % 3));
        this.answers.push({ question, changes: structuredClone(changes) });
      }
    },
    takeAnswer: () => this.#synced(this.answers.shift()),
    takeLaterAnswer: () => this.#synced(this.answers.pop()),
    resync: () => {
      this.model.cursor.announce(Infinity);
      if (this.model.data) this.#sync();
    },
    askPage: () => {
      const { model } = this;
      if (!model.data || this.pages.length > 0) return;
      if (model.history.isOpen && !model.history.hasOlder) return;
      model.history.willOpen();
      this.pages.push(structuredClone(this.store.page(model.history.firstSeq ?? undefined)));
    },
    takePage: () => this.pages.length > 0 && this.model.addPage(this.pages.shift()),
    list: () => this.model.data && this.model.merge(structuredClone(this.store.conversation())),
    reply: (n) => {
      const message = this.store.messages[n % (this.store.messages.length || 1)];
      if (message && this.model.data) this.model.keep(structuredClone(message));
    },
    trim: (n) => this.model.history.trim(1 + n),
    reconnect: () => {
      this.hasLost = false;
      this.asked = [];
      this.answers = [];
      this.store.events = [];
      this.store.settingsEvents = [];
      this.model.mergeOwn({ read_seq: this.store.readSeq, preferences: this.store.preferences });
      this.model.syncing = null;
      this.model.cursor.forget();
      this.model.cursor.announce(this.store.version);
    },
  };

  run(name, number) {
    this.steps[name](number);
    if (this.model.cursor.isBehind && !this.model.syncing) this.#sync();
    this.news.push(...this.model.takeNews());
    if (this.model.data && this.model.own.takeDoubt()) {
      this.objects.push({ data: null, changes: this.model.own.changes });
    }
    this.#agree();
  }

  /** At every moment, the title and the people are those of the version that the model names. */
  #agree() {
    const { data } = this.model;
    if (!data) return;
    const { title, people } = this.store.past[data.version];
    assert.equal(data.title, title);
    assert.deepEqual(data.participants.map((one) => one.user_id).sort(), [...people].sort());
  }

  /** Lets everything flow, until nothing is on its way. */
  settle() {
    this.run("load", 0);
    while (this.store.events.length > 0) this.run("event", 0);
    if (this.hasLost) this.run("reconnect", 0);
    for (let left = 10_000; this.asked.length > 0 || this.answers.length > 0; left -= 1) {
      assert(left > 0, "it syncs for ever");
      this.run("answerSync", 2);
      this.run("takeAnswer", 0);
    }
    this.run("takePage", 0);
    while (!this.model.history.isOpen || this.model.history.hasOlder) {
      this.run("askPage", 0);
      this.run("takePage", 0);
    }
    while (this.store.settingsEvents.length > 0) this.run("takeSettings", 0);
    for (let left = 1000; this.objects.length > 0; left -= 1) {
      assert(left > 0, "it asks for the conversation for ever");
      this.run("answerObject", 0);
      this.run("takeObject", 0);
    }
    this.model.mergeOwn({ read_seq: this.store.readSeq, marked_unread: null });
  }

  #receive(event) {
    if (!event) return;
    this.seen.push(event);
    this.model.receive(structuredClone(event));
  }

  #sync() {
    const mark = (this.model.syncing = Symbol("sync"));
    this.model.asking();
    this.asked.push({ mark, since: this.model.cursor.position });
  }

  #synced(answer) {
    if (!answer || answer.question.mark !== this.model.syncing) return;
    this.model.syncing = null;
    this.model.applyChanges(answer.changes);
  }
}

const names = Object.keys(new Play().steps);
const step = fc.tuple(fc.constantFrom(...names), fc.nat(12));
const steps = fc.array(step, { maxLength: 60, size: "max" });

test(`the model shows what the store has, in ${RUNS} runs`, () => {
  fc.assert(
    fc.property(steps, (chosen) => {
      const play = new Play();
      let first = null;
      for (const [name, number] of chosen) {
        play.run(name, number);
        if (first === null && play.model.data) first = play.model.seq;
      }
      play.settle();
      first ??= play.store.messages.length;

      const { store, model } = play;
      const summary = model.summary;
      assert.deepEqual(model.history.messages, store.messages);
      assert.equal(model.cursor.position, store.version);
      assert.equal(summary.title, store.title);
      assert.equal(summary.seq, store.messages.length);
      assert.equal(summary.read_seq, store.readSeq);
      assert.equal(summary.unread_count, store.unread);
      assert.equal(summary.mentioned_seq, store.mentioned);
      assert.equal(summary.archived, store.archived);
      assert.equal(summary.notify, store.settings.notify);
      assert.equal(summary.archived_seq, store.settings.archived_seq);
      assert.deepEqual(summary.last_message, store.messages.at(-1) ?? null);
      const told = play.news.filter(({ type }) => type === "message").map((one) => one.message.seq);
      assert.equal(new Set(told).size, told.length, "no message is told twice");
      const sent = store.messages.filter((one) => one.seq > first && !one.deleted_at);
      const untold = sent.filter(({ seq }) => !told.includes(seq));
      assert.deepEqual(untold, [], "each new message is told");
    }),
    { numRuns: RUNS },
  );
});
