"""The types of the values that entities are made of. The bounds are checked where another instance
sends them."""

from typing import Annotated

from msgspec import Meta

MAX_NUMBER = 2**53
"""Above every version, seq and beacon number that a commit or a second apart can reach."""

Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
UserId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.@:-]{1,128}\Z")]
ShortText = Annotated[str, Meta(max_length=512)]
"""An id, a digest."""
Text = Annotated[str, Meta(max_length=256 * 1024)]
