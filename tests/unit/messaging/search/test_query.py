"""What a query finds, and what its snippet shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.exceptions import InvalidRequest
from messaging.search.query import Term, parse
from messaging.search.snippets import MAX_CHARACTERS, snippet


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("green tea", [Term(("green",)), Term(("tea",), is_prefix=True)]),
        ('"green tea"', [Term(("green", "tea"))]),
        ('cup "green tea', [Term(("cup",)), Term(("green", "tea"))]),
        ('"green tea" cu', [Term(("green", "tea")), Term(("cu",), is_prefix=True)]),
        ("foo-bar", [Term(("foo", "bar"), is_prefix=True)]),
        ("tea !", [Term(("tea",))]),
        ("東京", [Term(("東", "京"), is_prefix=True)]),
    ],
)
def test_a_query_is_words_phrases_and_a_beginning(text: str, terms: list[Term]) -> None:
    assert list(parse(text).terms) == terms


@pytest.mark.parametrize("text", ["!!", '""', "👍👍", " ".join(f"w{n}" for n in range(50))])
def test_a_query_has_at_least_one_word_and_not_too_many(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(text)


@pytest.mark.parametrize(
    ("query", "text", "matches"),
    [
        ("tea green", "Green TEA", True),
        ("green te", "Green TEA", True),
        ("te green", "Green TEA", False),
        ('"green tea"', "green, tea", True),
        ('"tea green"', "green tea", False),
        ('"green te"', "green tea", False),
        ("cafe", "le CAFÉ", True),
        ("京", "東京タワー", True),
        ("東タ", "東京タワー", False),
    ],
)
def test_all_terms_must_match(query: str, text: str, matches: bool) -> None:
    assert parse(query).matches(text) is matches


def shown(query: str, text: str) -> str:
    """A snippet with its matches in brackets."""
    return "".join(f"[{p.text}]" if p.match else p.text for p in snippet(parse(query), text))


def test_a_snippet_marks_every_match() -> None:
    assert shown("tea gre", "Tea?\nGreen tea, tean.") == "[Tea]? [Green] [tea], tean."
    assert shown("tea", "Tea, team") == "[Tea], [team]"


def test_a_snippet_is_around_the_first_match() -> None:
    text = f"{'before ' * 50}match{' after' * 100}"
    part = shown("match", text)
    assert part.startswith("…before")
    assert "[match]" in part
    assert part.endswith("after…")
    assert len(part) <= MAX_CHARACTERS + 10


@given(st.text(min_size=1, max_size=500), st.data())
def test_every_text_is_found_by_its_words_and_shown(text: str, data: st.DataObject) -> None:
    query = data.draw(st.sampled_from(text.split() or ["x"]))
    try:
        parsed = parse(query)
    except InvalidRequest:
        return
    if parsed.matches(text):
        parts = snippet(parsed, text)
        assert any(part.match for part in parts)
        assert sum(len(part.text) for part in parts) <= MAX_CHARACTERS + 2 + len(text)
