"""What waits to be sent survives a restart, and leaves once."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chat_client import OutboxFull, OutboxUnusable, SessionEnded
from chat_client.state.outbox import MAX_WAITING
from chat_client.stored_outbox import StoredOutbox
from tests.clients.checking.wire import Line
from tests.clients.python.conftest import PYTHON_PATH, Place
from tests.clients.python.waiting import until
from tests.clients.rest import token_of

Json = dict[str, Any]

_PROGRAM = """
import asyncio, sys
from chat_client import ChatClient
from chat_client.stored_outbox import StoredOutbox

async def main(url, token, group, path):
    async with ChatClient(url, token, outbox=StoredOutbox(path, user_id="ann")) as chat:
        for text in ("one", "two", "three"):
            chat.conversation(group).send(text)
        await chat.flush()
        print("stored", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


_ON_A_FULL_DISK = """
import asyncio, resource, signal, sys
from chat_client import ChatClient, OutboxUnusable
from chat_client.stored_outbox import StoredOutbox

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main(token, group, path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    chat = ChatClient("http://127.0.0.1:1", token, outbox=StoredOutbox(path, user_id="ann"))
    await chat.connect()
    here = chat.conversation(group)
    here.send("before")
    await chat.flush()
    limit(16_000)
    here.send("x" * 9000)
    try:
        await chat.flush()
    except OutboxUnusable as error:
        print(error.code, [one.text[:6] for one in chat.pending])
    limit(resource.RLIM_INFINITY)
    here.send("after")
    await chat.flush()
    await chat.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


def _lose_answers(_: Line, frame: Json) -> Sequence[Json]:
    """Of sends: neither the reply nor the event arrives."""
    is_answer = frame["type"] == "message.created" or "created" in (frame.get("data") or {})
    return [] if is_answer else [frame]


async def _kept(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        [(count,)] = database.execute("SELECT count(*) FROM pending")
        return int(count)


async def test_what_waits_survives_a_killed_process(place: Place, tmp_path: Path) -> None:
    """The first message was stored, but its answer was lost: it is not sent twice."""
    group, path = await place.group(), tmp_path / "outbox.sqlite3"
    place.wire.down.append(_lose_answers)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM, place.wire.url, token_of("ann"), group, str(path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"stored\n"
    while await place.texts(group) != ["one"]:
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert path.stat().st_mode & 0o077 == 0
    assert await _kept(path) == 3

    place.wire.mend()
    ann = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    tea = ann.conversation(group)
    await until(tea.subscribe, lambda: not ann.pending)
    await ann.aclose()

    assert await place.texts(group) == ["one", "two", "three"]
    assert await _kept(path) == 0


async def test_a_full_disk_leaves_it_in_memory(place: Place, tmp_path: Path) -> None:
    """`flush` says so. When there is room again, everything is stored, and then sent in order."""
    group, path = await place.group(), tmp_path / "outbox.sqlite3"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ON_A_FULL_DISK, token_of("ann"), group, str(path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert printed.decode() == "outbox_unusable ['before', 'xxxxxx']\n"
    assert await _kept(path) == 3

    ann = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    await until(ann.conversation(group).subscribe, lambda: not ann.pending)
    assert [text[:6] for text in await place.texts(group)] == ["before", "xxxxxx", "after"]


async def test_a_file_has_one_client(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    first = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    with pytest.raises(OutboxUnusable):
        await place.client(outbox=StoredOutbox(path, user_id="ann")).connect()
    await first.aclose()
    await place.connected(outbox=StoredOutbox(path, user_id="ann"))


async def test_a_broken_file_is_refused(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(OutboxUnusable, match="cannot be used"):
        await place.client(outbox=StoredOutbox(path, user_id="ann")).connect()


async def test_messages_of_another_person_are_not_sent(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    group = await place.group()
    offline = place.client(outbox=StoredOutbox(path, user_id="cid"))
    await offline.connect()
    offline.conversation(group).send("of cid")
    with pytest.raises(SessionEnded, match="cid"):
        await offline.live()
    await offline.aclose()

    assert await place.texts(group) == []
    assert await _kept(path) == 1
    ann = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    assert ann.pending == ()


async def test_a_refused_message_keeps_its_reason(place: Place, tmp_path: Path) -> None:
    """Over a restart, until it is discarded."""
    path, group = tmp_path / "outbox.sqlite3", await place.group()
    ann = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    sent = ann.conversation(group).send("Tea?", reply_to="no-such-message")
    await asyncio.wait([sent])
    await ann.aclose()

    ann = await place.connected(outbox=StoredOutbox(path, user_id="ann"))
    [item] = ann.pending
    assert item.error is not None
    assert (item.text, item.error.code) == ("Tea?", "invalid_request")
    ann.conversation(group).discard(item.client_id)
    await ann.aclose()
    assert await _kept(path) == 0


async def test_the_outbox_has_an_end(place: Place) -> None:
    ann = place.client()
    group = ann.conversation("some")
    for number in range(MAX_WAITING):
        group.send(str(number))
    with pytest.raises(OutboxFull):
        group.send("one too many")
    await ann.aclose()
