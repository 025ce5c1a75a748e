"""Ids: their form, what is required of it, and derived ids.

A derived id makes a thing unique by construction: two equivalent requests name the same document,
and the store's `create` succeeds for only one of them.
"""

import hashlib
import re
import secrets
from itertools import product

from messaging.domain.exceptions import ConversationNotFound, InvalidRequest, MessageNotFound

_USER_ID = re.compile(r"[A-Za-z0-9_.@:-]{1,128}", re.ASCII)
_RESERVED_USER_ID = re.compile(r"\.\.?|__.*__|me")
SERVICE_PREFIX = "service:"
RESERVED_PREFIXES = (SERVICE_PREFIX, "erased:")
"""The prefixes of ids that this product assigns itself. No person has such an id."""
_STORED_ID = re.compile(r"[a-z2-7]{26}", re.ASCII)
_ID_BYTES = 16
_PAIRS = tuple(map("".join, product("abcdefghijklmnopqrstuvwxyz234567", repeat=2)))
"""The two characters of base32 (RFC 4648) for each number of ten bits."""
_SHIFTS = range(120, -1, -10)


USER_ID_RULE = "1 to 128 characters of A-Z a-z 0-9 _ . @ : -"


def is_user_id(value: str) -> bool:
    """Return whether a person may have this id: it is well-formed and not reserved."""
    return is_stored_user_id(value) and not value.startswith(RESERVED_PREFIXES)


def is_stored_user_id(value: str) -> bool:
    """Return whether the store may hold this user id, reserved ones included.

    Firestore reserves `.`, `..` and `__…__`
    (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields)."""
    return _USER_ID.fullmatch(value) is not None and not _RESERVED_USER_ID.fullmatch(value)


def is_service(user_id: str) -> bool:
    """Return whether this is the id of a service, not of a person."""
    return user_id.startswith(SERVICE_PREFIX)


def is_stored_id(value: str) -> bool:
    """Return whether this has the form of a conversation or message id. Otherwise it was never
    stored."""
    return _STORED_ID.fullmatch(value) is not None


def require_conversation_id(conversation_id: str) -> None:
    """Require a well-formed conversation id before it reaches a store. Raises
    ConversationNotFound."""
    if not is_stored_id(conversation_id):
        raise ConversationNotFound


def require_message_id(message_id: str) -> None:
    """Require a well-formed message id before it reaches a store. Raises MessageNotFound."""
    if not is_stored_id(message_id):
        raise MessageNotFound


def require_user_id(field: str, user_id: str) -> None:
    """Require an id that a person may have. Raises InvalidRequest, which names the field."""
    if is_user_id(user_id):
        return
    if user_id.startswith(RESERVED_PREFIXES):
        detail = (
            f"User ids that begin with {' or '.join(RESERVED_PREFIXES)} are reserved. Use another."
        )
        raise InvalidRequest.of(field, detail, "reserved")
    raise InvalidRequest.of(field, f"The user id is not valid. It must be {USER_ID_RULE}.")


def random_id() -> str:
    return _encode(secrets.token_bytes(_ID_BYTES))


def derived_id(*parts: str) -> str:
    """Return 26 characters that are always the same for the same parts."""
    return _encode(digest(*parts))


def content_hash(*parts: str) -> str:
    """Return the digest of a request's content, in hexadecimal."""
    return digest(*parts).hex()


def digest(*parts: str) -> bytes:
    """Return a digest of 16 bytes. Each part is prefixed with its length, so that different lists
    of parts never collide."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode()
        state.update(len(data).to_bytes(4))
        state.update(data)
    return state.digest()[:16]


def direct_conversation_id(one: str, other: str) -> str:
    return derived_id("direct", *sorted((one, other)))


def _encode(data: bytes) -> str:
    """Return 16 bytes in base32. Each send encodes several ids, and the standard library's function
    takes ten times as long."""
    bits = int.from_bytes(data) << 2
    return "".join([_PAIRS[bits >> shift & 0x3FF] for shift in _SHIFTS])
