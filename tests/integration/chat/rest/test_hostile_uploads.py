"""Uploads of people who mean harm: each is refused or harmless, and no outsider reads anything."""

import io
import json
import logging
import os
import random
import resource
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import httpx
import pytest
from PIL import Image

from messaging.files.content_types import DEFAULT_TYPES
from messaging.files.keys import staging_key
from messaging.files.storages.local import LocalStorage
from messaging.files.storages.local_addresses import PATH, Granted
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, Json, ok
from tests.integration.chat.rest.files import complete, photo, upload

Bytes = Callable[[random.Random], bytes]
FINE = {200, 201}
REFUSED = {400, 403, 404, 409, 413}


@cache
def png(width: int, height: int, zeros: int = 0) -> bytes:
    """Whatever its head says, it has only so many bytes of pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(bytes(zeros))),
            chunk(b"IEND", b""),
        )
    )


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return file.getvalue()


def mutated(dice: random.Random) -> bytes:
    """An image with a few other bytes, or an end too early."""
    data = bytearray(photo(form=dice.choice(["JPEG", "PNG", "GIF", "WEBP"])))
    for _ in range(dice.randrange(6)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data[: dice.randrange(1, len(data) + 1)]) if dice.random() < 0.5 else bytes(data)


CONTENTS: Sequence[Bytes] = (
    mutated,
    lambda dice: dice.randbytes(dice.randrange(1, 3_000)),
    lambda _: png(60_000, 60_000),
    lambda _: png(8_000, 8_000, 8_000 * 24_001),  # 192 MB out of 190 kB
    lambda _: png(1, 2**31 - 1),
    lambda _: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6) + b"\x3b",
    lambda _: (
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    ),
    lambda _: b"\xff\xd8" + b"\xff\xe1\xff\xff" * 2_000,
    lambda _: b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff",
    lambda _: b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)//",
    lambda _: photo() + zipped(b"evil"),
    lambda _: photo(comment=b"<script>alert(1)</script>"),
    lambda _: zipped(bytes(1 << 20)),
    lambda _: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    lambda _: b"<!doctype html><script>alert(1)</script>",
    lambda _: b"%PDF-1.7 <script>alert(1)</script>",
    lambda _: b"%PDF-" + b"[" * 5_000,
    lambda _: b"MZ\x90\x00" + bytes(200),
    lambda _: b"\x00",
)
NAMES = (
    *(
        "a.png",
        "../../etc/passwd",
        "..",
        "C:\\a.exe",
        "a\x00.png",
        "a\r\nSet-Cookie: a",
        "\u202egnp.exe",
    ),
    *(
        "a" * 255,
        "a" * 256,
        "a" * 10_000,
        "\ud800.png",
        " ",
        "☕.png",
        "%2e%2e%2fa",
        "con",
        "a;b\"c'.png",
    ),
)
TYPES = (*DEFAULT_TYPES, "image/svg+xml", "text/html", "IMAGE/PNG", "image/png\r\nX: y", "", "a/b")


async def test_hostile_uploads_come_to_nothing(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    seen = await attack(instance, (ann, bob, cid), random.Random(1), times=60)
    assert seen.keys() & FINE
    assert seen.keys() & REFUSED


UPLOADS = int(os.environ.get("UPLOADS", "10000"))
"""Of the long form."""
MOST_GROWTH = 64 * 1024 * 1024
"""Of this process, with the server and the client in it."""


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Log nothing: pytest keeps each record until the test ends, about 12 kB for each upload."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    yield
    logging.disable(before)


@pytest.mark.fuzz
@pytest.mark.usefixtures("unlogged")
async def test_ten_thousand_hostile_uploads(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """After the first tenth, the peak of the memory grows no more."""
    dice = random.Random()
    seen = await attack(instance, (ann, bob, cid), dice, times=UPLOADS // 10)
    before = peak()
    seen += await attack(instance, (ann, bob, cid), dice, times=UPLOADS - UPLOADS // 10)
    growth = peak() - before
    print(dict(sorted(seen.items())), f"grew by {growth / 2**20:.0f} MiB")
    assert growth <= MOST_GROWTH


def peak() -> int:
    """The most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def attack(
    instance: Instance, people: tuple[Api, Api, Api], dice: random.Random, *, times: int
) -> Counter[int]:
    """Upload as Ann, who is with Bob; Cid is the outsider. Return the statuses that were seen."""
    ann, bob, cid = people
    tea, elsewhere = await ann.group(bob), await cid.group()
    storage = instance.attachments.storage
    assert isinstance(storage, LocalStorage)
    seen: Counter[int] = Counter()
    for _ in range(times):
        answers = await try_one(storage, people, tea, elsewhere, dice)
        seen.update(answer.status_code for answer in answers)
    assert not seen.keys() - FINE - REFUSED, seen
    return seen


