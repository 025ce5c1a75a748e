"""What counts as a word."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.search.words import MAX_WORD, places_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't foo-bar_baz", ["don", "t", "foo", "bar", "baz"]),
        ("Straße CAFÉ e\u0301te\u0301", ["strasse", "cafe", "ete"]),
        ("Ελλάς ПРИВЕТ", ["ελλασ", "привет"]),
        ("東京タワー2go", ["東", "京", "タ", "ワ", "ー", "2go"]),
        ("ﬁne ½", ["fine", "1", "2"]),
        ("👍 🏽 ...", []),
        ("", []),
        ("x" * 100, ["x" * MAX_WORD]),
    ],
)
def test_words_have_neither_case_nor_accents(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_each_word_has_its_place(text: str) -> None:
    places = list(places_of(text))
    assert [place.word for place in places] == words_of(text)
    for before, after in pairwise(places):
        assert before.start <= after.start
        assert before.start < before.end <= len(text)
    for place in places:
        assert place.word in "".join(words_of(text[place.start : place.end])) or place.start


def test_a_place_includes_the_accents() -> None:
    text = "un e\u0301te\u0301 la"
    (_, place, _) = places_of(text)
    assert text[place.start : place.end] == "e\u0301te\u0301"
