"""The keys of an attachment's files. They begin with its id, so that all can be found by it."""

import re
import secrets

from messaging.domain.identifiers import is_stored_id

_KEY = re.compile(r"([a-z2-7]{26})/(staging|[0-9a-f]{32}(\.thumbnail)?)", re.ASCII)


def staging_key(attachment_id: str) -> str:
    """Return the key to which the client uploads."""
    return f"{attachment_id}/staging"


def new_part() -> str:
    """Return a new name for checked files. Each check has its own, so that no check replaces the
    files of another one."""
    return secrets.token_hex(16)


def stored_key(attachment_id: str, part: str) -> str:
    """Return the key of the checked file."""
    return f"{attachment_id}/{part}"


def thumbnail_key(attachment_id: str, part: str) -> str:
    return f"{attachment_id}/{part}.thumbnail"


def prefix_of(attachment_id: str) -> str:
    """Return the beginning of all keys of an attachment. Raises ValueError for another id."""
    if not is_stored_id(attachment_id):
        raise ValueError("This is not the id of an attachment.")
    return f"{attachment_id}/"


def is_key(key: str) -> bool:
    """Return whether this has the form of a key. A key never leaves its folder."""
    return _KEY.fullmatch(key) is not None
