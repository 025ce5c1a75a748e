"""The types of values in messages between instances, each with its bounds."""

from typing import Annotated

from msgspec import Meta

from messaging.domain.fields.types import Number, UserId

MAX_MICROS = 253_402_300_800_000_000
"""The year 10000, in microseconds since the epoch: later times are no `datetime`."""
MAX_PEOPLE = 10_000
"""The maximum in one list. A conversation has 1,000 people unless a setting changes that."""

Micros = Annotated[int, Meta(ge=0, le=MAX_MICROS)]
Token = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The token by which a store recognises a state: a revision, or nanoseconds since the epoch."""
ConversationId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,128}\Z")]
BootId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Key = Annotated[str, Meta(min_length=1, max_length=512)]
Frame = Annotated[str, Meta(min_length=2, max_length=4 * 1024 * 1024)]
People = Annotated[list[UserId], Meta(max_length=MAX_PEOPLE)]
PeopleNumbers = Annotated[dict[UserId, Number], Meta(max_length=MAX_PEOPLE)]
