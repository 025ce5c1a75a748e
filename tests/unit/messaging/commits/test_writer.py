"""The writer: group commit, and what happens when somebody else was faster."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from messaging.changes.change import ConversationChange, Outcome
from messaging.commits import writer as writer_module
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.evaluation import Evaluation
from messaging.commits.writer import Writer
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import (
    ClientIdReused,
    ConversationNotFound,
    InvalidRequest,
    MessageNotFound,
    NotAParticipant,
    StoreUnavailable,
)
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.stores.conversations import Commit, CommitUnknown
from messaging.stores.sql.store import SqlStore
from tests.commits import CommitLog
from tests.moments import lapse
from tests.unit.messaging import add, delete, edit, new_group, remove, rename, send


class TryingStore(SqlStore):
    """The SQL store with a gate before its commits, and answers that get lost on demand."""

    def __init__(self) -> None:
        super().__init__(timeout=10)
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Semaphore(0)
        self.commits: list[Commit] = []
        self.looked_up: list[list[str]] = []
        """The ids of each look at messages."""
        self.lost_before = 0
        """How many of the next commits get lost on their way there."""
        self.lost_after = 0
        """How many of the next answers get lost on their way back."""
        self.overtaken_by: ConversationChange | None = None
        """What somebody else commits just before the next look at the conversation."""
        self.lost_after_look = 0
        """How many answers get lost after that."""

    @property
    def sizes(self) -> Sequence[int]:
        return [len(commit.created) for commit in self.commits]

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        act, self.overtaken_by = self.overtaken_by, None
        conversation = await super().get_conversation(conversation_id)
        if act is None or conversation is None:
            return conversation
        evaluation = Evaluation(conversation)
        evaluation.add(act)
        self.lost_after += self.lost_after_look
        return await super().commit(evaluation.commit(random_id()))

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        self.looked_up.append(list(message_ids))
        return await super().get_messages(conversation_id, message_ids)

    async def commit(self, commit: Commit) -> Conversation:
        self.commits.append(commit)
        self.waiting.release()
        await self.gate.wait()
        if self.lost_before:
            self.lost_before -= 1
            raise CommitUnknown
        stored = await super().commit(commit)
        if self.lost_after:
            self.lost_after -= 1
            raise CommitUnknown
        return stored


class Side:
    """One process: a writer with its cache, and what it was told."""

    def __init__(self, store: SqlStore) -> None:
        self.cache = ConversationCache()
        log = CommitLog()
        self.committed, self.reads, self.doubts = log.commits, log.reads, log.doubts
        self.writer = Writer(store, self.cache, log)

    @property
    def changes(self) -> list[Change]:
        return [change for committed in self.committed for change in committed.changes]

    async def submit(self, conversation: Conversation, act: ConversationChange) -> Outcome:
        return await self.writer.submit(conversation.id, act)

    def begin(
        self, conversation: Conversation, *acts: ConversationChange
    ) -> list[asyncio.Task[Outcome]]:
        return [asyncio.create_task(self.submit(conversation, act)) for act in acts]


@pytest.fixture
async def store(sql_store: SqlStore) -> AsyncIterator["TryingStore"]:
    store = TryingStore()
    yield store
    await store.close()


@pytest.fixture
def here(store: TryingStore) -> Side:
    return Side(store)


@pytest.fixture
def there(store: TryingStore) -> Side:
    """Another process on the same store."""
    return Side(store)


@pytest.fixture
async def group(store: TryingStore) -> Conversation:
    return await store.create_conversation(new_group("ann", "bob"))


async def messages(store: SqlStore, group: Conversation) -> list[tuple[int, int, str | None]]:
    """(seq, version, text) of all of them."""
    found = await store.list_messages(group.id, first_seq=1, last_seq=1_000)
    return [(message.seq, message.version, message.text) for message in found]


def message_of(outcome: Outcome) -> Message:
    assert outcome.message is not None
    return outcome.message


# Group commit


async def test_what_arrives_meanwhile_goes_together(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """One commit in flight; everything that came during it is the next."""
    store.gate.clear()
    first = here.begin(group, send(group.id, "ann", "0"))
    await store.waiting.acquire()
    rest = here.begin(group, *(send(group.id, "ann", str(n)) for n in range(1, 21)))
    await asyncio.sleep(0)
    store.gate.set()

    outcomes = await asyncio.gather(*first, *rest)

    assert store.sizes == [1, 20]
    assert await messages(store, group) == [(n + 1, n + 1, str(n)) for n in range(21)]
    assert [message_of(outcome).seq for outcome in outcomes] == list(range(1, 22))


async def test_a_commit_has_at_most_a_hundred_acts(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """Firestore bounds what one commit may write."""
    await asyncio.gather(*here.begin(group, *(send(group.id, "ann") for _ in range(250))))

    assert store.sizes == [100, 100, 50]


async def test_conversations_do_not_wait_for_each_other(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    other = await store.create_conversation(new_group("ann"))
    store.gate.clear()
    tasks = here.begin(group, send(group.id, "ann")) + here.begin(other, send(other.id, "ann"))

    await store.waiting.acquire()
    await store.waiting.acquire()

    assert {commit.before.id for commit in store.commits} == {group.id, other.id}
    store.gate.set()
    await asyncio.gather(*tasks)


async def test_one_bad_act_fails_alone(store: TryingStore, here: Side, group: Conversation) -> None:
    """The others of its commit are carried out, numbered as if it had not been there."""
    acts = [
        send(group.id, "ann", "one"),
        send(group.id, "eve", "never"),
        edit("ann", random_id(), "never"),
        send(group.id, "bob", "two"),
    ]

    outcomes = await asyncio.gather(*here.begin(group, *acts), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        *(Outcome, NotAParticipant, MessageNotFound, Outcome)
    ]
    assert len(store.commits) == 1
    assert await messages(store, group) == [(1, 1, "one"), (2, 2, "two")]


async def test_only_what_was_refused_is_looked_up(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """It may be a retry. The sends beside it cost no read."""
    refused = send(group.id, "ann", "never", client_id="c", mentions=("eve",))
    acts = [send(group.id, "bob", str(number)) for number in range(20)]

    outcomes = await asyncio.gather(
        *here.begin(group, *acts[:10], refused, *acts[10:]), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes].count(InvalidRequest) == 1
    assert store.sizes == [20]
    assert store.looked_up == [[refused.creates]]


async def test_only_what_is_retried_is_looked_up(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """The sends that wait for the same commit cost no read."""
    first = send(group.id, "ann", "hello", client_id="c")
    await here.submit(group, first)
    store.commits.clear()
    store.looked_up.clear()
    acts = [send(group.id, "bob", str(number), client_id=str(number)) for number in range(20)]

    outcomes = await asyncio.gather(*here.begin(group, *acts[:10], first, *acts[10:]))

    assert message_of(outcomes[10]).seq == 1
    assert store.sizes == [21, 20]
    assert store.looked_up == [[first.creates]]


async def test_acts_of_a_commit_see_those_before_them(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """Somebody added may speak, somebody removed may not, all in one commit."""
    acts = [
        send(group.id, "cid", "too early"),
        add("ann", "cid"),
        send(group.id, "cid", "hello"),
        remove("ann", "cid"),
        send(group.id, "cid", "too late"),
    ]

    outcomes = await asyncio.gather(*here.begin(group, *acts), return_exceptions=True)

    assert [isinstance(outcome, Outcome) for outcome in outcomes] == [
        *(False, True, True, True, False)
    ]
    assert len(store.commits) == 1
    assert [change.version for change in here.changes] == [1, 2, 3]


async def test_a_message_is_changed_twice_in_one_commit(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """It is written once, as it stands in the end; each change is told."""
    sent = message_of(await here.submit(group, send(group.id, "ann", "one")))

    await asyncio.gather(*here.begin(group, edit("ann", sent.id, "two"), delete("ann", sent.id)))

    assert await messages(store, group) == [(1, 3, None)]
    texts = [change.message.text for change in here.changes if change.message]
    assert texts == ["one", "two", None]


async def test_commits_are_told_in_order_and_before_the_answer(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """Whoever has an answer finds that the change was handed on."""

    async def submit(number: int) -> None:
        outcome = await here.submit(group, send(group.id, "ann", str(number)))
        assert message_of(outcome) in [change.message for change in here.changes]

    await asyncio.gather(*(submit(number) for number in range(150)))

    assert [change.version for change in here.changes] == list(range(1, 151))
    assert [committed.conversation.version for committed in here.committed] == [100, 150]


async def test_an_outcome_is_what_was_stored(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """The store's time included, in the answer and in what is told."""
    outcome = await here.submit(group, send(group.id, "ann"))

    assert outcome.conversation == await store.get_conversation(group.id)
    assert message_of(outcome) == outcome.conversation.last_message == here.changes[0].message
    renamed = await here.submit(group, rename("ann", "Coffee"))
    assert here.changes[1].conversation == renamed.conversation


