"""The writer on a real store: what becomes of acts when commits fail, meet or crowd each other."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError

from messaging.changes.change import ConversationChange, Outcome
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import (
    ClientIdReused,
    InvalidRequest,
    NotAParticipant,
    PermissionDenied,
    StoreUnavailable,
)
from messaging.stores.conversations import Store
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.store import SqlStore
from tests.commits import CommitLog
from tests.integration.stores import eventually, new_conversation
from tests.integration.stores.acting import add, edit, rename, send
from tests.integration.stores.firestore_relay import Relay

PEOPLE = [f"user-{number}" for number in range(50)]
LOST = [
    StatusCode.CANCELLED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
    StatusCode.UNAVAILABLE,
    StatusCode.UNKNOWN,
    None,
]
"""None: there is no answer at all."""


@dataclass
class Desk:
    """A writer, and all that it told."""

    store: Store
    cache: ConversationCache = field(default_factory=ConversationCache)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        log = CommitLog()
        self.committed, self.read, self.doubts = log.commits, log.reads, log.doubts
        self.writer = Writer(self.store, self.cache, log)

    async def submit(self, conversation: Conversation, act: ConversationChange) -> Outcome:
        return await self.writer.submit(conversation.id, act)

    async def found(self, *people: str) -> Conversation:
        """A new conversation of Ann, Bob and these, known to this process."""
        conversation = await eventually(
            lambda: self.store.create_conversation(new_conversation("ann", "bob", *people))
        )
        self.cache.put(conversation)
        return conversation

    @property
    def told_versions(self) -> list[int]:
        return [change.version for committed in self.committed for change in committed.changes]


@pytest.fixture
async def desk(relay: Relay, project: str, call_timeout: float) -> AsyncIterator[Desk]:
    """On a Firestore behind the relay."""
    store = FirestoreStore(project=project, timeout=call_timeout)
    await eventually(store.now)  # the emulator's first answer may take seconds
    desk = Desk(store)
    yield desk
    await desk.writer.drain()
    await store.close()


@pytest.fixture
async def conversation(relay: Relay, desk: Desk) -> Conversation:
    """Of Ann and Bob, with one message, known to this process."""
    conversation = await desk.found()
    outcome = await desk.submit(conversation, send(conversation.id, "one", client_id="c-1"))
    relay.forget()
    desk.committed.clear()
    desk.read.clear()
    return outcome.conversation


async def test_an_act_right_after_its_actor_was_added(
    desk: Desk, conversation: Conversation
) -> None:
    """In one batch: it is judged on the message, as in a batch of its own."""
    assert conversation.last_message is not None
    message_id = conversation.last_message.id
    first = asyncio.create_task(desk.submit(conversation, rename("Coffee")))

    added = asyncio.create_task(desk.submit(conversation, add("cid")))
    refused = asyncio.create_task(desk.submit(conversation, edit(message_id, "!", sender="cid")))
    await asyncio.gather(first, added)

    with pytest.raises(PermissionDenied, match="Only the sender"):
        await refused


def sent(conversation: Conversation) -> ConversationChange:
    return send(conversation.id, "two", client_id="c-2")


def edited(conversation: Conversation) -> ConversationChange:
    assert conversation.last_message is not None
    return edit(conversation.last_message.id, "uno")


def renamed(conversation: Conversation) -> ConversationChange:
    return rename("Coffee")


def added(conversation: Conversation) -> ConversationChange:
    return add("cid")


MakeAct = Callable[[Conversation], ConversationChange]
each_act = pytest.mark.parametrize("make", [sent, edited, renamed, added])
before_and_after = pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])


async def assert_done_once(store: Store, conversation: Conversation, make: MakeAct) -> None:
    """That the store has what was asked for, by one version and at most one message."""
    found = await store.get_conversation(conversation.id)
    assert found is not None
    assert found.version == conversation.version + 1
    messages = await store.list_messages(found.id, first_seq=0, last_seq=100)
    texts = [message.text for message in messages]
    people = {position.user_id for position in await store.list_read_positions(found.id)}
    expected = {"sent": ["one", "two"], "edited": ["uno"]}
    assert texts == expected.get(make.__name__, ["one"])
    assert found.seq == len(texts)
    assert found.title == ("Coffee" if make is renamed else "Tea")
    assert people == set(found.participants)
    assert people == ({"ann", "bob", "cid"} if make is added else {"ann", "bob"})


async def assert_contiguous(store: Store, conversation_id: str, client_ids: set[str]) -> None:
    """That each of these messages is there once, and nothing else; no hole, no double."""
    found = await store.get_conversation(conversation_id)
    assert found is not None
    messages = await eventually(
        lambda: store.list_messages(conversation_id, first_seq=0, last_seq=found.seq + 100)
    )
    assert [(one.seq, one.version) for one in messages] == [
        (number, number) for number in range(1, len(client_ids) + 1)
    ]
    assert {one.client_id for one in messages} == client_ids
    assert (found.seq, found.version) == (len(client_ids), len(client_ids))


# Answers that get lost


@each_act
@before_and_after
@pytest.mark.parametrize("status", LOST)
async def test_the_answer_is_lost(
    relay: Relay,
    desk: Desk,
    conversation: Conversation,
    make: MakeAct,
    applied: bool,
    status: StatusCode | None,
) -> None:
    """Whether the commit was applied or not, the request succeeds, and what it asked for is done
    and told once."""
    relay.spoil("Commit", status, times=1, applied=applied)

    outcome = await desk.submit(conversation, make(conversation))

    assert outcome.change is not None
    assert outcome.change.version == outcome.conversation.version == 2
    assert relay.calls.count("Commit") == (1 if applied else 2)
    await assert_done_once(desk.store, conversation, make)
    (told,) = desk.committed
    assert [*told.changes] == [outcome.change]
    stored = await desk.store.get_conversation(conversation.id)
    assert told.conversation == stored
    if make in {sent, edited}:
        messages = await desk.store.list_messages(conversation.id, first_seq=0, last_seq=9)
        assert outcome.message == messages[-1]


@each_act
@before_and_after
async def test_answers_are_lost_again_and_again(
    relay: Relay, desk: Desk, conversation: Conversation, make: MakeAct, applied: bool
) -> None:
    """Three commits without an answer, and the reading between them fails as well."""
    for _ in range(3):
        relay.spoil("Commit", StatusCode.UNAVAILABLE, times=1, applied=applied)
    relay.spoil("BatchGetDocuments", StatusCode.UNAVAILABLE, times=2)

    await desk.submit(conversation, make(conversation))

    await assert_done_once(desk.store, conversation, make)
    assert desk.told_versions == [2]


@pytest.mark.unanswered
async def test_a_lost_commit_is_overtaken(
    relay: Relay, desk: Desk, conversation: Conversation, project: str
) -> None:
    """Somebody else's commit has taken the place of its id: the message itself shows that it was
    stored, with the version that it got."""
    other = Desk(FirestoreStore(project=project))
    relay.spoil("Commit", None, times=1, applied=True)

    request = asyncio.create_task(desk.submit(conversation, sent(conversation)))
    while relay.calls.count("Commit") < 1:
        await asyncio.sleep(0.01)
    await other.submit(conversation, send(conversation.id, "three", client_id="c-3"))
    outcome = await request

    assert outcome.message is not None
    assert (outcome.message.seq, outcome.message.version) == (2, 2)
    assert desk.told_versions == [2]
    assert other.told_versions == [3]
    await assert_contiguous(desk.store, conversation.id, {"c-1", "c-2", "c-3"})
    await other.store.close()


# Commits that are refused for a while


@each_act
@pytest.mark.parametrize(
    "status",
    [
        StatusCode.ABORTED,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.ALREADY_EXISTS,
        StatusCode.RESOURCE_EXHAUSTED,
    ],
)
async def test_a_commit_is_refused_once(
    relay: Relay, desk: Desk, conversation: Conversation, make: MakeAct, status: StatusCode
) -> None:
    """It is tried again, and nobody notices."""
    relay.spoil("Commit", status, times=1)

    await desk.submit(conversation, make(conversation))

    await assert_done_once(desk.store, conversation, make)
    assert desk.told_versions == [2]


@each_act
@pytest.mark.parametrize(
    ("status", "applied"),
    [
        (StatusCode.ABORTED, False),
        (StatusCode.UNAVAILABLE, False),
        (StatusCode.UNAVAILABLE, True),
        (StatusCode.RESOURCE_EXHAUSTED, False),
        (StatusCode.PERMISSION_DENIED, False),
        (None, False),
        (None, True),
    ],
)
async def test_an_outage(
    relay: Relay,
    desk: Desk,
    conversation: Conversation,
    make: MakeAct,
    status: StatusCode | None,
    applied: bool,
) -> None:
    """Neither commits nor reads work: the request is answered with StoreUnavailable within five
    seconds. When it is made again afterwards, it is done once."""
    relay.spoil("Commit", status, applied=applied)
    relay.spoil("BatchGetDocuments", status)
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        await desk.submit(conversation, make(conversation))

    assert time.monotonic() - started < 5
    relay.mend()
    await eventually(lambda: desk.submit(conversation, make(conversation)))
    await assert_done_once(desk.store, conversation, make)
    assert desk.told_versions in ([], [2])
    if not desk.told_versions:
        assert 2 in [conversation.version for conversation in desk.read]


# Many at once


async def send_until_stored(
    desk: Desk, conversation: Conversation, sender: str, numbers: Sequence[int]
) -> list[str]:
    """One after the other, each again until it is acknowledged, as a client does."""
    client_ids = [f"{sender}:{number}" for number in numbers]
    for client_id in client_ids:
        act = send(conversation.id, client_id, client_id=client_id, sender=sender)
        outcome = await eventually(lambda act=act: desk.submit(conversation, act), seconds=30)  # type: ignore[misc]
        assert outcome.message is not None
        assert outcome.message.client_id == client_id
    return client_ids


@contextlib.asynccontextmanager
async def random_faults(relay: Relay, seed: int) -> AsyncIterator[None]:
    """Of commits and reads, before and after they are applied."""
    dice = random.Random(seed)
    passing = [*LOST[:-1], StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED]

    async def spoil() -> None:
        while True:
            await asyncio.sleep(dice.uniform(0, 0.05))
            method = dice.choice(["Commit", "Commit", "BatchGetDocuments"])
            status = None if dice.random() < 0.03 else dice.choice(passing)
            relay.mend()  # one at a time, so that it hits or misses
            relay.spoil(method, status, times=1, applied=dice.random() < 0.5)

    task = asyncio.create_task(spoil())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    relay.mend()


@pytest.mark.unanswered
@pytest.mark.parametrize("seed", range(3))
async def test_50_senders_under_random_faults(relay: Relay, desk: Desk, seed: int) -> None:
    """Every acknowledged message is there once; no hole and no double in seq and version."""
    conversation = await desk.found(*PEOPLE)

    async with random_faults(relay, seed):
        stored = await asyncio.gather(
            *(send_until_stored(desk, conversation, sender, range(4)) for sender in PEOPLE)
        )

    await assert_contiguous(desk.store, conversation.id, {one for some in stored for one in some})
    assert desk.told_versions == sorted(set(desk.told_versions))


async def test_several_processes_make_progress_together(
    firestore_store: FirestoreStore, project: str
) -> None:
    """Three writers with stores of their own, 20 senders each: all of them get their messages
    stored within their time, and each is told its own versions alone."""
    conversation = await Desk(firestore_store).found(*PEOPLE)
    desks = [Desk(FirestoreStore(project=project)) for _ in range(3)]

    async def stored(number: int, sender: str) -> list[str]:
        client_ids = [f"{number}:{sender}:{which}" for which in range(3)]
        for client_id in client_ids:
            act = send(conversation.id, client_id, client_id=client_id, sender=sender)
            await desks[number].submit(conversation, act)
        return client_ids

    sent = await asyncio.gather(
        *(stored(number, who) for number in range(3) for who in PEOPLE[:20])
    )

    await assert_contiguous(
        firestore_store, conversation.id, {one for some in sent for one in some}
    )
    told = [version for desk in desks for version in desk.told_versions]
    assert sorted(told) == [*range(1, 181)]
    assert all(len(desk.told_versions) == 60 for desk in desks)
    for desk in desks:
        await desk.store.close()


async def test_one_client_id_fifty_times_at_once(desk: Desk, conversation: Conversation) -> None:
    """It is one message, and everybody gets it; one of them created it."""
    outcomes = await asyncio.gather(
        *(desk.submit(conversation, sent(conversation)) for _ in range(50))
    )

    assert len({outcome.message.id for outcome in outcomes if outcome.message}) == 1
    assert sum(outcome.change is not None for outcome in outcomes) == 1
    await assert_done_once(desk.store, conversation, sent)


# Refusals inside a group


async def held_back(relay: Relay, desk: Desk, conversation: Conversation) -> asyncio.Task[Outcome]:
    """A commit that has no answer for a while, so that what comes meanwhile is one group."""
    relay.spoil("Commit", None, times=1, applied=True)
    first = asyncio.create_task(
        desk.submit(conversation, send(conversation.id, "first", client_id="first"))
    )
    while "Commit" not in relay.calls:
        await asyncio.sleep(0.01)
    return first


@pytest.mark.unanswered
async def test_a_refused_act_fails_alone(
    relay: Relay, desk: Desk, conversation: Conversation
) -> None:
    """A reused client_id, a stranger and a stranger mentioned: those beside them are stored, all
    in one commit."""
    first = await held_back(relay, desk, conversation)
    id_ = conversation.id
    acts = [
        send(id_, "good", client_id="good"),
        send(id_, "not what it was", client_id="c-1"),
        send(id_, "mine", client_id="mine", sender="eve"),
        send(id_, "hi @eve", client_id="mention", mentions=["eve"]),
        rename("No", by="bob"),
        edited(conversation),
        send(id_, "good too", client_id="good-too", sender="bob"),
    ]

    answers = await asyncio.gather(
        *(desk.submit(conversation, act) for act in acts), return_exceptions=True
    )

    assert [type(answer).__name__ for answer in answers] == [
        "Outcome",
        ClientIdReused.__name__,
        NotAParticipant.__name__,
        InvalidRequest.__name__,
        "PermissionDenied",
        "Outcome",
        "Outcome",
    ]
    await first
    assert relay.calls.count("Commit") == 2
    messages = await desk.store.list_messages(id_, first_seq=0, last_seq=9)
    assert [message.text for message in messages] == ["uno", "first", "good", "good too"]
    assert desk.told_versions == [2, 3, 4, 5]


@pytest.mark.unanswered
async def test_what_the_store_refuses_fails_alone(
    relay: Relay, desk: Desk, conversation: Conversation
) -> None:
    """A text that no document holds: the store refuses the whole commit, and so each act is tried
    by itself. Of this nothing is a client's fault, for the door lets no such text in."""
    first = await held_back(relay, desk, conversation)
    texts = ["good", "x" * 1_100_000, "good too"]

    answers = await asyncio.gather(
        *(
            desk.submit(conversation, send(conversation.id, text, client_id=f"c-{number}"))
            for number, text in enumerate(texts, 2)
        ),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [Outcome, AioRpcError, Outcome]
    await first
    await assert_contiguous(desk.store, conversation.id, {"c-1", "first", "c-2", "c-4"})
    assert desk.told_versions == [2, 3, 4]


# Bounds and fairness


@pytest.mark.unanswered
async def test_a_thousand_acts_wait_and_no_more(
    relay: Relay, desk: Desk, conversation: Conversation
) -> None:
    """Who comes then is told at once; the others are stored, a hundred in each commit."""
    first = await held_back(relay, desk, conversation)
    waiting = [
        asyncio.create_task(
            desk.submit(conversation, send(conversation.id, "hi", client_id=f"w-{number}"))
        )
        for number in range(1_000)
    ]
    await asyncio.sleep(0)
    started = time.monotonic()

    with pytest.raises(StoreUnavailable, match="Too many"):
        await desk.submit(conversation, send(conversation.id, "hi", client_id="too-many"))

    assert time.monotonic() - started < 0.1
    await asyncio.gather(first, *waiting)
    client_ids = {"c-1", "first", *(f"w-{number}" for number in range(1_000))}
    await assert_contiguous(desk.store, conversation.id, client_ids)
    assert [len(commit.writes) for commit in relay.commits] == [2, *[101] * 10]


@pytest.mark.unanswered
async def test_8_mib_wait_and_no_more(relay: Relay, desk: Desk, conversation: Conversation) -> None:
    """Nor does one commit take more than 2 MiB of what waits."""
    first = await held_back(relay, desk, conversation)
    text = "x" * 32 * 1024
    waiting = [
        asyncio.create_task(
            desk.submit(conversation, send(conversation.id, text, client_id=f"w-{number}"))
        )
        for number in range(300)
    ]
    answers = await asyncio.gather(first, *waiting, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, StoreUnavailable)]
    stored = [answer for answer in answers if isinstance(answer, Outcome)]
    assert 8 * 1024**2 / (33 * 1024) < len(stored) - 1 <= 8 * 1024**2 / (32 * 1024)
    assert len(refused) + len(stored) == 301
    sizes = [len(type(commit).serialize(commit)) for commit in relay.commits]
    assert len(sizes) == 1 + 5
    assert max(sizes) < 2.1 * 1024**2


