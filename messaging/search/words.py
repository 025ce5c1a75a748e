"""The words of a text, as they are indexed and searched: without case and accents.

Both databases get words from here, so both find the same. A Chinese or Japanese character is a word
of its own, because these texts have no spaces.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from messaging.domain.fields.decomposed import decomposed

MAX_WORD = 64
"""The longest word; the rest is cut off."""

_IDEOGRAPHS = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LAST_ASCII = 0x7F
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
"""The same for a folded text of ASCII, in half of the time."""


@dataclass(frozen=True, slots=True)
class Place:
    """A word, and where it is in the text that it was read from."""

    word: str
    start: int
    end: int


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order."""
    if text.isascii():
        folded = text.lower()
        words: list[str] = _ASCII_WORD.findall(folded)
    else:
        folded = _folded(text)
        words = _WORD.findall(folded)
    if len(folded) > MAX_WORD:
        return [word[:MAX_WORD] for word in words]
    return words


def places_of(text: str) -> Iterator[Place]:
    """Yield the same words, each with its place in the text."""
    if text.isascii():
        for match in _WORD.finditer(text.lower()):
            yield Place(match[0][:MAX_WORD], match.start(), match.end())
        return
    parts = [_folded(character) for character in text]
    origins = [index for index, part in enumerate(parts) for _ in part]
    for match in _WORD.finditer("".join(parts)):
        last = origins[match.end() - 1]
        while last + 1 < len(parts) and not parts[last + 1]:  # its accents
            last += 1
        yield Place(match[0][:MAX_WORD], origins[match.start()], last + 1)


def _folded(text: str) -> str:
    """Return a text without case and accents. The result for a text is that for its characters,
    one after the other."""
    folded = decomposed(decomposed(text).casefold())
    return "".join([one for one in folded if not _is_mark(one)])


def _is_mark(character: str) -> bool:
    return ord(character) > _LAST_ASCII and unicodedata.category(character) == "Mn"
