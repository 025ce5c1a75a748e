"""Reads rows of which some may be damaged (`messaging.stores.damage`): the others are found, and
log lines name the damaged ones.

One query reads all of them. Only if it fails, more queries find the damaged rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import DatabaseError
from django.db.models import QuerySet

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.models import ConversationRecord
from messaging.stores.damage import UNREADABLE, log_unreadable
from messaging.stores.shared.recent_changes import Place
from messaging.stores.sql.damage.damage_errors import damage_or

T = TypeVar("T")
Listed = TypeVar("Listed", Conversation, ListedConversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage(Generic[Listed]):
    found: Sequence[Listed]
    """Without the rows that cannot be read."""
    unreadable: Sequence[str]
    """Their ids."""
    last: Place | None
    """The place of the last row of a full page, among the rows whose time can be read. The
    conversation of this row may be unreadable. None if the page is not full, or has no such row."""


def read_page(
    listed: QuerySet[ConversationRecord],
    read: Callable[[QuerySet[ConversationRecord]], Sequence[Listed]],
    *,
    by: str,
    limit: int,
) -> ReadPage[Listed]:
    """Return what `read` returns for the rows of an ordered query, which finds at most `limit`.
    `by`: the column of the time in the place of a row."""

    def read_some(ids: Sequence[str]) -> Sequence[Listed]:
        return read(listed.filter(id__in=ids))

    def read_places(ids: Sequence[str]) -> Sequence[Place]:
        found = listed.filter(id__in=ids).values_list(by, "id")
        return [(at, id_) for at, id_ in found if at is not None]

    errors: Mapping[str, Exception] = {}
    places: Sequence[Place]
    try:
        found = read(listed)
        ids = [one.id for one in found]
        places = [(getattr(one, by), one.id) for one in found]
    except (*UNREADABLE, DatabaseError) as error:
        require_damage(error)
        ids = list(listed.values_list("id", flat=True))
        found, errors = read_in_halves(read_some, ids)
        places, _ = read_in_halves(read_places, ids)
        log_unreadable(errors)
    last = places[-1] if places and len(ids) == limit else None
    return ReadPage(found=found, unreadable=list(errors), last=last)


def read_in_halves(
    read: Callable[[Sequence[str]], Sequence[T]], ids: Sequence[str]
) -> tuple[list[T], dict[str, Exception]]:
    """Return what `read` returns for these ids, and the error of each id that it cannot read. Each
    of these costs about `2 * log2(len(ids))` more reads."""
    try:
        return list(read(ids)), {}
    except (*UNREADABLE, DatabaseError) as error:
        damage = require_damage(error)
    if len(ids) < 2:
        return [], dict.fromkeys(ids, damage)
    middle = len(ids) // 2
    found, errors = read_in_halves(read, ids[:middle])
    others, more = read_in_halves(read, ids[middle:])
    return [*found, *others], {**errors, **more}


def require_damage(error: Exception) -> Exception:
    """Return the error, without texts if it is one of the driver. Raise it again, unless it says
    that a row is damaged."""
    damage = damage_or(error)
    if isinstance(damage, UNREADABLE):
        return damage
    raise error
