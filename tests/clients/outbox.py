"""What a person has said and the server has not acknowledged."""

import uuid
from dataclasses import dataclass, field


@dataclass(slots=True)
class Waiting:
    """A message on its way; `client_id` makes it safe to send again."""

    conversation_id: str
    text: str
    client_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(slots=True)
class Failed:
    """One that the server refused for good."""

    conversation_id: str
    text: str
    detail: str


class Outbox:
    """Sends in order: the next message goes out when the one before it was answered."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self.failed: list[Failed] = []

    def add(self, conversation_id: str, text: str) -> None:
        self.waiting.append(Waiting(conversation_id, text))

    def acknowledged(self, item: Waiting) -> None:
        if item in self.waiting:
            self.waiting.remove(item)

    def refused(self, item: Waiting, detail: str) -> None:
        self.acknowledged(item)
        self.failed.append(Failed(item.conversation_id, item.text, detail))
