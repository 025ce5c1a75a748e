"""Decides whether the content of a file is what its type says, by its first bytes."""

import puremagic

from messaging.files.checking.findings import type_mismatch
from messaging.files.content_types import MARKUP, SNIFFED_AS, TEXTS, ZIP_MEMBERS

_HEAD = 4_096
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NOT_TEXT = bytes({*range(32)} - set(b"\t\n\v\f\r\x1b"))
_ZIP = b"PK\x03\x04"


def require_type(data: bytes, content_type: str) -> None:
    """Require content of this type. Raises Refused."""
    if not _is(data, content_type):
        raise type_mismatch(content_type)


def _is(data: bytes, content_type: str) -> bool:
    if content_type in TEXTS:
        return _is_text(data)
    if content_type in MARKUP:
        return _is_text(data) and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    if content_type == "application/zip":
        return data.startswith(_ZIP)
    if content_type in ZIP_MEMBERS:
        return data.startswith(_ZIP) and ZIP_MEMBERS[content_type] in data
    return bool(_taken_for(data) & SNIFFED_AS.get(content_type, {content_type}))


def _taken_for(data: bytes) -> set[str]:
    """Return the types that the beginning may have. The end is not asked: a client may append
    anything."""
    try:
        found = puremagic.magic_string(data[:_HEAD])
    except (puremagic.PureError, ValueError):
        return set()
    return {one.mime_type for one in found if one.mime_type}


def _is_text(data: bytes) -> bool:
    if data.startswith(_UTF_16):
        return True
    return len(data.translate(None, _NOT_TEXT)) == len(data)
