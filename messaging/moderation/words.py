"""Finds the words of the operators' lists in a text. Case, accents and invisible characters do not
count.

The time does not depend on the number of words: an Aho-Corasick automaton reads the text once.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from ahocorasick_rs import AhoCorasick

from messaging.domain.fields.decomposed import decomposed
from messaging.domain.integrations.moderation import MAX_WORDS, WordList

_ANY = "*"


class WordFinder:
    def __init__(self, lists: Sequence[WordList]) -> None:
        words = [(one, word) for one in lists for word in one.words][:MAX_WORDS]
        patterns = [(one, word, normalise(word.strip(_ANY))) for one, word in words]
        self._patterns = [pattern for pattern in patterns if pattern[2]]
        self._automaton = AhoCorasick([text for _, _, text in self._patterns])

    def find(self, text: str) -> Iterator[tuple[WordList, str]]:
        """Yield the words that are in a text, each with its list."""
        plain = normalise(text)
        seen: set[int] = set()
        for number, start, end in self._automaton.find_matches_as_indexes(plain, overlapping=True):
            word_list, word, _ = self._patterns[number]
            if number not in seen and _is_whole(plain, start, end, word):
                seen.add(number)
                yield word_list, word


def normalise(text: str) -> str:
    """Return a text without the differences that do not count: case, accents, compatibility forms,
    invisible characters, and the length of blanks."""
    kept = (c for c in decomposed(text).casefold() if unicodedata.category(c) not in ("Mn", "Cf"))
    return " ".join("".join(kept).split())


def _is_whole(text: str, start: int, end: int, word: str) -> bool:
    """Return whether a match is a word of its own, at those ends where the list has no `*`."""
    begins = word.startswith(_ANY) or start == 0 or not text[start - 1].isalnum()
    ends = word.endswith(_ANY) or end == len(text) or not text[end].isalnum()
    return begins and ends
