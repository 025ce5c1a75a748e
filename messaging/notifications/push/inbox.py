"""The inbox of the demo page: what the phones of a few people would show, in the memory of this
process."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cachetools import LRUCache

from messaging.notifications.push.protocol import Push

_MAX_PEOPLE = 100
_MAX_NOTIFICATIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification on a phone."""

    tag: str
    title: str
    body: str = field(repr=False)
    sender_id: str
    message_id: str
    seq: int
    at: datetime


class Inbox:
    """The notifications on everyone's phones. All phones of a person show the same."""

    def __init__(self) -> None:
        self._people: LRUCache[str, OrderedDict[str, Notification]] = LRUCache(_MAX_PEOPLE)

    def take(self, push: Push) -> None:
        """Apply a push as a phone does: show it in place of one with the same tag, or remove that
        one."""
        shown = self._people.setdefault(push.user_id, OrderedDict())
        earlier = shown.get(push.tag)
        if push.data["type"] == "clear":
            if earlier is not None and earlier.seq <= int(push.data["read_seq"]):
                del shown[push.tag]
            return
        shown[push.tag] = Notification(
            tag=push.tag,
            title=push.title or "",
            body=push.body,
            sender_id=push.data["sender_id"],
            message_id=push.data["message_id"],
            seq=int(push.data["seq"]),
            at=datetime.now(UTC),
        )
        shown.move_to_end(push.tag)
        if len(shown) > _MAX_NOTIFICATIONS:
            shown.popitem(last=False)

    def shown(self, user_id: str) -> Sequence[Notification]:
        """Return the notifications of a person, the latest first."""
        return list(reversed(self._people.get(user_id, OrderedDict()).values()))
