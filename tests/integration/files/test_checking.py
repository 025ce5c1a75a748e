"""Checks of uploaded files in worker processes: what passes, what is removed, what is refused."""

import asyncio
import io
import os
import signal
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, PngImagePlugin

from messaging.domain.exceptions import Overloaded
from messaging.files.checking.findings import Facts, Refused
from messaging.files.checking.workers import CheckingWorkers

# The worker process lives on this loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIENTATION, GPS = 0x0112, 0x8825


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[CheckingWorkers]:
    """One worker for all tests: to start it takes longer than most of them."""
    workers = CheckingWorkers(most=1)
    yield workers
    await workers.close()


async def check(
    workers: CheckingWorkers, folder: Path, content: bytes, content_type: str
) -> tuple[Facts, bytes, bytes]:
    """The facts, the stored file and the thumbnail."""
    source, target, thumbnail = folder / "source", folder / "target", folder / "thumbnail"
    source.write_bytes(content)
    facts = await workers.check(source, content_type, target=target, thumbnail=thumbnail)
    small = thumbnail.read_bytes() if facts.has_thumbnail else b""
    return facts, target.read_bytes(), small


def picture(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image = Image.linear_gradient("L").resize((60, 40)).convert("RGB")
    image.save(file, form, **options)
    return file.getvalue()


def exif() -> Image.Exif:
    """Of a camera that was turned, at a place."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "secret maker"
    exif.get_ifd(GPS)[1] = "N"
    return exif


def described_png() -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_text("place", "secret place")
    about.add_itxt("XML:com.adobe.xmp", "secret place")
    return picture("PNG", pnginfo=about, exif=exif())


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("content", "content_type", "turned"),
    [
        (picture("JPEG", exif=exif(), comment=b"secret"), "image/jpeg", True),
        (picture("JPEG", progressive=True, xmp=b"secret"), "image/jpeg", False),
        (described_png(), "image/png", False),
        (picture("GIF", comment=b"secret"), "image/gif", False),
        (picture("WEBP", exif=exif(), xmp=b"secret"), "image/webp", True),
        (picture("WEBP", lossless=True), "image/webp", False),
    ],
)
async def test_only_what_shows_is_kept(
    workers: CheckingWorkers, tmp_path: Path, content: bytes, content_type: str, turned: bool
) -> None:
    """Of the metadata nothing but the orientation, and nothing that follows the image."""
    trailing = content + b"PK\x03\x04 secret"

    facts, stored, small = await check(workers, tmp_path, trailing, content_type)

    assert b"secret" not in stored
    assert pixels(stored) == pixels(content)
    assert facts.size == len(stored)
    with Image.open(io.BytesIO(stored)) as image:
        assert dict(image.getexif()) == ({ORIENTATION: 6} if turned else {})
    shown = (40, 60) if turned else (60, 40)
    assert (facts.width, facts.height) == shown
    with Image.open(io.BytesIO(small)) as image:
        assert image.size == shown
        assert image.format == "WEBP"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
async def test_an_animation_goes_on(workers: CheckingWorkers, tmp_path: Path, form: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=100, loop=0)

    _, stored, _ = await check(workers, tmp_path, file.getvalue(), f"image/{form.lower()}")

    with Image.open(io.BytesIO(stored)) as image:
        assert getattr(image, "n_frames", 1) == 3
        assert image.info.get("loop", 0) == 0


async def test_transparency_shows_in_the_thumbnail(
    workers: CheckingWorkers, tmp_path: Path
) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (2_000, 10), (255, 0, 0, 0)).save(file, "PNG")

    facts, _, small = await check(workers, tmp_path, file.getvalue(), "image/png")

    assert (facts.width, facts.height) == (2_000, 10)
    with Image.open(io.BytesIO(small)) as image:
        assert image.mode == "RGBA"
        assert image.size[0] == 512


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    idat = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


def of_many_scans(count: int) -> bytes:
    """A JPEG whose last scan is repeated: a hundred bytes each, and each costs as much as all."""
    whole = picture("JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + count * scan + whole[-2:]


def of_many_parts(form: str) -> bytes:
    """An image with half a million empty comments."""
    count = 500_000
    whole = picture(form)
    match form:
        case "JPEG":
            return whole[:2] + count * b"\xff\xfe\0\2" + whole[2:]
        case "PNG":
            return whole[:33] + count * (bytes(4) + b"tEXt" + bytes(4)) + whole[33:]
        case "GIF":
            return whole[:-1] + count * b"\x21\xfe\0" + whole[-1:]
    content = whole[8:] + count * (b"JUNK" + bytes(4))
    return b"RIFF" + struct.pack("<I", len(content)) + content


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (of_many_parts("JPEG"), "image/jpeg", "unreadable_image"),
        (of_many_parts("PNG"), "image/png", "unreadable_image"),
        (of_many_parts("GIF"), "image/gif", "unreadable_image"),
        (of_many_parts("WEBP"), "image/webp", "unreadable_image"),
        (of_many_scans(100), "image/jpeg", "unreadable_image"),
        (bomb(50_000, 50_000), "image/png", "unreadable_image"),
        (bomb(8_000, 8_000), "image/png", "unreadable_image"),
        (picture("PNG")[:-20], "image/png", "unreadable_image"),
        (picture("JPEG")[:-2], "image/jpeg", "unreadable_image"),
        (picture("PNG"), "image/jpeg", "type_mismatch"),
        (b"<svg/>", "image/png", "type_mismatch"),
        (b"hello\0", "text/plain", "type_mismatch"),
        (b"hello", "application/pdf", "type_mismatch"),
        (b"hello", "application/zip", "type_mismatch"),
        (b"hello", "text/html", "type_mismatch"),
    ],
)
async def test_a_file_is_refused(
    workers: CheckingWorkers, tmp_path: Path, content: bytes, content_type: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await check(workers, tmp_path, content, content_type)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        ("Grüße".encode(), "text/plain"),
        ("Grüße".encode("utf-16"), "text/csv"),
        (b'{"a": 1}', "application/json"),
        (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "video/mp4"),
        (b"\0\0\0\x20ftypM4A \0\0\x02\0M4A mp42", "audio/mp4"),
        (b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead", "audio/ogg"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (
            b"PK\x03\x04" + bytes(26) + b"word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b" <?xml version='1.0'?><svg/>", "image/svg+xml"),
    ],
)
async def test_a_file_of_its_type_stays_as_it_is(
    workers: CheckingWorkers, tmp_path: Path, content: bytes, content_type: str
) -> None:
    facts, stored, _ = await check(workers, tmp_path, content, content_type)

    assert stored == content
    assert facts == Facts(size=len(content))


async def check_patiently(workers: CheckingWorkers, folder: Path) -> None:
    """Check a file. On a busy machine a new worker may take long to start: then repeat it."""
    while True:
        with suppress(Overloaded):
            await check(workers, folder, picture("PNG"), "image/png")
            return


def children() -> list[int]:
    """The processes that this one has started (Linux, proc(5))."""
    tasks = Path("/proc/self/task").iterdir()
    found: list[int] = []
    for task in tasks:
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found += map(int, (task / "children").read_text().split())
    return found


async def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    """The next file is checked. A file whose worker gets no processor may be fine, so its check
    can be repeated."""
    before = set(children())
    workers = CheckingWorkers(most=1, seconds=10)
    await check_patiently(workers, tmp_path)
    [worker] = set(children()) - before
    os.kill(worker, signal.SIGSTOP)

    with pytest.raises(Overloaded):
        await asyncio.wait_for(check(workers, tmp_path, picture("PNG"), "image/png"), timeout=30)

    await check_patiently(workers, tmp_path)
    assert worker not in children()
    await workers.close()
    assert set(children()) <= before


async def test_a_worker_that_died_without_work_is_replaced(tmp_path: Path) -> None:
    """The next file is not to blame: the system may have ended the worker for its memory."""
    before = set(children())
    workers = CheckingWorkers(most=1)
    await check_patiently(workers, tmp_path)
    [worker] = set(children()) - before
    os.kill(worker, signal.SIGKILL)
    while worker in children():
        await asyncio.sleep(0.01)

    await check_patiently(workers, tmp_path)

    await workers.close()
    assert set(children()) <= before


async def test_a_file_that_needs_too_much_processor_time_is_refused(tmp_path: Path) -> None:
    """However long the machine takes to give it."""
    file = io.BytesIO()
    Image.new("RGBA", (8_000, 8_000), (255, 0, 0, 128)).save(file, "PNG", compress_level=1)
    workers = CheckingWorkers(most=1, processor_seconds=0.3)
    await check(workers, tmp_path, picture("PNG"), "image/png")

    with pytest.raises(Refused) as refused:
        await check(workers, tmp_path, file.getvalue(), "image/png")

    assert refused.value.code == "unreadable_image"
    await check(workers, tmp_path, picture("PNG"), "image/png")
    await workers.close()
