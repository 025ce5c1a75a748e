"""The earlier texts of an edited message, for operators. Ordinary reads leave them out.

Stores keep them as a short JSON text beside the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from messaging.domain.message import Message

MAX_TEXTS = 20
MAX_BYTES = 64 * 1024
"""Of all texts together. Older ones are dropped first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierText:
    text: str
    written_at: datetime | None
    """None if it was replaced in the commit that wrote it."""


@dataclass(frozen=True, slots=True)
class EarlierTexts:
    encoded: str = ""

    def __bool__(self) -> bool:
        return bool(self.encoded)

    def adding(self, text: str, written_at: datetime | None) -> "EarlierTexts":
        """Return them with the text that an edit replaces, and without the oldest ones that exceed
        the limits."""
        at = None if written_at is None else written_at.isoformat()
        kept: list[list[Any]] = []
        size = 0
        for one in reversed([*self._pairs(), [text, at]]):
            size += len(one[0].encode())
            if len(kept) == MAX_TEXTS or size > MAX_BYTES:
                break
            kept.append(one)
        return EarlierTexts(orjson.dumps(kept[::-1]).decode() if kept else "")

    @classmethod
    def of(cls, texts: Sequence[EarlierText]) -> "EarlierTexts":
        """Return these texts, the oldest first, without a limit."""
        pairs = [
            [one.text, None if one.written_at is None else one.written_at.isoformat()]
            for one in texts
        ]
        return cls(orjson.dumps(pairs).decode() if pairs else "")

    def texts(self) -> Sequence[EarlierText]:
        """Return them, the oldest first."""
        return [
            EarlierText(text=text, written_at=None if at is None else datetime.fromisoformat(at))
            for text, at in self._pairs()
        ]

    def _pairs(self) -> list[list[Any]]:
        pairs: list[list[Any]] = orjson.loads(self.encoded) if self.encoded else []
        return pairs


NO_EARLIER_TEXTS = EarlierTexts()
EditedMessages = Mapping[str, tuple[Message, EarlierTexts]]
"""Messages by id, each with its earlier texts."""
