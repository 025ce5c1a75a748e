"""A load that was given up half-way holds no conversation for ever."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest

from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import derived_id
from messaging.domain.message import Attachment
from messaging.exchange.lines import encode
from messaging.exchange.reading import read_lines
from messaging.exchange.records import FullMessage, Header
from messaging.models import DeletionRecord
from messaging.runtime.instance import Instance
from messaging.services.exchange.loading import Load
from tests.integration.chat import Api
from tests.integration.deletions.test_deletions import make_due
from tests.integration.stores.exchange.small_files import AT, DIRECT, file_with, messages_of

FILE = StoredAttachment(
    id=derived_id("file"),
    conversation_id=DIRECT.id,
    owner_id="ann",
    filename="tea.txt",
    content_type="text/plain",
    size=3,
    created_at=AT,
    status=AttachmentStatus.READY,
    part="0" * 32,
    message_id=derived_id(DIRECT.id, "1"),
    seq=1,
)


def _with_file() -> tuple[Conversation, list[FullMessage]]:
    conversation, (first, *others) = messages_of(DIRECT, ["a", "b", "c"])
    shown = Attachment(id=FILE.id, filename="tea.txt", content_type="text/plain", size=3)
    message = replace(first.message, attachments=(shown,))
    return conversation, [replace(first, message=message, files=(FILE,)), *others]


async def _load(instance: Instance, lines: list[bytes]) -> None:
    header, *others = read_lines(BytesIO(b"".join(lines)))
    assert isinstance(header.record, Header)
    await Load(instance.stores).load(others, header=header.record)


async def _abandoned(instance: Instance) -> None:
    """Load two messages of a conversation with three, and end."""
    conversation, full = _with_file()
    header = Header(made_at=datetime.now(UTC), id="file")
    await _load(instance, [encode(header), encode(conversation)])
    exchange = instance.stores.exchange
    begun = await exchange.begin_load(conversation, "file")
    assert begun.loading
    await exchange.add_messages(begun, full[:2])


async def test_an_abandoned_load_is_removed(instance: Instance, ann: Api) -> None:
    """Until then nobody can create the conversation, and the answer says: retry."""
    await _abandoned(instance)
    early = await ann.post("/conversations", kind="direct", participant_ids=["bob"])
    assert (early.status_code, early.json()["code"]) == (503, "store_unavailable")
    assert await instance.deletions.sweep() == 0  # the load may go on

    await make_due()
    assert await instance.deletions.sweep() == 1

    assert not await DeletionRecord.objects.aexists()
    assert await instance.attachments.store.get([FILE.id]) == {}
    assert await instance.store.list_latest_messages(DIRECT.id, limit=9) == []
    created = await ann.post("/conversations", kind="direct", participant_ids=["bob"])
    assert created.status_code == 201
    assert (await ann.send(DIRECT.id, "hello"))["seq"] == 1


async def test_a_load_goes_on_after_its_conversation_was_removed(instance: Instance) -> None:
    await _abandoned(instance)
    await make_due()
    await instance.deletions.sweep()

    await _load(instance, file_with(["a", "b", "c"]).splitlines(keepends=True))

    found = await instance.store.list_latest_messages(DIRECT.id, limit=9)
    assert [one.text for one in found] == ["a", "b", "c"]
    assert not await DeletionRecord.objects.aexists()


@pytest.mark.parametrize("unmarked", [False, True])
async def test_a_complete_load_is_not_removed(instance: Instance, unmarked: bool) -> None:
    """Even if it was killed before it removed its mark."""
    await _load(instance, file_with(["a", "b", "c"]).splitlines(keepends=True))
    if not unmarked:
        await instance.deletions.begin(DIRECT.id)
    await make_due()

    assert await instance.deletions.sweep() == 0

    assert len(await instance.store.list_latest_messages(DIRECT.id, limit=9)) == 3
    assert not await DeletionRecord.objects.aexists()


async def test_a_shell_that_has_changed_is_not_deleted(instance: Instance) -> None:
    exchange = instance.stores.exchange
    before = (await exchange.begin_load(DIRECT, "first")).conversation
    after = (await exchange.begin_load(DIRECT, "second")).conversation

    assert not await exchange.delete_shell(before)
    assert await exchange.delete_shell(after)
    assert await instance.store.get_conversation(DIRECT.id) is None
