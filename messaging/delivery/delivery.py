"""One durable change, encoded once and ready for the sockets of every instance."""

from msgspec import Struct

from messaging.delivery.field_types import Frame, People, PeopleNumbers
from messaging.domain.fields.types import Number


class Replacement(Struct, frozen=True, kw_only=True):
    """A frame that some people get in place of that of the delivery with this version
    (`messaging.delivery.late_joiners`)."""

    version: Number
    frame: Frame
    user_ids: People


class Delivery(Struct, frozen=True, array_like=True, kw_only=True):
    version: Number
    seq: Number
    """The number of the conversation's latest message at that version; 0 if it did not change."""
    frame: Frame
    added: PeopleNumbers = {}
    """The added people: the version they join at, by user id."""
    removed: People = []
    announcement: Frame | None = None
    """The frame for the added people."""
