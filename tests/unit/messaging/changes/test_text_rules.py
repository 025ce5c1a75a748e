"""What may be written: visible texts, titles that are what they seem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.changes.text_rules import (
    is_blank,
    normalise_newlines,
    require_reason,
    require_text,
    require_title,
)
from messaging.domain.exceptions import InvalidRequest

BLANK = [
    *("", " ", "\n", "\t \n", "\u00a0", "\u1680", "\u2003", "\u2028", "\u3000"),  # spaces
    *("\u200b", "\u2060", "\ufeff", "\u00ad", "\u200c", "\u200d", "\u061c"),  # of no width
    *("\u202e", "\u2066\u2069", "\u206a", "\ufff9\ufffb"),  # format characters
    *("\u0301", "\u0300" * 200, "\u20e3", "\u0903"),  # marks without a base
    *("\u115f", "\u1160", "\u3164", "\uffa0"),  # fillers of Hangul
    *("\ufe0f", "\U000e0100", "\u180b", "\u034f"),  # selectors, joiners
    *("\U000e0001", "\U000e0041\U000e007f"),  # tags
    *("\u2800", "\U0001d159", "\U00013441", "\U00013442"),  # empty glyphs
    *("\ufffe", "\ufff0", "\u2065"),  # no characters
    " \u200b\u0301\u3164\u2800 ",
]
VISIBLE = [
    *("x", ".", "0", "é", "e\u0301", "\u4f60", "\u0e01", "\u0915\u094d\u200d", "\u0600"),
    *(
        "👋",
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e007f",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
    ),
    *("\u200bx", "x\u202e", "\ue000", "\U0001faf9", "\u0378", "�", "<b>"),
]


def code(require: object, value: str) -> str | None:
    """The code of the refusal, or None."""
    try:
        require(value)  # type: ignore[operator]
    except InvalidRequest as refused:
        (error,) = refused.errors
        return error.code
    return None


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_what_shows_nothing_is_blank(text: str) -> None:
    """Whatever it consists of, as a text, a title or a reason."""
    assert is_blank(text)
    for require in (require_text, require_title, require_reason):
        assert code(require, text) == "blank"


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_what_shows_something(text: str) -> None:
    """Emoji, letters of any script, private and new characters."""
    assert not is_blank(text)
    for require in (require_text, require_reason):
        assert code(require, text) is None


@given(st.text(st.sampled_from([text for text in BLANK if len(text) == 1]), max_size=20))
def test_blanks_together_are_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}x{text}")


@pytest.mark.parametrize(
    "character", "\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u206a\ufff9", ids=ascii
)
def test_a_title_cannot_disguise_itself(character: str) -> None:
    """By writing directions, in which a text may be written."""
    assert code(require_title, f"Tea{character}x") == "invalid_characters"
    assert code(require_text, f"Tea{character}x") is None


@pytest.mark.parametrize("title", ["Tea\U000e0041", "👋\U000e0067\U000e007f", "\U000e0041Tea"])
def test_hidden_tags_in_a_title(title: str) -> None:
    assert code(require_title, title) == "invalid_characters"


@pytest.mark.parametrize(
    "title",
    [
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Scotland",
        "👩\u200d💻",
        "می\u200cخواهم",
        "❤\ufe0f",
    ],
    ids=ascii,
)
def test_titles_that_need_joiners(title: str) -> None:
    """Emoji and scripts that cannot be written otherwise."""
    assert code(require_title, title) is None


@pytest.mark.parametrize("separator", "\n\t\u2028\u2029", ids=ascii)
def test_a_title_is_one_line(separator: str) -> None:
    assert code(require_title, f"two{separator}lines") == "invalid"


@pytest.mark.parametrize("character", "\x00\x07\x0b\x0c\r\x1b\x7f\x85\x9f\ud800", ids=ascii)
def test_control_characters(character: str) -> None:
    for require in (require_text, require_title, require_reason):
        assert code(require, character) == code(require, f"a{character}") == "invalid_characters"


@given(st.text(st.sampled_from("a\r\n")))
def test_newlines(text: str) -> None:
    """CRLF and CR are each one LF, once and for all."""
    normalised = normalise_newlines(text)

    assert normalised.split("\n") == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert "\r" not in normalised
    assert normalise_newlines(normalised) == normalised
