"""Decomposed texts, and how long a text that consists of accents takes."""

import time
import unicodedata
from collections.abc import Callable

import pytest

from messaging.domain.fields.decomposed import decomposed
from messaging.moderation.words import normalise
from messaging.search.words import words_of

ACCENTS = "\u0301\u0316"
"""Each pair is in the wrong order."""


@pytest.mark.parametrize(
    "text", ["", "Café", "ﷺ" * 300, "한글" * 300, "é" * 1000, "e" + ACCENTS * 100]
)
def test_a_text_is_decomposed(text: str) -> None:
    assert decomposed(text) == unicodedata.normalize("NFKD", text)


def test_no_accent_is_lost() -> None:
    assert sorted(decomposed("e" + ACCENTS * 1000)) == sorted("e" + ACCENTS * 1000)


@pytest.mark.parametrize("read", [words_of, normalise])
def test_a_text_of_accents_takes_linear_time(read: Callable[[str], object]) -> None:
    """Four times as many take four times as long, not sixteen times."""

    def seconds(pairs: int) -> float:
        durations = []
        for _ in range(3):
            begun = time.process_time()
            read("e" + ACCENTS * pairs)
            durations.append(time.process_time() - begun)
        return min(durations)

    assert seconds(20_000) < 8 * seconds(5_000)
