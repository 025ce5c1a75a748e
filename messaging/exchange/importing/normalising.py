"""Makes the items of an export uniform: times in UTC, and texts without the characters that no text
may have."""

from datetime import UTC, datetime, timedelta

import msgspec

from messaging.changes.profile_rules import name_of_token, picture_of_token
from messaging.changes.text_rules import (
    is_blank,
    normalise_newlines,
    readable,
    without_disguise,
)
from messaging.exchange.importing.foreign import (
    Conversation,
    Deletion,
    Edit,
    Item,
    Member,
    Message,
    Person,
    Unusable,
)

_MAX_TITLE, _MAX_FILENAME = 200, 255
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""How far a clock of the other product may be ahead."""


def normalised(item: Item) -> Item:
    """Return an item with its times and texts as records have them. Raises Unusable."""
    replace = msgspec.structs.replace
    match item:
        case Person():
            name, picture = name_of_token(item.name), picture_of_token(item.picture)
            return replace(item, name=name, picture=picture, at=_time_of_name(item.at))
        case Conversation():
            return replace(item, title=_title(item.title), created_at=_utc(item.created_at))
        case Member():
            return replace(item, visible_since=_utc(item.visible_since))
        case Message():
            return replace(
                item,
                text=_text(item.text),
                at=_utc(item.at),
                edited_at=_utc(item.edited_at),
                deleted_at=_utc(item.deleted_at),
                files=tuple(replace(one, name=_filename(one.name)) for one in item.files),
            )
        case Edit():
            return replace(item, text=_text(item.text), at=_utc(item.at))
        case Deletion():
            return replace(item, at=_utc(item.at))
    return item


def _text(text: str) -> str:
    return readable(normalise_newlines(text))


def _filename(name: str) -> str:
    return readable(name)[:_MAX_FILENAME] or "file"


def _title(title: str | None) -> str | None:
    line = " ".join(without_disguise(title or "").split())[:_MAX_TITLE]
    return None if is_blank(line) else line


def _time_of_name(moment: datetime | None) -> datetime | None:
    """Return the time of a name. It orders names and is not imported: a wrong one is no problem."""
    try:
        return _utc(moment)
    except Unusable:
        return None


def _utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC, in whole milliseconds. A time without a zone is in UTC. Raises
    Unusable."""
    if moment is None:
        return None
    try:
        found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise Unusable(f"No calendar has the time {moment.isoformat()} in UTC.") from None
    if found < _EARLIEST:
        raise Unusable(f"The time {moment.isoformat()} is before 1970.")
    if found > datetime.now(UTC) + _AHEAD:
        raise Unusable(f"The time {moment.isoformat()} is in the future.")
    return found.replace(microsecond=found.microsecond // 1000 * 1000)
