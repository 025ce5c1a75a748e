"""JPEG: copies the segments that the decoder needs (https://www.w3.org/Graphics/JPEG/itu-t81.pdf,
annex B)."""

from messaging.files.checking.cleaning.bounds import require_few
from messaging.files.checking.cleaning.orientation import UPRIGHT, exif_of

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_COMMENT = 0xFE
_EXTENSIONS = set(range(0xF0, 0xFE))
_MAX_SCANS = 32
"""A decoder goes through the whole image for each scan, which may have a hundred bytes. Encoders
write about ten."""
_KEPT_APPLICATION = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""The application segments that change how the image looks, by their beginning."""


def clean(data: bytes, orientation: int) -> bytes:
    if data[:2] != b"\xff\xd8":
        raise ValueError("no start of an image")
    kept = [data[:2]]
    if orientation != UPRIGHT:
        exif = b"Exif\0\0" + exif_of(orientation)
        kept.append(b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif)
    at, parts, scans = 2, 0, 0
    while True:
        marker, at = _marker(data, at)
        parts += 1
        require_few(parts)
        if marker == _EOI:
            kept.append(b"\xff\xd9")
            return b"".join(kept)
        if marker in _STANDALONE:
            raise ValueError("a marker where none belongs")
        length = int.from_bytes(data[at : at + 2])
        end = at + length
        if length < 2 or end > len(data):
            raise ValueError("a segment that ends beyond the file")
        if _is_kept(marker, data[at + 2 : end]):
            kept += (bytes((0xFF, marker)), data[at:end])
        at = end
        if marker == _SOS:
            scans += 1
            if scans > _MAX_SCANS:
                raise ValueError("too many scans")
            end = _end_of_scan(data, at)
            kept.append(data[at:end])
            at = end


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker here, and where its segment begins."""
    if data[at : at + 1] != b"\xff":
        raise ValueError("no marker where one belongs")
    while data[at : at + 1] == b"\xff":  # any number of fill bytes
        at += 1
    if at >= len(data):
        raise ValueError("no end of the image")
    return data[at], at + 1


def _is_kept(marker: int, content: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        name = _KEPT_APPLICATION.get(marker)
        return name is not None and content.startswith(name)
    return marker != _COMMENT and marker not in _EXTENSIONS


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the entropy-coded data ends: at the next marker other than a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise ValueError("no end of the image")
        following = data[at + 1]
        if following != 0x00 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2
