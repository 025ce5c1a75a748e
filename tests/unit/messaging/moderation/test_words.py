"""Which texts contain a word of a list."""

import pytest

from messaging.domain.integrations.moderation import WordAction, WordList
from messaging.moderation.words import WordFinder

FOUND = [
    ("spam", "spam"),
    ("spam", "Buy SPAM now"),
    ("spam", "spam!"),
    ("spam", "„spam“"),
    ("spam", "ｓｐａｍ"),
    ("spam", "sp\u200bam"),
    ("spam", "sp\u00adam"),
    ("spam", "s\u0301pa\u0308m"),
    ("café", "CAFE"),
    ("straße", "STRASSE"),
    ("free money", "free   money"),
    ("free money", "Free\nMoney!"),
    ("spam*", "spammers"),
    ("*spam", "antispam"),
    ("*spam*", "antispammer"),
    ("*賭博*", "網上賭博網站"),
    ("c++", "I like c++."),
]
NOT_FOUND = [
    ("spam", "spammer"),
    ("spam", "antispam"),
    ("spam*", "antispam"),
    ("free money", "free the money"),
    ("ass", "class assistant"),
    ("spam", ""),
]


def words_in(text: str, *words: str) -> list[str]:
    finder = WordFinder([WordList(name="list", action=WordAction.BLOCK, words=words)])
    return [word for _, word in finder.find(text)]


@pytest.mark.parametrize(("word", "text"), FOUND)
def test_a_word(word: str, text: str) -> None:
    """Case, accents, compatibility forms and invisible characters do not count."""
    assert words_in(text, word) == [word]


@pytest.mark.parametrize(("word", "text"), NOT_FOUND)
def test_a_part_of_a_word(word: str, text: str) -> None:
    """A word matches as a whole, unless its list has `*` at that end."""
    assert words_in(text, word) == []


def test_words_within_words() -> None:
    """Each word is found once, also where words overlap."""
    found = words_in("bad word, bad word", "bad", "bad word", "word")
    assert sorted(found) == ["bad", "bad word", "word"]


def test_a_word_without_letters_matches_nothing() -> None:
    assert words_in("anything", "\u200b", "*") == []
