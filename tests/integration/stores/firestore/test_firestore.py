"""What is true of the Firestore store alone: its writes, its indexes, its keys and tokens."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.cloud.firestore_v1.types import CommitRequest, StructuredQuery
from grpc import StatusCode

from messaging.domain.conversation import Conversation
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS
from messaging.domain.identifiers import random_id
from messaging.domain.message import PersonReactions
from messaging.domain.participant import Notify, Preferences
from messaging.domain.people import FOREVER, UserSettings
from messaging.domain.recipients import Decision, Device, Platform, TokenKind, Verdict
from messaging.domain.reports import ReportCopy, ReportStatus
from messaging.stores.conversations import Commit, Conflict
from messaging.stores.decisions import ChunkKey
from messaging.stores.firestore.catalogue import FirestoreCatalogue
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.copying.store import FirestoreCopyStore
from messaging.stores.firestore.decisions import FirestoreDecisionStore
from messaging.stores.firestore.documents.conversations import SHARDS
from messaging.stores.firestore.documents.cursors import encode_cursor
from messaging.stores.firestore.epochs import FirestoreEpochStore
from messaging.stores.firestore.erasure.store import FirestoreErasureStore
from messaging.stores.firestore.people import FirestorePeopleStore
from messaging.stores.firestore.recipients import FirestoreRecipientStore
from messaging.stores.firestore.reports import FirestoreReportStore
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.link_notes import LINK_NOTE_LIFETIME
from tests.integration.stores import new_attachment, new_conversation, new_report, people, sending
from tests.integration.stores.firestore_relay import Relay
from tests.integration.stores.test_fields import FULL

ROOT = Path(__file__).resolve().parents[4]

Index = tuple[str, tuple[tuple[str, str], ...]]
"""The collection, and the fields with their kind of order."""

CURSOR = encode_cursor(datetime.now(UTC), new_conversation("ann").id)

ODD_USER_IDS = ("zoe@example.com", "a.b.c", "auth0:12-34", "1", "-", "x_y")
"""Well-formed ones that a field path takes apart unless it quotes them, in no sorted order."""


def written_fields(request: CommitRequest) -> set[str]:
    """The fields that a commit's last write, the conversation's, sets or transforms."""
    write = request.writes[-1]
    transformed = {transform.field_path for transform in write.update_transforms}
    return {path.partition(".")[0] for path in {*write.update_mask.field_paths, *transformed}}


async def current(store: FirestoreStore, conversation: Conversation) -> Conversation:
    found = await store.get_conversation(conversation.id)
    assert found is not None
    return found


# What a send writes


async def test_a_send_writes_only_what_changes(relay: Relay, relayed_store: FirestoreStore) -> None:
    """People, roles and preferences stay untouched, however many there are."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()

    await relayed_store.commit(sending(conversation, "one"))

    changed = {"seq", "version", "last_message", "sent_seq", "active_at", "updated_at", "commit_id"}
    changed.add("counted_commit_id")
    assert written_fields(relay.commits[0]) == changed


