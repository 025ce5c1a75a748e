"""What instances send each other: the changes of one commit together, and soft events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One durable change, ready for the sockets."""

    version: int
    seq: int
    """The number of the conversation's latest message at that version; 0 where it did not move."""
    frame: str
    added: Mapping[str, int] = field(default_factory=dict)
    """Who is added by it: the version they join at, by user id."""
    removed: Sequence[str] = ()
    announcement: str | None = None
    """The frame that tells those who are added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The changes of one commit: consecutive versions of one conversation."""

    conversation_id: str
    deliveries: Sequence[Delivery]
    state: Mapping[str, Any] | None = None
    """What the commit made of the conversation, see `messaging.delivery.state`."""
    committed_at: float | None = None
    """Seconds since the epoch, by the clock of the instance that committed."""

    def as_message(self) -> dict[str, Any]:
        return {
            "type": "changes",
            "state": self.state,
            "committed_at": self.committed_at,
            "conversation_id": self.conversation_id,
            "changes": [
                [d.version, d.seq, d.frame, dict(d.added), list(d.removed), d.announcement]
                for d in self.deliveries
            ],
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        return cls(
            conversation_id=message["conversation_id"],
            state=message["state"],
            committed_at=message["committed_at"],
            deliveries=[
                Delivery(
                    version=version,
                    seq=seq,
                    frame=frame,
                    added=added,
                    removed=removed,
                    announcement=announcement,
                )
                for version, seq, frame, added, removed, announcement in message["changes"]
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftEvent:
    """An event that nobody replays: for the participants of a conversation, about one of them."""

    conversation_id: str
    user_id: str
    key: str
    """What it is about: only the latest of a key has to wait for a slow client."""
    frame: str | None
    """For the others; None where they get nothing."""
    own_frame: str | None = None
    """For the other sockets of the person it is about."""

    def as_message(self) -> dict[str, Any]:
        return {
            "type": "soft",
            "conversation_id": self.conversation_id,
            "user_id": self.user_id,
            "key": self.key,
            "frame": self.frame,
            "own_frame": self.own_frame,
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        return cls(
            conversation_id=message["conversation_id"],
            user_id=message["user_id"],
            key=message["key"],
            frame=message["frame"],
            own_frame=message["own_frame"],
        )
