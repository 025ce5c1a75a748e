"""Loading a file: into a store that is in use, again, after a kill, and from a damaged file."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.domain.conversation import Conversation
from messaging.exchange.lines import decode, encode
from messaging.exchange.records import FullMessage, Header
from messaging.followers.checkpoints import Checkpoint, Checkpoints
from messaging.followers.follower import Follower
from messaging.followers.registry import register
from messaging.runtime.instance import Instance
from messaging.services import messages
from messaging.services.exchange.loaded_conversations.follower_marks import mark_followed
from messaging.services.exchange.loading import NotLoaded
from messaging.stores import Stores
from messaging.stores.exchange import AlreadyStored, is_shell
from tests.instances import new_instance
from tests.integration.stores.exchange.chats import (
    body,
    chat,
    close,
    dumped,
    loaded,
    problems,
    stores_of,
)
from tests.integration.stores.exchange.test_round_trips import empty_sqlite

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def stores(transactional_db: None) -> AsyncIterator[Stores]:
    with stores_of("sql") as stores:
        yield stores
        await close(stores)


_MADE: list[bytes] = []


async def file_of(instance: Instance, stores: Stores) -> bytes:
    """The file of a chat, which is not in the store any more. It is made once."""
    if not _MADE:
        await chat(instance, messages_each=3)
        _MADE.append(await dumped(stores))
        await empty_sqlite()
    return _MADE[0]


async def stored_file_of(instance: Instance, stores: Stores) -> bytes:
    """The file of a chat, which is in the store."""
    file = await file_of(instance, stores)
    await loaded(file, stores)
    return file


async def test_a_second_load_changes_nothing(instance: Instance, stores: Stores) -> None:
    file = await stored_file_of(instance, stores)

    again = await loaded(file, stores)

    assert again.counts.conversations == again.counts.people == again.counts.reports == 0
    assert again.kept.conversations == sum(b'"record":"conversation"' in one for one in body(file))
    assert body(await dumped(stores)) == body(file)


@pytest.mark.parametrize("seed", range(4))
async def test_a_load_that_was_cut_off_goes_on(
    instance: Instance, stores: Stores, seed: int
) -> None:
    """Wherever it ended; what was not complete is invisible meanwhile."""
    file = await file_of(instance, stores)
    lines = file.splitlines(keepends=True)
    cut = random.Random(seed).randrange(2, len(lines))

    await loaded(b"".join(lines[:cut]), stores)
    if seed % 2:  # of another file
        await loaded(encode(replace(_header(file), id="other")) + b"".join(body(file)), stores)
    else:
        await loaded(file, stores)

    assert body(await dumped(stores)) == body(file)


def _header(file: bytes) -> Header:
    header = decode(file.splitlines()[0])
    assert isinstance(header, Header)
    return header


async def test_an_incomplete_conversation_is_invisible(instance: Instance, stores: Stores) -> None:
    file = await file_of(instance, stores)
    conversation = next(
        one for one in map(decode, file.splitlines()) if isinstance(one, Conversation) and one.seq
    )
    begun = await stores.exchange.begin_load(conversation, "load")

    assert begun.loading
    assert is_shell(begun.conversation)
    for user_id in conversation.participants:
        page = await stores.conversations.list_conversations(user_id, limit=9)
        assert page.conversations == []


async def test_other_content_under_a_known_id_is_refused(
    instance: Instance, stores: Stores
) -> None:
    """The load stops with the line, and the store keeps what it had."""
    file = await stored_file_of(instance, stores)
    changed = _with_other_text(file)

    with pytest.raises(NotLoaded, match=r"line \d+: Conversation \w+ is in the store"):
        await loaded(changed, stores)
    assert body(await dumped(stores)) == body(file)


async def test_a_message_of_another_conversation_stays_there(
    instance: Instance, stores: Stores
) -> None:
    file = await stored_file_of(instance, stores)
    conversation, message = _first_message(file)
    other = replace(conversation, id="a" * 26)
    begun = await stores.exchange.begin_load(other, "load")
    moved = replace(message, message=replace(message.message, conversation_id=other.id))

    with pytest.raises(AlreadyStored, match=message.message.id):
        await stores.exchange.add_messages(begun, [moved])
    assert message.message.id in (
        await stores.conversations.get_messages(conversation.id, [message.message.id])
    )


def _first_message(file: bytes) -> tuple[Conversation, FullMessage]:
    conversation = None
    for record in map(decode, body(file)):
        if isinstance(record, Conversation):
            conversation = record
        if isinstance(record, FullMessage) and conversation is not None and conversation.seq > 9:
            return conversation, record
    raise AssertionError


def _with_other_text(file: bytes) -> bytes:
    """Change the text of the first message, with hashes that fit nothing."""
    lines = file.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if b'"record":"message"' in line and b'"text":"0 of' in line:
            lines[number] = line.replace(b'"text":"0 of', b'"text":"other')
            break
    return b"".join(lines)


async def test_a_loaded_conversation_goes_on(instance: Instance, stores: Stores) -> None:
    """People write in it, and a repeated load leaves what they wrote."""
    file = await file_of(instance, stores)
    await loaded(file, stores)
    conversation, _ = _first_message(file)

    sent = await messages.send_message(
        instance, user_id="ann", conversation_id=conversation.id, text="new", client_id="new"
    )
    again = await loaded(file, stores)

    assert sent.message.seq == conversation.seq + 1
    assert sent.message.version == conversation.version + 1
    assert again.counts.conversations == 0


class _Webhook:
    name = "webhook-1"
    from_beginning = False


async def test_webhooks_do_not_report_what_is_loaded(instance: Instance, stores: Stores) -> None:
    """Their checkpoints are at the end of it, before anybody can read it."""
    file = await file_of(instance, stores)
    conversation, _ = _first_message(file)
    follower: Follower = _Webhook()
    registered = await stores.index.write("follow", register, follower, epoch="e")

    await loaded(file, stores)

    checkpoints = Checkpoints(_Webhook.name, owner="")
    found = await stores.index.read("follow", checkpoints.get, [conversation.id])
    assert found[conversation.id].after(registered.generation) == conversation.version


async def test_a_webhook_that_reads_at_this_moment_is_waited_for(
    instance: Instance, stores: Stores
) -> None:
    """Its process would move the checkpoint back, and report what was loaded."""
    file = await file_of(instance, stores)
    conversation, _ = _first_message(file)
    follower: Follower = _Webhook()
    registered = await stores.index.write("follow", register, follower, epoch="e")
    other = Checkpoints(_Webhook.name, owner="other")
    claimed = await stores.index.write("follow", other.claim, conversation.id, seconds=60)
    assert isinstance(claimed, Checkpoint)

    assert not await mark_followed(stores.index, conversation)
    await stores.index.write("follow", other.release, claimed)
    assert await mark_followed(stores.index, conversation)

    found = await stores.index.read("follow", other.get, [conversation.id])
    assert found[conversation.id].after(registered.generation) == conversation.version


async def test_a_webhook_whose_process_was_killed_is_not_waited_for(
    instance: Instance, stores: Stores
) -> None:
    """Its lease has ended."""
    conversation, _ = _first_message(await file_of(instance, stores))
    follower: Follower = _Webhook()
    registered = await stores.index.write("follow", register, follower, epoch="e")
    other = Checkpoints(_Webhook.name, owner="other")
    await stores.index.write("follow", other.claim, conversation.id, seconds=-1)

    assert await mark_followed(stores.index, conversation)

    found = await stores.index.read("follow", other.get, [conversation.id])
    assert found[conversation.id].after(registered.generation) == conversation.version


async def test_the_commands(instance: Instance, stores: Stores, tmp_path: Path) -> None:
    """Dump, check, load, and compare; a file that exists is not overwritten."""
    await stored_file_of(instance, stores)
    path = tmp_path / "chat.jsonl"
    run = sync_to_async(_run)
    await run("dump_conversations", str(path))
    with pytest.raises(CommandError, match="exists"):
        await run("dump_conversations", str(path))
    await empty_sqlite()

    assert problems(path.read_bytes()) == []
    assert "No problem" in await run("load_conversations", str(path), "--dry-run")
    assert len(body(await dumped(stores))) == 1
    assert "matches the file" in await run("load_conversations", str(path))
    assert body(await dumped(stores)) == body(path.read_bytes())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]

    path.write_bytes(_with_other_text(path.read_bytes()))
    with pytest.raises(CommandError, match="1 problems"):
        await run("load_conversations", str(path))


def _run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


async def test_each_damage_is_found_with_its_line(instance: Instance, stores: Stores) -> None:
    """Nothing is loaded from such a file: `load_conversations` checks it first."""
    file = await file_of(instance, stores)
    assert problems(file) == []
    lines = file.splitlines(keepends=True)
    chance = random.Random(1)
    for _ in range(60):
        number, damaged = _damaged(chance, lines)
        found = problems(b"".join(damaged))
        assert found, damaged[number - 1]
        assert min(one.line for one in found) >= min(number, len(damaged))
        assert all(one.reason for one in found)


def _damaged(chance: random.Random, lines: list[bytes]) -> tuple[int, list[bytes]]:
    """Damage one line, and return its number."""
    at = chance.randrange(len(lines))
    damaged = list(lines)
    match chance.randrange(5):
        case 0:  # a line is lost
            del damaged[at]
        case 1:  # a line is cut
            damaged[at] = damaged[at][: len(damaged[at]) // 2] + b"\n"
        case 2:  # a line is there twice
            damaged.insert(at, damaged[at])
            at += 1 if at else 0
        case 3:  # a field has another type
            fields = json.loads(damaged[at])
            name = chance.choice(sorted(fields))
            fields[name] = {"none": 1}
            damaged[at] = json.dumps(fields).encode() + b"\n"
        case _:  # the end is lost
            at = max(at, 1)
            damaged = damaged[:at]
    return at + 1, damaged
