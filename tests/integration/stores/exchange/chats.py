"""A store with every kind of act in it, and the stores between which it is moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from io import BytesIO
from unittest.mock import patch
from uuid import uuid4

from django.conf import settings

from messaging.domain.conversation import ConversationKind, History
from messaging.domain.participant import Notify
from messaging.domain.people import AddedBy, QuietHours
from messaging.domain.recipients import Platform, TokenKind
from messaging.exchange.reading import Problem, read_lines
from messaging.exchange.records import Header
from messaging.runtime.instance import Instance
from messaging.services import (
    conversations,
    messages,
    participants,
    pins,
    reactions,
    receipts,
    reports,
    unread_marks,
)
from messaging.services.account import (
    blocks,
    conversation_preferences,
    devices,
    preferences,
    profiles,
)
from messaging.services.exchange.dumping import Dump
from messaging.services.exchange.loading import Load
from messaging.services.operators.conversations import delete_conversation, set_frozen
from messaging.services.operators.people import ban_person, log_out_person
from messaging.stores import Stores, make_stores
from messaging.stores.sql.catalogue import SqlCatalogue
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.copying.store import SqlCopyStore
from messaging.stores.sql.epochs import SqlEpochStore
from messaging.stores.sql.erasure.store import SqlErasureStore
from messaging.stores.sql.exchange.store import SqlExchangeStore
from messaging.stores.sql.store import SqlStore


async def chat(instance: Instance, *, messages_each: int = 40) -> None:
    """Fill a store with every kind of act."""
    await _profiles(instance)
    tea = await _group(instance)
    for number in range(messages_each):
        for user_id in ("ann", "bob"):
            await _send(instance, user_id, tea, f"{number} of {user_id} \u2028👍🏽")
    await _acts(instance, tea)
    direct = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.DIRECT, participant_ids=["dan"]
    )
    await _send(instance, "ann", direct.own.conversation.id, "hello Dan")
    await blocks.block_person(instance, user_id="dan", person_id="ann")
    gone = await _group(instance)
    await _send(instance, "ann", gone, "of a deleted group")
    await delete_conversation(instance, conversation_id=gone)
    frozen = await _group(instance)
    await set_frozen(instance, conversation_id=frozen, frozen=True)


async def _profiles(instance: Instance) -> None:
    changes = {"name": "Ann", "picture": "https://example.org/ann.png"}
    await profiles.set_profile(instance, user_id="ann", changes=changes)
    await profiles.set_profile(instance, user_id="bob", changes={"name": None})
    quiet = QuietHours(time_zone="Europe/Berlin", start=time(22), end=time(7))
    await preferences.set_settings(
        instance,
        user_id="bob",
        changes={
            "quiet_hours": quiet,
            "push_text": False,
            "private_reading": True,
            "added_by": AddedBy.NOBODY,
        },
    )
    await devices.register_device(
        instance,
        user_id="cid",
        device_id="phone.1",
        token="token",
        token_kind=TokenKind.TOKEN,
        platform=Platform.IOS,
    )
    await ban_person(instance, person_id="eve", until=datetime(2999, 1, 1, tzinfo=UTC))
    await log_out_person(instance, person_id="eve")


async def _group(instance: Instance) -> str:
    created = await conversations.create_conversation(
        instance,
        user_id="ann",
        kind=ConversationKind.GROUP,
        participant_ids=["cid", "dan"],
        title="Tea",
        metadata='{"b":1,"a":[1.0]}',
        history=History.SINCE_JOINING,
        system_messages=True,
    )
    id_ = created.own.conversation.id
    await preferences.set_settings(instance, user_id="bob", changes={"added_by": AddedBy.ANYONE})
    await participants.add_participants(
        instance, user_id="ann", conversation_id=id_, user_ids=["bob"]
    )
    return id_


async def _send(instance: Instance, user_id: str, id_: str, text: str, **values: object) -> str:
    sent = await messages.send_message(
        instance,
        user_id=user_id,
        conversation_id=id_,
        text=text,
        client_id=uuid4().hex,
        **values,  # type: ignore[arg-type]
    )
    return sent.message.id


async def _acts(instance: Instance, id_: str) -> None:
    first = await _send(instance, "ann", id_, "first", metadata='{"x":null}')
    reply = await _send(instance, "bob", id_, "reply", reply_to=first, mentions=["ann"])
    await _send(instance, "ann", id_, "all", mentions_all=True)
    for text in ("second", "third"):
        await messages.edit_message(
            instance,
            user_id="ann",
            conversation_id=id_,
            message_id=first,
            changes={"text": text},
        )
    for user_id, emoji in (("bob", "👍"), ("ann", "👍"), ("ann", "tea_time"), ("cid", "❤️")):
        await reactions.set_reaction(
            instance,
            user_id=user_id,
            conversation_id=id_,
            message_id=first,
            emoji=emoji,
            present=True,
        )
    here = {"instance": instance, "conversation_id": id_}
    await pins.set_pinned(user_id="ann", message_id=reply, pinned=True, **here)  # type: ignore[arg-type]
    removed = await _send(instance, "cid", id_, "removed")
    await messages.delete_message(user_id="cid", message_id=removed, **here)  # type: ignore[arg-type]
    await reports.report_message(user_id="cid", message_id=first, reason="spam", **here)  # type: ignore[arg-type]
    await receipts.mark_read(user_id="cid", seq=7, **here)  # type: ignore[arg-type]
    await unread_marks.set_mark(user_id="cid", seq=5, **here)  # type: ignore[arg-type]
    changes = {"notify": Notify.MENTIONS, "pinned": True, "archived": True}
    await conversation_preferences.set_preferences(user_id="cid", changes=changes, **here)  # type: ignore[arg-type]
    await participants.remove_participant(user_id="dan", participant_id="dan", **here)  # type: ignore[arg-type]


async def dumped(stores: Stores) -> bytes:
    """Return the file of a store."""
    file = BytesIO()
    dump = Dump(store=stores.conversations, exchange=stores.exchange, write=file.write)
    await dump.everything(source="test")
    return file.getvalue()


def body(file: bytes) -> list[bytes]:
    """Return all lines but the header."""
    return file.splitlines(keepends=True)[1:]


async def loaded(file: bytes, stores: Stores) -> Load:
    load = Load(stores)
    lines = list(read_lines(BytesIO(file)))
    header = lines[0].record
    assert isinstance(header, Header)
    await load.load(lines[1:], header=header)
    return load


def problems(file: bytes) -> list[Problem]:
    from messaging.exchange.checking import check  # noqa: PLC0415

    return list(check(read_lines(BytesIO(file))))


@contextmanager
def stores_of(kind: str, *, postgres: str = "", emulator: str = "") -> Iterator[Stores]:
    """The stores of a kind. Followers and search are always in the test database."""
    if kind == "firestore":
        environment = {"FIRESTORE_EMULATOR_HOST": emulator}
        with (
            patch.dict("os.environ", environment),
            patch.multiple(
                settings, CHAT_STORE="firestore", GOOGLE_CLOUD_PROJECT=f"test-{uuid4().hex}"
            ),
        ):
            yield make_stores()
        return
    stores = make_stores()
    if kind == "postgres":
        store = SqlStore(using=postgres, timeout=10)
        stores = replace(
            stores,
            conversations=store,
            exchange=SqlExchangeStore(store),
            copying=SqlCopyStore(store),
            catalogue=SqlCatalogue(store),
            epochs=SqlEpochStore(store),
            erasure=SqlErasureStore(store),
        )
    yield stores


async def close(stores: Stores) -> None:
    calls: tuple[Calls, ...] = (stores.index, stores.database)
    for one in calls:
        await one.close()
    await stores.conversations.close()
