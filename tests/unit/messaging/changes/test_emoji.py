"""Which reactions there are, and that one emoji has one form."""

import pytest
from emoji import EMOJI_DATA, STATUS

from config.development.emoji_table import known_emoji
from messaging.changes.emoji import TABLE, require_emoji
from messaging.domain.exceptions import InvalidRequest


def test_the_table_is_that_of_the_library() -> None:
    """`make emoji` writes it anew after the library was raised."""
    assert TABLE.read_text(encoding="utf-8").splitlines() == known_emoji()


def test_every_form_of_an_emoji_is_stored_as_the_qualified_one() -> None:
    qualified = STATUS["fully_qualified"]
    for emoji, data in EMOJI_DATA.items():
        if data["status"] == STATUS["component"]:
            continue
        stored = require_emoji(emoji)
        assert EMOJI_DATA[stored]["status"] == qualified
        assert require_emoji(stored) == stored
        assert EMOJI_DATA[stored]["en"] == data["en"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("👍\ufe0f", "👍"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("🏳\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("🇩🇪", "🇩🇪"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",) * 2,
        ("thumbs_up", "thumbs_up"),
        ("+1", "+1"),
        ("1", "1"),
        ("x" * 32, "x" * 32),
    ],
)
def test_what_is_a_reaction(given: str, stored: str) -> None:
    """Skin tones stay as given; a name is kept as it is."""
    assert require_emoji(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("", " ", "👍 ", "👍👍", "❤\ufe0e", "🏽", "\ufe0f", "\u200d", "\ufe0f" * 10_000),
        *("Thumbs", "thumbs up", "ä", "x" * 33, "naïve", "a/b", "a.b", "\n", "\x00", "\ud800"),
        *("🇩", "👍" + "\ufe0f" * 100, "＋1", "٣"),
    ],
)
def test_what_is_not(given: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        require_emoji(given)
    assert [(error.field, error.code) for error in refused.value.errors] == [("emoji", "invalid")]