async def try_one(
    storage: LocalStorage,
    people: tuple[Api, Api, Api],
    tea: str,
    elsewhere: str,
    dice: random.Random,
) -> list[httpx.Response]:
    ann, bob, cid = people
    content = dice.choice(CONTENTS)(dice)
    size = dice.choice([len(content)] * 8 + [len(content) + 1, 1, 0, -1, 2**60])
    body: Json = {
        "conversation_id": dice.choice([tea] * 9 + [elsewhere]),
        "filename": dice.choice(NAMES) if dice.random() < 0.5 else "a.png",
        "content_type": dice.choice(TYPES),
        "size": size,
    }
    answers = [await posted(ann, "/attachments", body)]
    if answers[0].status_code != 201:
        return answers
    announced = answers[0].json()
    id_ = announced["attachment"]["id"]
    answers.append(await upload(ann, announced, content))
    if dice.random() < 0.1:
        answers.append(await ann.client.put(expired(storage, announced), content=content))
    who = dice.choice([ann] * 8 + [bob, cid])
    answers += [await complete(who, announced) for _ in range(dice.choice([1, 1, 1, 2]))]
    for sender in dice.sample([ann, ann, bob, cid], 2):
        sent = {"text": "", "attachments": [id_] * dice.choice([1, 1, 2])}
        answers.append(await posted(sender, f"/conversations/{tea}/messages", sent))
    await require_unseen(cid, elsewhere, tea, id_)
    await require_harmless(bob, tea, id_)
    return answers


async def posted(who: Api, path: str, body: Json) -> httpx.Response:
    """Also a body that JSON can escape, but UTF-8 cannot express."""
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return await who.request("POST", path, content=content, headers=headers)


def expired(storage: LocalStorage, announced: Json) -> str:
    attachment = announced["attachment"]
    granted = Granted(
        method="PUT",
        key=staging_key(attachment["id"]),
        content_type=attachment["content_type"],
        size=attachment["size"],
        expires=1,
    )
    path: str = storage.addresses.sign(granted)
    assert path.startswith(PATH)
    return f"http://testserver{path}"


async def require_unseen(cid: Api, own: str, tea: str, attachment_id: str) -> None:
    """Require that an outsider gets no address."""
    refused = await cid.get(f"/conversations/{tea}/attachments", ids=attachment_id)
    assert refused.status_code == 403
    assert ok(await cid.get(f"/conversations/{own}/attachments", ids=attachment_id))["items"] == []


async def require_harmless(bob: Api, tea: str, attachment_id: str) -> None:
    """Require that whatever can be downloaded is of a type that browsers do not run."""
    for file in ok(await bob.get(f"/conversations/{tea}/attachments", ids=attachment_id))["items"]:
        answer: Any = await bob.client.get(file["url"])
        assert answer.headers["content-type"] in DEFAULT_TYPES
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox"
        if file["content_type"].startswith("image/"):
            with Image.open(io.BytesIO(answer.content)) as image:
                assert image.get_format_mimetype() == file["content_type"]
            assert b"script" not in answer.content
            assert b"PK\x03\x04" not in answer.content