async def test_a_send_writes_its_own_entry_of_sent_seq(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """However many have sent before; and entries that a commit drops are gone."""
    conversation = await relayed_store.create_conversation(new_conversation("a.b", "bob", "cid"))
    for sender in ("a.b", "bob"):
        conversation = await relayed_store.commit(sending(conversation, "one", sender=sender))
    relay.forget()

    commit = sending(conversation, "two", sender="cid")
    await relayed_store.commit(replace(commit, after=replace(commit.after, sent_seq={"cid": 3})))

    paths = relay.commits[0].writes[-1].update_mask.field_paths
    assert {path for path in paths if path.startswith("sent_seq")} == {
        "sent_seq.cid",
        "sent_seq.bob",
        "sent_seq.`a.b`",
    }
    assert (await current(relayed_store, conversation)).sent_seq == {"cid": 3}


@pytest.mark.parametrize(("count", "moves"), [(50, True), (51, False)])
async def test_activity_of_a_large_conversation_rests_for_a_minute(
    relay: Relay, relayed_store: FirestoreStore, count: int, moves: bool
) -> None:
    """Above 50 people a send soon after another leaves `active_at` and its index alone, and
    what the commit returns says so."""
    names = [f"user-{number}" for number in range(count)]
    conversation = await relayed_store.create_conversation(new_conversation(*names))
    relay.forget()

    sent = await relayed_store.commit(sending(conversation, "one", sender="user-0"))

    assert ("active_at" in written_fields(relay.commits[0])) is moves
    assert sent == await current(relayed_store, conversation)
    assert (sent.active_at > conversation.active_at) is moves


async def test_activity_of_a_large_conversation_moves_after_a_minute(
    firestore_store: FirestoreStore,
) -> None:
    """The first send after a quiet minute brings it to the top of everybody's list."""
    names = [f"user-{number}" for number in range(51)]
    quiet_since = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    conversation = await firestore_store.create_conversation(
        new_conversation(*names, active_at=quiet_since)
    )
    assert conversation.active_at == quiet_since

    sent = await firestore_store.commit(sending(conversation, "one", sender="user-0"))

    assert sent.active_at == sent.updated_at


# Indexes


def index_for(query: StructuredQuery) -> Index:
    """The index that answers a query."""
    where = query.where
    filters = [part.field_filter for part in where.composite_filter.filters] or [where.field_filter]
    operators = StructuredQuery.FieldFilter.Operator
    first = {operators.ARRAY_CONTAINS: "CONTAINS", operators.EQUAL: "ASCENDING"}
    fields = {part.field.field_path: first[part.op] for part in filters if part.op in first}
    fields |= {
        order.field.field_path: order.direction.name
        for order in query.order_by
        if order.field.field_path != "__name__"
    }
    for part in filters:
        if part.field.field_path:
            fields.setdefault(part.field.field_path, "ASCENDING")
    return query.from_[0].collection_id, tuple(fields.items())


@pytest.fixture
async def indexes_of_queries(relay: Relay, relayed_store: FirestoreStore) -> set[Index]:
    """Of every query that the store can issue."""
    id_ = random_id()
    questions: dict[str, Awaitable[object]] = {
        "list_conversations": relayed_store.list_conversations("ann", limit=10),
        "list_own_conversations": relayed_store.list_own_conversations("ann", limit=10, people=50),
        "list_memberships": relayed_store.list_memberships("ann", limit=10),
        "list_companions": relayed_store.list_companions("ann", ["bob"]),
        "list_messages": relayed_store.list_messages(id_, first_seq=1, last_seq=10),
        "list_latest_messages": relayed_store.list_latest_messages(id_, limit=10),
        "list_pinned_messages": relayed_store.list_pinned_messages(id_, limit=10),
        "list_changed_messages": relayed_store.list_changed_messages(
            id_, since=0, until=10, limit=10
        ),
        "count_changed_messages": relayed_store.count_changed_messages(id_, since=0, up_to=10),
        "list_read_positions": relayed_store.list_read_positions(id_),
        "list_changed_positions": relayed_store.list_changed_positions(
            "ann", since=datetime.now(UTC), limit=10
        ),
        "list_changed_conversations": relayed_store.list_changed_conversations(
            since=datetime.now(UTC)
        ),
        "list_link_notes": relayed_store.list_link_notes(),
        "list_conversation_ids": relayed_store.list_conversation_ids(limit=10),
    }
    asking = {name for name in vars(FirestoreStore) if name.startswith(("list_", "count_"))}
    assert questions.keys() == asking, "a query is missing here"
    await asyncio.gather(*questions.values())
    await relayed_store.list_conversations("ann", limit=10, cursor=CURSOR)
    await FirestorePeopleStore(relayed_store).list_changed_access(since=datetime.now(UTC))
    await FirestoreEpochStore(relayed_store).renew_epoch()
    catalogue, reports = FirestoreCatalogue(relayed_store), FirestoreReportStore(relayed_store)
    await catalogue.list_conversations(limit=10)
    await catalogue.list_frozen(limit=10)
    await catalogue.list_people(limit=10)
    await catalogue.list_banned(limit=10)
    await catalogue.list_failed(limit=10)
    await catalogue.delete_messages(id_, limit=10)
    await reports.list_reports(limit=10)
    await reports.list_reports(limit=10, status=ReportStatus.OPEN)
    await reports.list_reports(limit=10, author_id="ann")
    await reports.list_reports_by("ann", limit=10)
    await reports.delete_copies(random_id())
    await relayed_store.attachments.list_shared(id_, first_seq=1, limit=10)
    await relayed_store.attachments.list_due(limit=10)
    copying = FirestoreCopyStore(relayed_store)
    await copying.last_message_version(id_)
    await copying.list_due_files(limit=10)
    await relayed_store.reactions.list_reactions(id_, id_, "👍", limit=10)
    erasure = FirestoreErasureStore(relayed_store)
    await erasure.list_positions("ann", limit=10)
    await erasure.remove_reactions("ann")
    await erasure.list_attachments("ann", limit=10)
    await erasure.count_open_reports("ann")  # asks twice
    database = relayed_store.connection.database
    writes = Writes(database)
    writes.set(database.document("users", "eve"), {"push_text": "none"})
    await relayed_store.connection.write("put_person", writes)
    await erasure.remove_account("eve")
    assert len(relay.queries) == len(questions) + 2 + 2 + 14 + 2 + 6 + 1 + 2 * (SHARDS - 1)
    everywhere = {index_for(query) for query in relay.queries if is_everywhere(query)}
    assert {name for name, fields in everywhere if len(fields) < 2} == {
        name for name, _ in indexes_everywhere()
    }
    composite = {(name, fields) for name, fields in everywhere if len(fields) > 1}
    return composite | {index_for(query) for query in relay.queries if not is_everywhere(query)}


def is_everywhere(query: StructuredQuery) -> bool:
    return bool(query.from_[0].all_descendants)


def indexes_everywhere() -> set[tuple[str, str]]:
    """Collection and field of the indexes that span all collections of a name."""
    return {
        (override["collectionGroup"], override["fieldPath"])
        for override in declared_indexes()["fieldOverrides"]
        if any(index["queryScope"] == "COLLECTION_GROUP" for index in override["indexes"])
    }


def declared_indexes() -> dict[str, Any]:
    declared: dict[str, Any] = json.loads((ROOT / "firestore.indexes.json").read_text())
    return declared


def declared_composites() -> set[Index]:
    return {
        (
            index["collectionGroup"],
            tuple(
                (field["fieldPath"], field.get("arrayConfig") or field["order"])
                for field in index["fields"]
            ),
        )
        for index in declared_indexes()["indexes"]
    }


async def test_composite_indexes_are_those_of_the_queries(
    indexes_of_queries: set[Index],
) -> None:
    """None is missing, for Firestore refuses such a query where the emulator answers it; and none
    is unused, for every write would pay for it."""
    needed = {(name, fields) for name, fields in indexes_of_queries if len(fields) > 1}

    assert declared_composites() == needed


async def test_what_no_query_asks_for_is_exempt(
    relay: Relay,
    relayed_store: FirestoreStore,
    indexes_of_queries: set[Index],
) -> None:
    """Firestore indexes every field unless told not to: exempt are all stored fields that are not
    queried on their own, and no others."""
    queried = {(name, fields[0][0]) for name, fields in indexes_of_queries if len(fields) == 1}
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(conversation, "one")
    message = replace(commit.created[0], **FULL)
    conversation = await relayed_store.commit(
        replace(commit, created=[message], after=replace(commit.after, last_message=message))
    )
    edited = replace(message, text="two", version=2)
    after = replace(conversation, version=2, last_message=edited)
    earlier = {edited.id: NO_EARLIER_TEXTS.adding("one", None)}
    await relayed_store.commit(
        Commit(
            before=conversation,
            after=after,
            replaced=[edited],
            earlier=earlier,
            reactions=[PersonReactions(message_id=edited.id, user_id="bob", emojis=("👍",))],
        )
    )
    flags = {"marked_unread": 1, "marked_read_seq": 0, "pinned": True, "archived_seq": 1}
    await relayed_store.set_flags(conversation.id, "ann", flags)
    await relayed_store.put_link_note("3f9d")
    people = FirestorePeopleStore(relayed_store)
    await people.log_out("ann")
    await people.set_ban("ann", until=FOREVER)
    await people.set_block("ann", "bob", blocked=True)
    await people.note_left("ann", conversation.id)
    await notify_somebody(relayed_store)
    await report_something(relayed_store)
    await relayed_store.attachments.create(new_attachment(conversation.id, message_seq=1))
    await FirestoreEpochStore(relayed_store).renew_epoch()
    stored = {
        (write.update.name.split("/")[-2], name.partition(".")[0])
        for request in relay.commits
        for write in request.writes
        for name in (
            *write.update.fields,
            *(transform.field_path for transform in write.update_transforms),
        )
    }

    exempt = {
        (override["collectionGroup"], override["fieldPath"])
        for override in declared_indexes()["fieldOverrides"]
        if not override["indexes"]
    }
    assert exempt == stored - queried - indexes_everywhere()


async def notify_somebody(store: FirestoreStore) -> None:
    """Everything that the stores beside this one keep."""
    recipients, decisions = FirestoreRecipientStore(store), FirestoreDecisionStore(store)
    now = datetime.now(UTC)
    device = Device(
        id="phone",
        token="t",
        token_kind=TokenKind.TOKEN,
        platform=Platform.WEB,
        registered_at=now,
    )
    settings = UserSettings()
    every = {field.name: getattr(settings, field.name) for field in fields(settings)}
    await recipients.set_settings("ann", every)
    await recipients.put_device("ann", device, most=25)
    key = ChunkKey(conversation_id=random_id(), message_id=random_id(), chunk=0)
    await decisions.claim(key, ["ann"], now=now, until=now, expires_at=now)
    failed = Decision(verdict=Verdict.FAILED, reason="unavailable", at=now)
    await decisions.record(key, {"ann": failed}, expires_at=now)
    await decisions.claim_sweep("dead", expires_at=now)
    await decisions.put_unfinished_sweep("dead", now, expires_at=now)


async def report_something(store: FirestoreStore) -> None:
    reports = FirestoreReportStore(store)
    await reports.put_report(new_report("ann"), copy=ReportCopy(text="x"))
    await reports.close_report(new_report("ann").id, ReportStatus.DISMISSED, by="root")


# Keys


async def test_odd_user_ids_are_keys_like_any_other(firestore_store: FirestoreStore) -> None:
    """People, senders, preferences and positions read back under the ids they were given, people
    in the order in which they were added."""
    muted = Preferences(muted_until=datetime(2030, 1, 1, tzinfo=UTC), notify=Notify.MENTIONS)
    conversation = await firestore_store.create_conversation(new_conversation(*ODD_USER_IDS))
    for user_id in ODD_USER_IDS:
        conversation = await firestore_store.commit(sending(conversation, "hi", sender=user_id))
        await firestore_store.set_preferences(conversation.id, user_id, asdict(muted))
        await firestore_store.advance_read(conversation.id, user_id, conversation.seq)
        conversation = await current(firestore_store, conversation)

    assert tuple(conversation.participants) == ODD_USER_IDS
    assert conversation.participants == people(*ODD_USER_IDS)
    assert conversation.sent_seq == {id_: seq for seq, id_ in enumerate(ODD_USER_IDS, 1)}
    assert conversation.preferences == dict.fromkeys(ODD_USER_IDS, muted)
    positions = await firestore_store.list_read_positions(conversation.id)
    assert {position.user_id: position.read_seq for position in positions} == conversation.sent_seq
    for user_id in ODD_USER_IDS:
        page = await firestore_store.list_conversations(user_id, limit=1)
        assert page.conversations == [conversation]


async def test_default_preferences_of_odd_user_ids(firestore_store: FirestoreStore) -> None:
    """Who goes back to the defaults is not among those who changed theirs; the others still are."""
    conversation = await firestore_store.create_conversation(new_conversation("a.b", "a.c"))
    quiet = Preferences(notify=Notify.NONE)
    for user_id in ("a.b", "a.c"):
        await firestore_store.set_preferences(conversation.id, user_id, asdict(quiet))

    await firestore_store.set_preferences(conversation.id, "a.b", {"notify": Notify.ALL})

    assert (await current(firestore_store, conversation)).preferences == {"a.c": quiet}


async def test_an_id_with_a_slash_names_nothing(firestore_store: FirestoreStore) -> None:
    """It would be the path of another document."""
    with pytest.raises(ValueError, match="slash"):
        await firestore_store.get_conversation("a/messages/b")


# Tokens


async def test_preferences_move_the_token(firestore_store: FirestoreStore) -> None:
    """A commit on the state before them conflicts, so that it cannot undo them."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))
    await firestore_store.set_preferences(conversation.id, "bob", {"notify": Notify.NONE})

    with pytest.raises(Conflict):
        await firestore_store.commit(sending(conversation, "one"))

    conversation = await current(firestore_store, conversation)
    await firestore_store.commit(sending(conversation, "one"))


async def test_a_commit_needs_a_token(firestore_store: FirestoreStore) -> None:
    """Firestore takes an empty precondition for none: such a commit is not sent."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))

    with pytest.raises(ValueError, match="token"):
        await firestore_store.commit(sending(replace(conversation, token=None), "one"))


async def test_each_commit_leaves_its_id(firestore_store: FirestoreStore) -> None:
    """Whoever reads the conversation knows which commit was the last one applied, until the next;
    preferences and read positions do not come in between."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))
    first = sending(conversation, "one")
    stored = await firestore_store.commit(first)
    await firestore_store.set_preferences(conversation.id, "bob", {"notify": Notify.NONE})
    await firestore_store.advance_read(conversation.id, "bob", 1)

    found = await current(firestore_store, conversation)
    assert stored.commit_id == found.commit_id == first.commit_id

    second = sending(found, "two")
    await firestore_store.commit(second)
    assert (await current(firestore_store, conversation)).commit_id == second.commit_id


# Link notes


async def put_outdated_note(store: FirestoreStore, boot_id: str) -> None:
    """As an instance leaves it that dies while it is cut off."""
    database = store.connection.database
    writes = Writes(database)
    renewed_at = await store.now() - LINK_NOTE_LIFETIME - timedelta(seconds=1)
    writes.set(database.document("links", boot_id), {"renewed_at": renewed_at})
    await store.connection.write("put_link_note", writes)


async def test_a_note_that_nobody_renews_is_deleted(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """After 25 seconds it is not listed; whoever looks deletes it, so that it costs no more."""
    await put_outdated_note(relayed_store, "dead")
    await relayed_store.put_link_note("3f9d")
    relay.forget()

    assert (await relayed_store.list_link_notes()).boot_ids == {"3f9d"}
    assert (await relayed_store.list_link_notes()).boot_ids == {"3f9d"}

    assert relay.calls == ["RunQuery", "Commit", "RunQuery"]


async def test_a_note_renewed_at_the_last_moment_stays(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """Whoever saw it outdated does not delete what was renewed meanwhile, and lists on."""
    await put_outdated_note(relayed_store, "slow")
    relay.spoil("Commit", StatusCode.RESOURCE_EXHAUSTED, times=1)
    looking = asyncio.create_task(relayed_store.list_link_notes())
    while "Commit" not in relay.calls[2:]:
        await asyncio.sleep(0)

    await relayed_store.put_link_note("slow")

    assert (await looking).boot_ids == frozenset()
    assert (await relayed_store.list_link_notes()).boot_ids == {"slow"}


async def test_who_cannot_delete_a_note_still_lists(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """Whatever becomes of the outdated ones."""
    await put_outdated_note(relayed_store, "dead")
    await relayed_store.put_link_note("3f9d")
    for status in (StatusCode.UNAVAILABLE, StatusCode.PERMISSION_DENIED):
        relay.spoil("Commit", status, times=1)
        assert (await relayed_store.list_link_notes()).boot_ids == {"3f9d"}


# Read positions


async def test_two_instances_never_move_a_position_back(relay: Relay) -> None:
    """Two devices of one person on two instances read at once: the furthest position stays."""
    project = f"test-{uuid4().hex}"
    # The emulator makes transactions that meet wait two seconds for each other.
    one, two = (FirestoreStore(project=project, timeout=10) for _ in range(2))
    conversation = await one.create_conversation(new_conversation("ann", "bob"))

    await asyncio.gather(
        one.advance_read(conversation.id, "ann", 7), two.advance_read(conversation.id, "ann", 5)
    )

    positions = await one.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id].read_seq == 7
    assert "BeginTransaction" in relay.calls
    await one.close()
    await two.close()
