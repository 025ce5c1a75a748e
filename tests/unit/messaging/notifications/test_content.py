"""What a notification says is one line of whole graphemes that shows something."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from messaging.changes.text_rules import is_blank
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.message import Message
from messaging.notifications.content import MAX_BODY, MAX_TITLE, content_of
from tests.unit.messaging import new_group

FAMILY = "👨‍👩‍👧‍👦"
GROUP = new_group("ann", "bob", title="Tea")
DIRECT = replace(GROUP, kind=ConversationKind.DIRECT, title=None)

texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
        st.sampled_from(
            ["\u0301", "\u200d", "\U0001f1e9", "\U0001f1ea", "👩", "\u200b", "א", "\n"]
        ),
    ),
    max_size=400,
)


def body(text: str, *, of: Conversation = DIRECT) -> str:
    return content_of(of, said(text), sender="ann", show_text=True).body


def said(text: str) -> Message:
    return Message(
        id="m",
        conversation_id=GROUP.id,
        seq=1,
        version=1,
        sender_id="ann",
        client_id=None,
        text=text,
        reply_to=None,
        mentions=(),
        created_at=datetime(2026, 1, 31, tzinfo=UTC),
        content_hash="",
    )


def test_a_direct_conversation_is_titled_with_its_sender() -> None:
    content = content_of(DIRECT, said("Hello"), sender="Ann Lee", show_text=True)

    assert (content.title, content.body) == ("Ann Lee", "Hello")


def test_a_group_names_the_sender_before_the_text() -> None:
    content = content_of(GROUP, said("Hello"), sender="Ann Lee", show_text=True)

    assert (content.title, content.body) == ("Tea", "Ann Lee: Hello")


def test_a_name_does_not_turn_the_text_behind_it() -> None:
    content = content_of(GROUP, said("Hello"), sender="רות", show_text=True)

    assert content.body == "\u2068רות\u2069: Hello"


def test_a_name_that_shows_nothing_is_the_id() -> None:
    """One that another release stored."""
    content = content_of(DIRECT, said("Hello"), sender="\u200b", show_text=True)

    assert content.title == "ann"


def test_a_hidden_text_tells_nothing() -> None:
    content = content_of(GROUP, said("Hello"), sender="Ann Lee", show_text=False)

    assert (content.title, content.body) == ("Tea", "New message")


@pytest.mark.parametrize("grapheme", [FAMILY, "🇩🇪", "e\u0301", "👍🏽", "각"])
@pytest.mark.parametrize("before", range(MAX_BODY - 12, MAX_BODY))
def test_a_long_text_is_cut_between_graphemes(grapheme: str, before: int) -> None:
    cut = body("x" * before + grapheme + "y" * 100)

    assert cut.endswith("…")
    assert cut.rstrip("…").strip("xy") in ("", grapheme)


@pytest.mark.parametrize("before", range(10 * MAX_BODY - 12, 10 * MAX_BODY))
@pytest.mark.parametrize("grapheme", [FAMILY, "🇩🇪", "e\u0301"])
def test_a_text_behind_many_blanks_is_cut_between_graphemes(grapheme: str, before: int) -> None:
    cut = body("x" + " " * before + grapheme * 20)

    assert cut.endswith("…")
    assert not cut.removesuffix("…").removeprefix("x").strip().replace(grapheme, "")


@pytest.mark.parametrize("text", ["\u0600", "\ue000", "\u0378"])
def test_a_text_that_is_visible_to_the_chat_is_shown(text: str) -> None:
    """A mark of numbers, a private character, one of a later Unicode."""
    assert body(text) == text


def test_line_breaks_become_spaces() -> None:
    assert body("one\n\n two\u2028three\tfour\u0085five") == "one two three four five"


@pytest.mark.parametrize("blank", ["\u200b", "\u2060\ufeff", "\u3164", "\u2800", "\u0301"])
def test_a_text_that_shows_nothing_is_not_shown(blank: str) -> None:
    assert body(blank) == "New message"


def test_one_grapheme_longer_than_a_notification_is_not_shown() -> None:
    assert body("e" + "\u0301" * 9_000) == "New message"


def test_an_open_direction_is_closed() -> None:
    assert body("a\u202eb") == "a\u202eb\u202c"
    assert body("a\u2067b") == "a\u2067b\u2069"


def test_a_stray_end_of_a_direction_is_left_out() -> None:
    assert body("a\u2069b\u202cc") == "abc"


@given(text=texts, title=texts, name=texts, group=st.booleans())
def test_any_text_is_shown_in_bounds_and_in_its_own_direction(
    text: str, title: str, name: str, group: bool
) -> None:
    of = replace(GROUP, title=title) if group else DIRECT
    content = content_of(of, said(text), sender=name, show_text=True)

    for line, size in ((content.title, MAX_TITLE), (content.body, MAX_BODY)):
        assert 0 < len(line) <= size
        assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in line)
        assert _depth(line) == 0
        assert not is_blank(line)


@given(text=texts, group=st.booleans())
def test_any_text_is_cut_between_graphemes(text: str, group: bool) -> None:
    content = content_of(GROUP if group else DIRECT, said(text), sender="ann", show_text=True)

    shown = content.body.removeprefix("ann: ").rstrip("…\u2069\u202c")
    wholes = regex.findall(r"\X", regex.sub(r"[\s\p{Cc}]+", " ", text).strip())
    cut = regex.sub("[\u202c\u2069]", "", shown).rstrip()
    if content.body.endswith("…") and not set(text) & set("\u202c\u2069…"):
        assert any("".join(wholes[:n]).rstrip() == cut for n in range(len(wholes) + 1))


def _depth(line: str) -> int:
    """How many directions are open at the end; it fails where more end than were begun."""
    open_: list[str] = []
    for character in line:
        if character in "\u2066\u2067\u2068":
            open_.append("\u2069")
        elif character in "\u202a\u202b\u202d\u202e":
            open_.append("\u202c")
        elif character == "\u2069":
            assert "\u2069" in open_
            while open_.pop() != "\u2069":
                pass
        elif character == "\u202c":
            assert open_
            assert open_.pop() == "\u202c"
    return len(open_)