async def test_a_busy_conversation_does_not_hold_up_the_others(
    relay: Relay, desk: Desk, conversation: Conversation
) -> None:
    """900 acts wait for one, and 100 others want one commit each: these are through after a few
    commits of the busy one."""
    others = await asyncio.gather(*(desk.found() for _ in range(100)))
    relay.forget()

    await asyncio.gather(
        *(
            desk.submit(conversation, send(conversation.id, "hi", client_id=f"w-{number}"))
            for number in range(900)
        ),
        *(desk.submit(other, send(other.id, "hi", client_id="hi")) for other in others),
    )

    busy = [
        number
        for number, commit in enumerate(relay.commits)
        if conversation.id in commit.writes[-1].update.name
    ]
    assert len(busy) == 9
    last_of_the_others = max(set(range(len(relay.commits))) - set(busy))
    assert sum(number < last_of_the_others for number in busy) <= 4


# The same on SQL


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("writers", [1, 3])
async def test_50_senders_on_sql(database_store: SqlStore, writers: int) -> None:
    """Through one writer or several: no hole, no double, and everybody is answered."""
    conversation = await Desk(database_store).found(*PEOPLE)
    desks = [Desk(database_store) for _ in range(writers)]

    stored = await asyncio.gather(
        *(
            send_until_stored(desks[number % writers], conversation, sender, range(4))
            for number, sender in enumerate(PEOPLE)
        )
    )

    await assert_contiguous(database_store, conversation.id, {one for ids in stored for one in ids})
    told = [version for desk in desks for version in desk.told_versions]
    assert sorted(told) == [*range(1, 201)]


