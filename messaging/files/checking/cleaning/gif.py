"""GIF: copies frames, their controls, and how often they repeat
(https://www.w3.org/Graphics/GIF/spec-gif89a.txt)."""

from messaging.files.checking.cleaning.bounds import require_few

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_CONTROL, _APPLICATION = 0xF9, 0xFF


def clean(data: bytes, orientation: int) -> bytes:
    """A GIF has no orientation."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 13:
        raise ValueError("no signature")
    at = 13 + _table_bytes(data[10])
    kept = [data[:at]]
    parts = 0
    while True:
        parts += 1
        require_few(parts)
        begins, kind = at, data[at : at + 1]
        if kind == b"\x3b":
            kept.append(kind)
            return b"".join(kept)
        if kind == b"\x2c" and len(data) > at + 10:
            at = _end_of_blocks(data, at + 11 + _table_bytes(data[at + 9]))
            kept.append(data[begins:at])
        elif kind == b"\x21" and len(data) > at + 2:
            at = _end_of_blocks(data, at + 2)
            if _is_kept(data[begins + 1], data[begins + 3 : begins + 14]):
                kept.append(data[begins:at])
        else:
            raise ValueError("no end of the image")


def _is_kept(label: int, name: bytes) -> bool:
    return label == _CONTROL or (label == _APPLICATION and name in _LOOPS)


def _table_bytes(flags: int) -> int:
    """Return the size of the table of colours that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, at: int) -> int:
    while True:
        if at >= len(data):
            raise ValueError("a block that ends beyond the file")
        size = data[at]
        at += 1 + size
        if not size:
            return at
