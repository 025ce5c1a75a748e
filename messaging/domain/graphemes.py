"""Visible text: whether a text shows anything, and where it may be cut."""

from collections.abc import Iterator

import regex

_VISIBLE = regex.compile(
    r"[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{M}\p{Cc}\p{Cs}\p{NChar}"
    # Of the format characters, only the prepended concatenation marks (Arabic number sign) have a
    # glyph.
    r"[\p{Cf}--\p{Prepended_Concatenation_Mark}]"
    # Symbols whose glyphs are empty: the blank Braille pattern, the null notehead and the blanks
    # of Egyptian hieroglyphs.
    r"\u2800\U0001D159\U00013441\U00013442]",
    regex.VERSION1,
)
"""A code point that is visible by itself. Combining marks need a base. The fillers of Hangul, tags
and variation selectors are default ignorable
(https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point)."""
_GRAPHEME = regex.compile(r"\X")
ELLIPSIS = "…"


def is_blank(text: str) -> bool:
    """Return whether the text has no visible grapheme."""
    return _VISIBLE.search(text) is None


def graphemes(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of a text (https://www.unicode.org/reports/tr29/)."""
    for found in _GRAPHEME.finditer(text):
        yield found.group()


def shortened(text: str, most: int) -> str:
    """Return the text. If it has more than `most` code points, cut it between graphemes and append
    an ellipsis."""
    if len(text) <= most:
        return text
    return "".join(beginning(text, most - len(ELLIPSIS))) + ELLIPSIS


def beginning(text: str, most: int) -> list[str]:
    """Return the first graphemes of a text, of at most `most` code points together."""
    kept: list[str] = []
    length = 0
    for grapheme in graphemes(text):
        length += len(grapheme)
        if length > most:
            break
        kept.append(grapheme)
    return kept
