"""PNG: copies the chunks that describe pixels, colours and frames
(https://www.w3.org/TR/png-3/#11Chunks)."""

from messaging.files.checking.cleaning.bounds import require_few

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs"),
    *(b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"),
    *(b"acTL", b"fcTL", b"fdAT"),
}


def clean(data: bytes, orientation: int) -> bytes:
    """An orientation in Exif is dropped: viewers of PNG ignore it."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no signature")
    kept = [_SIGNATURE]
    at, parts = len(_SIGNATURE), 0
    while True:
        parts += 1
        require_few(parts)
        name = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if len(name) < 4 or end > len(data):
            raise ValueError("no end of the image")
        if name in _KEPT:
            kept.append(data[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end
