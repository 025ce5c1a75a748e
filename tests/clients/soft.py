"""What a person sees beside the messages: who has read what, who types, who is there."""

import time
from collections import defaultdict
from datetime import datetime

from tests.clients.rest import Data


class Soft:
    """The latest of the events that are never sent again."""

    def __init__(self) -> None:
        self.read: dict[str, dict[str, int]] = defaultdict(dict)
        """By conversation and person, the highest `read_seq` heard of."""
        self.presence: dict[str, str] = {}
        self._typing: dict[tuple[str, str], float] = {}

    def take(self, event: Data) -> None:
        """Any event; others than soft ones are ignored, but for what a message says of typing."""
        kind, data, conversation_id = event["type"], event["data"], event.get("conversation_id", "")
        if kind == "receipt.updated":
            self.has_read(conversation_id, data["user_id"], data["read_seq"])
        elif kind == "typing.started":
            # Both times are the server's: this machine's clock may be off.
            seconds = _moment(data["expires_at"]) - _moment(event["at"])
            self._typing[conversation_id, data["user_id"]] = time.monotonic() + seconds
        elif kind == "typing.stopped":
            self._typing.pop((conversation_id, data["user_id"]), None)
        elif kind == "message.created":
            self._typing.pop((conversation_id, data["message"]["sender_id"]), None)
        elif kind == "presence.changed":
            self.presence[data["user_id"]] = data["status"]

    def has_read(self, conversation_id: str, user_id: str, read_seq: int) -> None:
        known = self.read[conversation_id]
        known[user_id] = max(known.get(user_id, 0), read_seq)

    def typing(self, conversation_id: str) -> list[str]:
        now = time.monotonic()
        return [
            person
            for (where, person), until in self._typing.items()
            if where == conversation_id and until > now
        ]

    def forget(self) -> None:
        """The store was restored, or the person is out of everything."""
        self.read.clear()
        self._typing.clear()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
