"""A search query: all of its words, its "phrases", and words that begin with its last word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from messaging.domain.exceptions import InvalidRequest
from messaging.search.words import Place, places_of, words_of

MIN_CHARACTERS, MAX_CHARACTERS = 2, 200
MAX_TERMS = 20
"""The most terms that are searched. Each costs the database a list."""
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other. One word is the usual case."""

    words: tuple[str, ...]
    is_prefix: bool = False
    """Whether the last word may be the beginning of a longer one."""


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all be in a message."""

    terms: tuple[Term, ...]

    def matches(self, text: str) -> bool:
        return all(_spans(term, words_of(text)) for term in self.terms)

    def highlights(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the places in a text that match, in order and without overlaps."""
        places = list(places_of(text))
        words = [place.word for place in places]
        found = {
            index
            for term in self.terms
            for first in _spans(term, words)
            for index in range(first, first + len(term.words))
        }
        return _joined([places[index] for index in sorted(found)])


def parse(text: str) -> Query:
    """Return the query of a text. Raises InvalidRequest if it has no word."""
    parts = [(phrase, word) for phrase, word in _PART.findall(text.replace("\0", " "))]
    terms: list[Term] = []
    for phrase, word in parts:
        # A word such as `foo-bar` is two words that follow each other.
        if words := words_of(phrase or word):
            terms.append(Term(tuple(words)))
    if not terms:
        raise InvalidRequest.of("q", "Search for at least one letter or digit.", "blank")
    if len(terms) > MAX_TERMS or sum(len(term.words) for term in terms) > 2 * MAX_TERMS:
        raise InvalidRequest.of("q", f"Search for at most {MAX_TERMS} words.", "max_length")
    is_open = not text.rstrip().endswith('"') and bool(words_of(parts[-1][1]))
    if is_open:
        terms[-1] = Term(terms[-1].words, is_prefix=True)
    return Query(tuple(dict.fromkeys(terms)))


def _spans(term: Term, words: Sequence[str]) -> list[int]:
    """Return where the term begins in these words."""
    size, first = len(term.words), term.words[0]
    found = []
    for start in range(len(words) - size + 1):
        if size > 1 and words[start] != first:
            continue
        last = words[start + size - 1]
        wanted = term.words[-1]
        if last != wanted and not (term.is_prefix and last.startswith(wanted)):
            continue
        if tuple(words[start : start + size - 1]) == term.words[:-1]:
            found.append(start)
    return found


def _joined(places: Sequence[Place]) -> Sequence[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for place in places:
        if spans and place.start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(place.end, spans[-1][1]))
        else:
            spans.append((place.start, place.end))
    return spans
