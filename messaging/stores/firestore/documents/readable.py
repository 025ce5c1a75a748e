"""Decodes documents of which some may be damaged (`messaging.stores.damage`)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from messaging.stores.damage import UNREADABLE, log_unreadable
from messaging.stores.firestore.documents import id_of

T = TypeVar("T")


def decode_readable(
    documents: Iterable[Any],
    decode: Callable[[Any], T],
    *,
    name: Callable[[Any], str] = id_of,
) -> tuple[list[T], list[str]]:
    """Return what can be decoded, and the ids of the conversations of the rest. Log these ids.
    `name` returns the conversation's id of a document."""
    found: list[T] = []
    errors: dict[str, Exception] = {}
    for document in documents:
        try:
            found.append(decode(document))
        except UNREADABLE as error:
            errors[name(document)] = error
    log_unreadable(errors)
    return found, list(errors)
