"""How many earlier texts are kept."""

from datetime import UTC, datetime

from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EarlierText

AT = datetime(2026, 1, 1, tzinfo=UTC)


def texts_after(*texts: str) -> list[str]:
    earlier = NO_EARLIER_TEXTS
    for text in texts:
        earlier = earlier.adding(text, AT)
    return [one.text for one in earlier.texts()]


def test_the_latest_twenty() -> None:
    assert texts_after(*map(str, range(25))) == [str(number) for number in range(5, 25)]


def test_at_most_64_kib_together() -> None:
    """In UTF-8; the oldest go first, and one that is too long leaves none before it."""
    large = "👋" * (8 * 1024)
    assert texts_after("a", large, large) == [large, large]
    assert texts_after("a", large, large, "b") == [large, "b"]
    assert texts_after("a", large * 3) == []
    assert texts_after("a", large * 3, "b") == ["b"]


def test_what_is_kept_of_each() -> None:
    earlier = NO_EARLIER_TEXTS.adding("ü", AT).adding("x", None)

    assert list(earlier.texts()) == [
        EarlierText(text="ü", written_at=AT),
        EarlierText(text="x", written_at=None),
    ]
    assert not NO_EARLIER_TEXTS
    assert earlier