async def test_a_send_reads_nothing(
    store: TryingStore, here: Side, group: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its conversation is known here: one commit is all."""
    here.cache.put(group)
    for name in ("get_conversation", "get_messages"):
        monkeypatch.setattr(store, name, None)

    await here.submit(group, send(group.id, "ann"))
    await here.submit(group, send(group.id, "bob"))

    assert await messages(store, group) == [(1, 1, "hello"), (2, 2, "hello")]


# Somebody else was faster


async def test_two_processes_at_once(
    store: TryingStore, here: Side, there: Side, group: Conversation
) -> None:
    """No seq and no version twice, none missing, each told by who made it."""
    tasks = []
    for number in range(40):
        for name, side in (("here", here), ("there", there)):
            tasks += side.begin(group, send(group.id, "ann", f"{name} {number}"))
        await asyncio.sleep(0.001)

    await asyncio.gather(*tasks)

    stored = await messages(store, group)
    assert [seq for seq, _, _ in stored] == [v for _, v, _ in stored] == list(range(1, 81))
    for name, side in (("here", here), ("there", there)):
        mine = [(m.seq, m.version, m.text) for c in side.changes if (m := c.message)]
        assert mine == [one for one in stored if one[2] and one[2].startswith(f"{name} ")]


async def test_a_conflict_is_judged_again(
    store: TryingStore, here: Side, there: Side, group: Conversation
) -> None:
    """Whoever was removed elsewhere says nothing more here, however old the copy is."""
    await here.submit(group, send(group.id, "bob", "one"))
    await there.submit(group, remove("ann", "bob"))

    with pytest.raises(NotAParticipant):
        await here.submit(group, send(group.id, "bob", "two"))

    assert await messages(store, group) == [(1, 1, "one")]


async def test_a_refusal_is_judged_on_a_fresh_read(
    here: Side, there: Side, group: Conversation
) -> None:
    """Whoever was added elsewhere is let in here, whatever the copy says."""
    await here.submit(group, send(group.id, "ann"))
    await there.submit(group, add("ann", "cid"))

    await here.submit(group, send(group.id, "cid"))

    assert here.reads[-1].version == 2


async def test_that_nothing_changes_is_judged_on_a_fresh_read(
    here: Side, there: Side, group: Conversation
) -> None:
    """A title that the copy has already may be new by now."""
    await here.submit(group, send(group.id, "ann"))
    await there.submit(group, rename("ann", "Coffee"))

    outcome = await here.submit(group, rename("ann", "Tea"))

    assert outcome.change is not None
    assert (outcome.conversation.title, outcome.conversation.version) == ("Tea", 3)


async def test_what_holds_already_is_no_commit(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    outcome = await here.submit(group, rename("ann", "Tea"))

    assert (outcome.change, outcome.conversation.version) == (None, 0)
    assert store.commits == []


async def test_no_such_conversation(here: Side) -> None:
    with pytest.raises(ConversationNotFound):
        await here.submit(new_group("ann"), rename("ann", "Coffee"))


# Never twice


@pytest.mark.parametrize("known", [True, False])
async def test_a_message_that_exists_is_found(
    store: TryingStore, here: Side, there: Side, group: Conversation, known: bool
) -> None:
    """Sent there first, sent again here: the first one, and no change; other content is
    refused. Whether this process knew of it or not."""
    act = send(group.id, "ann", "hello", client_id="c")
    first = message_of(await there.submit(group, act))
    if known:
        stored = await store.get_conversation(group.id)
        assert stored is not None
        here.cache.put(stored)

    again = await here.submit(group, act)

    assert (again.message, again.change) == (first, None)
    with pytest.raises(ClientIdReused):
        await here.submit(group, send(group.id, "ann", "other", client_id="c"))
    assert await messages(store, group) == [(1, 1, "hello")]


async def test_a_retry_is_not_judged_anew(here: Side, there: Side, group: Conversation) -> None:
    """What it mentions may be gone by now, here where nothing is known of the first."""
    act = send(group.id, "ann", "hello", client_id="c", mentions=("bob",))
    first = message_of(await there.submit(group, act))
    await there.submit(group, remove("ann", "bob"))

    assert (await here.submit(group, act)).message == first


async def test_retries_go_along_with_new_messages(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """In one commit: a retry finds the first, the same twice is one, the rest is new."""
    await here.submit(group, send(group.id, "ann", "old", client_id="old"))
    acts = [
        send(group.id, "ann", "new", client_id="new"),
        send(group.id, "ann", "old", client_id="old"),
        send(group.id, "ann", "new", client_id="new"),
        send(group.id, "ann", "other", client_id="new"),
        send(group.id, "bob", "newest"),
    ]

    outcomes = await asyncio.gather(*here.begin(group, *acts), return_exceptions=True)

    assert [isinstance(o, Outcome) and o.change is not None for o in outcomes] == [
        *(True, False, False, False, True)
    ]
    assert isinstance(outcomes[3], ClientIdReused)
    assert [text for _, _, text in await messages(store, group)] == ["old", "new", "newest"]


@pytest.mark.parametrize("lost", ["lost_before", "lost_after"])
async def test_an_answer_that_got_lost_is_settled(
    store: TryingStore, here: Side, group: Conversation, lost: str
) -> None:
    """Applied or not: in the end the message is there once, and the copy is not trusted."""
    setattr(store, lost, 2)

    outcome = await here.submit(group, send(group.id, "ann"))

    assert message_of(outcome).seq == 1
    assert await messages(store, group) == [(1, 1, "hello")]
    assert here.reads[-1].version == (1 if lost == "lost_after" else 0)


async def test_a_lost_commit_is_not_taken_for_an_earlier_one(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """The first try never arrived, and was overtaken by a change that is no message: the second
    has the same message at the same place, at another version."""
    await here.submit(group, send(group.id, "ann"))
    store.lost_before, store.lost_after_look = 1, 1
    store.overtaken_by = rename("ann", "Coffee")

    outcome = await here.submit(group, send(group.id, "bob", client_id="once"))

    message = message_of(outcome)
    stored = await store.get_messages(group.id, [message.id])
    assert message.version == stored[message.id].version == 3
    assert [change.version for change in here.changes] == [1, 3]


async def test_a_mixed_commit_that_was_overtaken_is_told(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """Its answer was lost, its id is overwritten: the message in it proves it, with the version
    that it has. Else nobody would be notified of it."""
    first = message_of(await here.submit(group, send(group.id, "ann")))
    store.gate.clear()
    blocking = here.begin(group, rename("ann", "Milk"))
    await store.waiting.acquire()
    await store.waiting.acquire()
    tasks = here.begin(
        group, edit("ann", first.id, "edited"), send(group.id, "bob", client_id="once")
    )
    await asyncio.sleep(0)
    store.gate.set()
    await asyncio.gather(*blocking)
    store.overtaken_by = rename("ann", "Coffee")
    store.lost_after = 1

    _, sent = await asyncio.gather(*tasks)

    assert [change.version for change in here.changes] == [1, 2, 3, 4]
    assert sent.change is not None


# Patience


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> float:
    """A budget of 200 ms."""
    monkeypatch.setattr(writer_module, "_BUDGET_SECONDS", 0.2)
    return 0.2


async def test_nobody_waits_longer_than_the_budget(
    store: TryingStore, here: Side, group: Conversation, hurried: float
) -> None:
    """The one in flight may have been applied; the one behind it never is."""
    store.gate.clear()
    started = time.monotonic()
    tasks = here.begin(group, send(group.id, "ann", "in flight"))
    await store.waiting.acquire()
    tasks += here.begin(group, send(group.id, "ann", "behind"))

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 2
    assert time.monotonic() - started < hurried + 0.5
    store.gate.set()
    await here.writer.drain()
    assert await messages(store, group) == [(1, 1, "in flight")]
    assert [change.version for change in here.changes] == [1]
    await here.submit(group, send(group.id, "ann", "after"))
    assert [text for _, _, text in await messages(store, group)] == ["in flight", "after"]


async def test_everybody_waits_as_long(
    store: TryingStore, here: Side, group: Conversation, hurried: float
) -> None:
    """Whoever came later is told later, also behind somebody who was answered in time."""
    store.gate.clear()
    refused: dict[str, float] = {}

    async def wait(text: str) -> None:
        begun = time.monotonic()
        try:
            await here.submit(group, send(group.id, "ann", text))
        except StoreUnavailable:
            refused[text] = time.monotonic() - begun

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(wait("answered"))
        await store.waiting.acquire()
        tasks.create_task(wait("in flight"))
        await lapse(hurried / 4)
        store.gate.set()
        await asyncio.sleep(0)
        store.gate.clear()
        await store.waiting.acquire()
        tasks.create_task(wait("behind"))
        await lapse(hurried / 4)
        tasks.create_task(wait("last"))

    assert list(refused) == ["in flight", "behind", "last"]
    assert all(waited >= hurried for waited in refused.values())
    store.gate.set()
    await here.writer.drain()


async def test_nobody_waits_for_a_writer_that_failed(
    store: TryingStore, here: Side, group: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one in flight, nor the one behind it."""
    store.gate.clear()
    tasks = here.begin(group, send(group.id, "ann", "in flight"))
    await store.waiting.acquire()
    tasks += here.begin(group, send(group.id, "ann", "behind"))
    await asyncio.sleep(0)

    for task in asyncio.all_tasks() - {asyncio.current_task(), *tasks}:
        task.cancel()
    async with asyncio.timeout(1):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 2
    store.gate.set()
    await here.submit(group, send(group.id, "ann", "after"))


async def test_lost_answers_without_end(
    store: TryingStore, here: Side, group: Conversation, hurried: float
) -> None:
    """The budget ends them."""
    store.lost_before = 10_000

    with pytest.raises(StoreUnavailable):
        await here.submit(group, send(group.id, "ann"))

    store.lost_before = 0
    await here.writer.drain()


@pytest.mark.parametrize("applied", [True, False])
async def test_a_commit_that_was_given_up_is_looked_at_again(
    store: TryingStore, here: Side, group: Conversation, hurried: float, applied: bool
) -> None:
    """Answered with StoreUnavailable; should it have been applied, its changes are told then."""
    here.cache.put(group)
    setattr(store, "lost_after" if applied else "lost_before", 1)
    real, store.get_conversation = store.get_conversation, away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await here.submit(group, send(group.id, "ann"))
    await here.writer.drain()
    assert here.changes == []
    store.get_conversation = real  # type: ignore[method-assign]

    [look] = here.doubts
    conversation = await look()

    assert conversation is not None
    assert conversation.version == (1 if applied else 0)
    assert [change.version for change in here.changes] == ([1] if applied else [])


async def away(conversation_id: str) -> Conversation | None:
    raise StoreUnavailable


async def test_what_was_settled_leaves_no_doubt(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    store.lost_after = 1

    await here.submit(group, send(group.id, "ann"))
    await here.writer.drain()

    assert here.doubts == []


async def test_whoever_gave_up_is_left_out(
    store: TryingStore, here: Side, group: Conversation
) -> None:
    """A request that was cancelled before its commit began is not carried out."""
    store.gate.clear()
    [first] = here.begin(group, send(group.id, "ann", "first"))
    await store.waiting.acquire()
    cancelled, last = here.begin(
        group, send(group.id, "ann", "cancelled"), send(group.id, "ann", "last")
    )
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0)
    store.gate.set()

    await asyncio.gather(first, last)

    assert [text for _, _, text in await messages(store, group)] == ["first", "last"]


async def test_too_many_are_turned_away_at_once(
    store: TryingStore, here: Side, group: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not kept waiting for nothing; other conversations are served."""
    monkeypatch.setattr(writer_module, "_MAX_WAITING_CHANGES", 3)
    other = await store.create_conversation(new_group("ann"))
    store.gate.clear()
    tasks = here.begin(group, send(group.id, "ann"))
    await store.waiting.acquire()
    tasks += here.begin(group, *(send(group.id, "ann") for _ in range(3)))
    await asyncio.sleep(0)

    with pytest.raises(StoreUnavailable):
        await here.submit(group, send(group.id, "ann"))

    tasks += here.begin(other, send(other.id, "ann"))
    store.gate.set()
    await asyncio.gather(*tasks)


async def test_a_fault_concerns_those_who_met_it(
    store: TryingStore, here: Side, group: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised to them, and the next act is carried out."""

    async def fail(commit: Commit) -> Conversation:
        raise RuntimeError("broken")

    with monkeypatch.context() as faulty:
        faulty.setattr(store, "commit", fail)
        with pytest.raises(RuntimeError):
            await here.submit(group, send(group.id, "ann"))

    assert message_of(await here.submit(group, send(group.id, "ann"))).seq == 1