@pytest.mark.django_db(transaction=True)
async def test_a_refused_act_fails_alone_on_sql(database_store: SqlStore) -> None:
    """Those beside it are stored."""
    desk = Desk(database_store)
    conversation = await desk.found()
    await desk.submit(conversation, send(conversation.id, "one", client_id="c-1"))

    answers = await asyncio.gather(
        desk.submit(conversation, send(conversation.id, "two", client_id="c-2")),
        desk.submit(conversation, send(conversation.id, "other", client_id="c-1")),
        desk.submit(conversation, send(conversation.id, "three", client_id="c-3")),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [Outcome, ClientIdReused, Outcome]
    await assert_contiguous(database_store, conversation.id, {"c-1", "c-2", "c-3"})


@pytest.mark.django_db(transaction=True)
async def test_a_thousand_acts_wait_and_no_more_on_sql(database_store: SqlStore) -> None:
    """All that wait are stored in time; one that finds the queue full is told at once."""
    desk = Desk(database_store)
    conversation = await desk.found()

    answers = await asyncio.gather(
        *(
            desk.submit(conversation, send(conversation.id, "hi", client_id=f"w-{number}"))
            for number in range(1_010)
        ),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [Outcome] * 1_000 + [StoreUnavailable] * 10
    await assert_contiguous(
        database_store, conversation.id, {f"w-{number}" for number in range(1_000)}
    )
