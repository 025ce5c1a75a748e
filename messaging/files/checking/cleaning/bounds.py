"""How many parts an image may have: each part takes time, however small it is."""

MAX_PARTS = 100_000
"""The segments, chunks or blocks of one image. A photo has some thousand at most."""


def require_few(parts: int) -> None:
    """Raises ValueError."""
    if parts > MAX_PARTS:
        raise ValueError("too many parts")
