"""The types of the values in entities. Values from other instances are checked against the
bounds."""

from typing import Annotated

from msgspec import Meta

MAX_NUMBER = 2**53
"""The maximum: above every version, seq and beacon number that can be reached at one per second."""

Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
UserId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.@:-]{1,128}\Z")]
RequestId = Annotated[str, Meta(max_length=64)]
TraceParent = Annotated[str, Meta(pattern=r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")]
"""A span, as W3C Trace Context names it (https://www.w3.org/TR/trace-context/)."""
ShortText = Annotated[str, Meta(max_length=512)]
"""An id, a digest."""
Text = Annotated[str, Meta(max_length=256 * 1024)]
JsonText = Annotated[str, Meta(max_length=16 * 1024)]
"""A JSON object as text."""
