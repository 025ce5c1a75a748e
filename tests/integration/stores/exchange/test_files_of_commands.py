"""The files that the commands of the exchange format write and read."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.changes.interventions import EmptyConversation
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.domain.identifiers import random_id
from messaging.exchange.lines import decode
from messaging.exchange.records import FullMessage, Header, Position
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from messaging.services.exchange.resuming import Place, Resuming
from messaging.stores import Stores
from tests.instances import new_instance
from tests.integration.stores.exchange.chats import close, dumped, loaded, problems, stores_of
from tests.integration.stores.exchange.small_files import DIRECT, file_with
from tests.unit.messaging.exchange.samples import FILE

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT = Path(__file__).parent / "exports" / "chat.csv"


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def stores(transactional_db: None) -> AsyncIterator[Stores]:
    with stores_of("sql") as stores:
        yield stores
        await close(stores)


async def _run(*arguments: str) -> str:
    output = StringIO()
    run = sync_to_async(call_command)
    await run(*arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture
def mask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("mask")
async def test_only_the_owner_reads_what_is_written(stores: Stores, tmp_path: Path) -> None:
    """It has texts and push tokens, whatever the umask is."""
    dump, converted = tmp_path / "chat.jsonl", tmp_path / "import.jsonl"
    await _run("dump_conversations", str(dump))
    await _run("import_conversations", str(EXPORT), "--from", "csv", "--to", str(converted))

    assert [path.stat().st_mode & 0o777 for path in (dump, converted)] == [0o600, 0o600]


async def test_an_unknown_conversation_is_not_dumped(stores: Stores, tmp_path: Path) -> None:
    """Nor is a file created, which would be complete and empty."""
    await loaded(file_with(["hello"]), stores)
    path = tmp_path / "chat.jsonl"
    for wrong in (random_id(), "typo", "a/b"):
        with pytest.raises(CommandError, match=f"The store has no conversation {wrong}"):
            await _run(
                *("dump_conversations", str(path), "--conversation", DIRECT.id),
                *("--conversation", wrong),
            )
        assert not path.exists()


async def test_a_conversation_that_is_named_twice_is_dumped_once(
    stores: Stores, tmp_path: Path
) -> None:
    await loaded(file_with(["hello"]), stores)
    path = tmp_path / "chat.jsonl"
    await _run("dump_conversations", str(path), *("--conversation", DIRECT.id) * 2)

    assert problems(path.read_bytes()) == []
    records = list(map(decode, path.read_bytes().splitlines()))
    assert sum(isinstance(one, Conversation) for one in records) == 1


async def test_an_import_has_the_id_of_its_content(stores: Stores, tmp_path: Path) -> None:
    """A load goes on with the same content, and begins anew with another one."""
    changed = tmp_path / "chat.csv"
    changed.write_bytes(EXPORT.read_bytes().replace(b"ello", b"ELLO"))
    assert changed.read_bytes() != EXPORT.read_bytes()
    ids = []
    for number, source in enumerate((EXPORT, EXPORT, changed)):
        path = tmp_path / f"{number}.jsonl"
        await _run("import_conversations", str(source), "--from", "csv", "--to", str(path))
        header = decode(path.read_bytes().splitlines()[0])
        assert isinstance(header, Header)
        assert problems(path.read_bytes()) == []
        ids.append(header.id)
    assert ids[0] == ids[1] != ids[2]


def test_a_changed_file_has_no_place(tmp_path: Path) -> None:
    """Otherwise the next load goes on, and knows whom the first part has brought back."""
    path = tmp_path / "chat.jsonl"
    path.write_bytes(b"1\n2\n")
    place = Place(line=1, at=2)
    assert Resuming(path, load_id="a", target="b").restored() == {}
    Resuming(path, load_id="a", target="b").note(place, restored={"ann": 2})
    assert Resuming(path, load_id="a", target="b").place() == place
    assert Resuming(path, load_id="a", target="b").restored() == {"ann": 2}

    path.write_bytes(b"1\n3\n")
    os.utime(path, ns=(1, 1))

    assert Resuming(path, load_id="a", target="b").place() is None
    assert Resuming(path, load_id="a", target="b").restored() == {}


async def test_a_deletion_that_is_not_finished_is_dumped_as_finished(
    instance: Instance, stores: Stores
) -> None:
    """The group has no people any more, but its messages are there until a sweep."""
    created = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"]
    )
    id_ = created.own.conversation.id
    await messages.send_message(
        instance, user_id="ann", conversation_id=id_, text="secret", client_id="1"
    )
    await instance.writer.submit(id_, EmptyConversation())

    file = await dumped(stores)

    assert problems(file) == []
    assert not [
        one for one in map(decode, file.splitlines()) if isinstance(one, (FullMessage, Position))
    ]


async def test_a_dump_reports_files_that_are_due_to_be_removed(
    stores: Stores, tmp_path: Path
) -> None:
    """No line has them. Whoever keeps the storage must know of them."""
    store = stores.conversations.attachments
    attachment = replace(FILE, message_id=None, seq=None, sweep_at=None)
    stored = await store.create(attachment)
    assert "due" not in await _run("dump_conversations", str(tmp_path / "a.jsonl"))
    condemned = replace(stored, status=AttachmentStatus.DELETED, sweep_at=COMMIT_TIME)
    assert await store.replace(stored, condemned)

    output = await _run("dump_conversations", str(tmp_path / "b.jsonl"))

    assert "The files of 1 attachments are due to be removed." in output
