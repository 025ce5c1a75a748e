"""WebP: copies the chunks that describe pixels, colours and frames
(https://developers.google.com/speed/webp/docs/riff_container)."""

from messaging.files.checking.cleaning.bounds import require_few
from messaging.files.checking.cleaning.orientation import UPRIGHT, exif_of

_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def clean(data: bytes, orientation: int) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no signature")
    total = 8 + int.from_bytes(data[4:8], "little")
    if total > len(data):
        raise ValueError("no end of the image")
    kept: list[bytes] = []
    at, parts, extended = 12, 0, False
    while at + 8 <= total:
        parts += 1
        require_few(parts)
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size
        if end > total:
            raise ValueError("a chunk that ends beyond the file")
        if name == b"VP8X" and size >= 10:
            extended = True
            flags = data[at + 8] & ~(_HAS_EXIF | _HAS_XMP)
            if orientation != UPRIGHT:
                flags |= _HAS_EXIF
            kept += (data[at : at + 8], bytes((flags,)), data[at + 9 : end])
        elif name in _KEPT:
            kept.append(data[at:end])
        if name in _KEPT and size % 2:
            kept.append(b"\0")
        at = end + size % 2
    if extended and orientation != UPRIGHT:
        exif = exif_of(orientation)
        kept += (b"EXIF", len(exif).to_bytes(4, "little"), exif)
    content = b"".join((b"WEBP", *kept))
    return b"RIFF" + len(content).to_bytes(4, "little") + content
