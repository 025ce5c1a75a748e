"""A process whose clock is off by ten minutes: the server's times are compared with its clock."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clients.python.conftest import PYTHON_PATH, Place
from tests.clients.rest import token_of
from tests.clients.shifted_clock import shifted

_SECONDS = 30
_PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from chat_client import ChatClient, MessageEvent
from chat_client.files import FileAddresses, upload_file

async def main(url, token, group, server_time):
    async with ChatClient(url, token) as chat:
        at = datetime.fromisoformat(server_time)
        print(round((datetime.now(UTC) - at) / timedelta(minutes=1)))
        print(round((chat.now() - at) / timedelta(minutes=1)))
        here = chat.conversation(group)
        file = await upload_file(chat, group, b"Tea!", filename="tea.txt")
        await here.send("A file.", attachments=[file.id])
        addresses = FileAddresses(chat)
        for _ in range(3):
            assert await addresses.get(group, file.id) is not None
        soon = chat.now() + timedelta(minutes=5)
        await here.set_preferences(archived=True, muted_until=soon.isoformat())
        events = chat.events(MessageEvent)
        print("ready", flush=True)
        await anext(events)
        print(here.snapshot.conversation.archived)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_clock_that_is_off(place: Place, clock_library: Path, minutes: int) -> None:
    """A mute ends, and an address of a file expires, by the server's clock."""
    group, asked = await place.group(), list[str]()

    def note(_: str, path: str) -> bool:
        asked.append(path)
        return False

    place.wire.lose_answer = note
    arguments = [place.wire.url, token_of("ann"), group, datetime.now(UTC).isoformat()]
    command = shifted(clock_library, minutes * 60, [sys.executable, "-c", _PROGRAM, *arguments])
    child = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(_SECONDS):
            lines = [(await child.stdout.readline()).decode().strip() for _ in range(3)]
            assert lines == [str(minutes), "0", "ready"]
            path = f"/conversations/{group}/messages"
            await place.bob.request("POST", path, {"text": "Psst"})
            archived = (await child.stdout.readline()).decode().strip()
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()
    of_store = await place.ann.get_conversation(group)
    assert (archived, of_store["archived"]) == ("True", True)
    assert asked.count(f"/api/v1/conversations/{group}/attachments") == 1
