"""A store with people in it, its copy, and how both are compared."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import JobState
from messaging.domain.recipients import Platform, TokenKind
from messaging.domain.reports import ReportStatus
from messaging.personal_data.requests import request_erasure
from messaging.runtime.instance import Instance
from messaging.services import messages, participants, reactions, receipts
from messaging.services.account import blocks, conversation_preferences, devices, profiles
from messaging.services.operators.conversations import delete_conversation
from messaging.services.operators.people import ban_person, close_report, unban_person
from messaging.stores import Stores, make_stores
from messaging.stores.copying import CopyStore, Part
from tests.instances import new_instance
from tests.integration.stores.exchange.chats import body, close, dumped, stores_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
PAIRS = ("sql-firestore", "firestore-sql", "sql-postgres")
"""The store in which people chat, and that of the copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    instance: Instance
    """In which people chat, on the source."""
    source: Stores
    target: Stores


@asynccontextmanager
async def pair_of(kinds: str, *, postgres: str, emulator: str) -> AsyncIterator[Pair]:
    source_kind, target_kind = kinds.split("-")
    async with AsyncExitStack() as stack:
        use = stack.enter_context
        if source_kind == "firestore":
            source = use(stores_of("firestore", emulator=emulator))
            target = make_stores(target_kind)
        else:
            source = make_stores("sql")
            target = source
        instance = await stack.enter_async_context(new_instance())
        if source_kind == "sql":
            # The instance and its source have been made before the settings are changed.
            target = use(stores_of(target_kind, postgres=postgres, emulator=emulator))
        yield Pair(instance=instance, source=source, target=target)
        await close(target)
        await close(source)


async def everything(stores: Stores) -> list[object]:
    """What a store holds: the lines of a dump, and what is in none of them."""
    due = await stores.copying.list_due_files(limit=1_000)
    latest = await stores.catalogue.list_conversations(limit=1_000)
    listed = stores.conversations.attachments.list_shared
    shared = [one for id_ in latest for one in await listed(id_.id, first_seq=0, limit=100)]
    return [
        *body(await dumped(stores)),
        *(replace(one, token=None) for one in (*due, *shared)),
        *((one.id, one.updated_at, one.commit_id, one.last_message) for one in latest),
    ]


async def assert_equal(pair: Pair) -> None:
    assert await everything(pair.target) == await everything(pair.source)
    epochs = [(await one.epochs.read_epoch()).epoch for one in (pair.source, pair.target)]
    assert epochs[0] == epochs[1]


async def the_group(instance: Instance) -> str:
    """The conversation of `chats.chat` with the most messages."""
    page = await instance.store.list_conversations("ann", limit=10)
    return max(page.conversations, key=lambda one: one.seq).id


class Killed(Exception):
    """The copying was killed."""


class EndingCopyStore:
    """A copy whose process is killed at its first write of a conversation: before it, or after
    it."""

    def __init__(self, store: CopyStore, *, is_written: bool) -> None:
        self._store = store
        self._is_written = is_written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write_part(self, part: Part) -> None:
        if self._is_written:
            await self._store.write_part(part)
        raise Killed


async def change(instance: Instance) -> None:
    """Change something of every kind in the store of `chats.chat`."""
    tea = await the_group(instance)
    pinned = (await instance.store.list_pinned_messages(tea, limit=1))[0]
    first = pinned.reply_to
    assert first is not None
    here = {"instance": instance, "conversation_id": tea}
    await messages.edit_message(user_id="ann", message_id=first, changes={"text": "4th"}, **here)  # type: ignore[arg-type]
    for emoji in ("👍", "tea_time"):
        await reactions.set_reaction(
            user_id="ann",
            message_id=first,
            emoji=emoji,
            present=False,
            **here,  # type: ignore[arg-type]
        )
    await messages.delete_message(user_id="bob", message_id=pinned.id, **here)  # type: ignore[arg-type]
    await messages.send_message(user_id="cid", text="later", client_id=uuid4().hex, **here)  # type: ignore[arg-type]
    await receipts.mark_read(user_id="bob", seq=9, **here)  # type: ignore[arg-type]
    changes = {"notify": Notify.NONE, "pinned": False}
    await conversation_preferences.set_preferences(user_id="cid", changes=changes, **here)  # type: ignore[arg-type]
    await participants.add_participants(user_id="ann", user_ids=["eli"], **here)  # type: ignore[arg-type]
    await _change_people(instance)
    await _change_files(instance, tea)
    report = (await instance.reports.list_reports(limit=1))[0]
    await close_report(instance, report_id=report.id, status=ReportStatus.DISMISSED, by="operator")
    (frozen,) = await instance.catalogue.list_frozen(limit=2)
    assert frozen.seq > 0
    await delete_conversation(instance, conversation_id=frozen.id)
    asked = await request_erasure(
        instance.database,
        person_id="dan",
        by=Actor(kind=ActorKind.COMMAND, name="test"),
        reason="asked",
    )
    await instance.attachments.sweep.sweep()
    done = await instance.jobs.run_one(asked.id)
    assert done is not None
    assert done.state is JobState.DONE


async def _change_people(instance: Instance) -> None:
    await profiles.set_profile(instance, user_id="ann", changes={"name": "Anna"})
    await blocks.block_person(instance, user_id="ann", person_id="zoe")
    # The token of another person's device.
    await devices.register_device(
        instance,
        user_id="bob",
        device_id="tablet",
        token="token",
        token_kind=TokenKind.TOKEN,
        platform=Platform.ANDROID,
    )
    await unban_person(instance, person_id="eve")
    await ban_person(instance, person_id="fay")


async def add_files(instance: Instance) -> None:
    """Send a file in every group: in one message that will be deleted in the group with the most
    messages."""
    groups = [await the_group(instance)]
    groups += [one.id for one in await instance.catalogue.list_frozen(limit=1)]
    for id_ in groups:
        await messages.send_message(
            instance,
            user_id="ann",
            conversation_id=id_,
            text="a file",
            attachments=[await _new_file(instance, id_, AttachmentStatus.READY)],
        )


async def _change_files(instance: Instance, conversation_id: str) -> None:
    """Remove the file of `add_files` with its message, and announce another one."""
    (file,) = await instance.store.attachments.list_shared(conversation_id, first_seq=1, limit=2)
    assert file.message_id is not None
    await messages.delete_message(
        instance, user_id="ann", conversation_id=conversation_id, message_id=file.message_id
    )
    await _new_file(instance, conversation_id, AttachmentStatus.PENDING)


async def _new_file(instance: Instance, conversation_id: str, status: AttachmentStatus) -> str:
    stored = await instance.attachments.store.create(
        StoredAttachment(
            id=random_id(),
            conversation_id=conversation_id,
            owner_id="ann",
            filename="tea.png",
            content_type="image/png",
            size=100,
            created_at=AT,
            status=status,
            part="part" if status is AttachmentStatus.READY else None,
            sweep_at=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1),
        )
    )
    return stored.id
