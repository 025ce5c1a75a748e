"""Frames that many sockets get, and that the server encodes once for all of them."""

from collections.abc import Iterable, Iterator, Sequence

MAX_TOGETHER = 64
"""The frames that are written together."""
MAX_CHARACTERS_TOGETHER = 128 * 1024
"""Their characters, unless one frame alone has more."""


class SharedFrames:
    """Text frames in the order of writing, for any number of sockets."""

    __slots__ = ("characters", "encoded", "key", "texts")

    def __init__(self, *texts: str, key: str | None = None) -> None:
        """Create the frames. With a `key`, there is one frame, which may be dropped: for a slow
        client, only the latest frame of a key waits."""
        self.texts: Sequence[str] = texts
        self.characters = sum(map(len, texts))
        self.key = key
        self.encoded: bytes | None = None
        """All of it as the server writes it; the first socket that needs it sets it."""


def shared(frames: Iterable[str]) -> Iterator[SharedFrames]:
    """Yield all the frames in order, as few at a time as `MAX_TOGETHER` and
    `MAX_CHARACTERS_TOGETHER` allow."""
    together: list[str] = []
    characters = 0
    for frame in frames:
        full = len(together) == MAX_TOGETHER or characters + len(frame) > MAX_CHARACTERS_TOGETHER
        if together and full:
            yield SharedFrames(*together)
            together, characters = [], 0
        together.append(frame)
        characters += len(frame)
    if together:
        yield SharedFrames(*together)
