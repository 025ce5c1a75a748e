"""People who attach photos, in a process of their own: a line of JSON for each that it reads."""

import asyncio
import io
import json
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from PIL import Image

from tests.clients.rest import Refused, Rest, http_client

_AT_ONCE = 100
_PATIENCE_SECONDS = 600

T = TypeVar("T")


def photo() -> bytes:
    """Six million pixels."""
    file = io.BytesIO()
    noise = Image.effect_noise((300, 200), 60).convert("RGB")
    noise.resize((3_000, 2_000)).save(file, "JPEG", quality=85)
    return file.getvalue()


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat what gets 503, as a client does."""
    end = time.perf_counter() + _PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except Refused as refused:
            if refused.status != 503 or time.perf_counter() > end:
                raise
        await asyncio.sleep(1)


async def attach(url: str, number: int, content: bytes, places: asyncio.Semaphore) -> None:
    """Announce, upload and complete a photo."""
    async with places, http_client(url) as client:
        person = Rest(client, f"person-{number}")
        group = await patiently(partial(person.create_group, "bob", title="Tea"))
        body = {
            "conversation_id": group["id"],
            "filename": "a.jpg",
            "content_type": "image/jpeg",
            "size": len(content),
        }
        announced = await patiently(partial(person.request, "POST", "/attachments", body))
        where = announced["upload"]
        answer = await client.put(where["url"], content=content, headers=where["headers"])
        assert answer.status_code == 200
        path = f"/attachments/{announced['attachment']['id']}/complete"
        await patiently(partial(person.request, "POST", path))


async def attach_all(url: str, people: list[int]) -> int:
    """Attach a photo for each of these people. Return how many there are."""
    content = await asyncio.to_thread(photo)
    places = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(attach(url, number, content, places) for number in people))
    return len(people)


async def main() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(line)
        assert work == attach_all.__name__
        print(json.dumps({"attached": await attach_all(**arguments)}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
