"""The attachments and reactions of a message as plain data: lists, dicts, texts and numbers.

Stores keep them in this form, and clients see them so. Fields of a later release are skipped.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.domain.fields.codec import Attribute, Conversions, reader, writer
from messaging.domain.message import Attachment, ReactionSummary

Data = dict[str, Any]

_VALUES: dict[Any, None] = {str: None, int: None, bool: None}
_WRITTEN = Conversions(
    types={**_VALUES, tuple[str, ...]: list}, enumeration=lambda _: Attribute("value")
)
_READ = Conversions(types={**_VALUES, tuple[str, ...]: tuple}, enumeration=lambda kind: kind)
_attachment_data = writer(Attachment, _WRITTEN)
_attachment = reader(Attachment, _READ, absent=KeyError)
_summary_data = writer(ReactionSummary, _WRITTEN)
_summary = reader(ReactionSummary, _READ, absent=KeyError)


def attachments_data(attachments: Sequence[Attachment]) -> list[Data]:
    return [_attachment_data(one) for one in attachments]


def attachments_of(data: Sequence[Data] | None) -> tuple[Attachment, ...]:
    """Return the attachments; none if the data is null."""
    return tuple([_attachment(one) for one in data]) if data else ()


def reactions_data(reactions: Mapping[str, ReactionSummary]) -> Data:
    return {emoji: _summary_data(one) for emoji, one in reactions.items()}


def reactions_of(data: Mapping[str, Data] | None) -> dict[str, ReactionSummary]:
    """Return the reactions; none if the data is null."""
    return {emoji: _summary(one) for emoji, one in data.items()} if data else {}
