"""Texts with each letter apart from its accents, for comparisons without accents."""

import unicodedata

_AT_ONCE = 256
"""The code points that are decomposed at once."""


def decomposed(text: str) -> str:
    """Return the compatibility decomposition (NFKD) of a text, portion by portion.

    Python sorts the accents of one letter in quadratic time, and a text may consist of accents. At
    the border of two portions, they may be in another order: use this where they do not count.
    """
    if len(text) <= _AT_ONCE:
        return unicodedata.normalize("NFKD", text)
    portions = range(0, len(text), _AT_ONCE)
    return "".join(
        [unicodedata.normalize("NFKD", text[first : first + _AT_ONCE]) for first in portions]
    )
