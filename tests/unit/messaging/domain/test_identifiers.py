"""Ids: their form, and the ones that derive from what they name."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.identifiers import (
    content_hash,
    derived_id,
    digest,
    direct_conversation_id,
    is_stored_id,
    is_user_id,
    random_id,
)


@pytest.mark.parametrize(
    "user_id",
    ["a", "A.b_c@d:e-f", "0", "...", "_", "__", "___", "__x", "x__", "Me", "a" * 128, ".a", "-"],
)
def test_user_ids(user_id: str) -> None:
    """`^[A-Za-z0-9_.@:-]{1,128}$`."""
    assert is_user_id(user_id)


@pytest.mark.parametrize(
    "user_id",
    [
        *("", ".", "..", "me", "____", "__x__", "a" * 129, "a b", "a/b", "a\n", "\na", "a\x00"),
        *("ä", "🦆", "a,b", "a%b", "ａ", "١"),
        *("service:", "service:bot", "erased:abc"),
    ],
)
def test_what_is_no_user_id(user_id: str) -> None:
    assert not is_user_id(user_id)


@given(st.lists(st.text(), min_size=1))
def test_derived_ids_are_stored_ids(parts: list[str]) -> None:
    """The same for the same parts."""
    assert is_stored_id(derived_id(*parts))
    assert derived_id(*parts) == derived_id(*parts)


@given(st.lists(st.text()), st.lists(st.text()))
def test_lists_of_parts_do_not_run_together(one: list[str], other: list[str]) -> None:
    """("ab", "c") is not ("a", "bc"), nor ("abc",)."""
    assert (digest(*one) == digest(*other)) is (one == other)


def test_parts_that_share_their_letters() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4


def test_ids_are_for_ever() -> None:
    """They are stored: a change of the derivation would found every conversation anew."""
    assert derived_id("message", "c", "ann", "1") == "6xwlbkj63vjj4z33in6xoylcue"
    assert direct_conversation_id("ann", "bob") == "2z36bprmimpeyzk6ytt6bzocjm"
    assert content_hash("hello") == "9c015ac18bb70481f467bb1fadb4f9e6"


def test_a_pair_has_one_conversation_whoever_asks() -> None:
    assert direct_conversation_id("ann", "bob") == direct_conversation_id("bob", "ann")
    assert direct_conversation_id("ann", "bob") != direct_conversation_id("ann", "cid")


def test_random_ids_differ() -> None:
    ids = {random_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(map(is_stored_id, ids))


@pytest.mark.parametrize(
    "value", ["", "a" * 25, "a" * 27, "A" * 26, "a" * 25 + "1", "a" * 25 + "\n", "a" * 25 + "/"]
)
def test_what_was_never_stored(value: str) -> None:
    assert not is_stored_id(value)


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_an_id_is_base32(parts: list[str]) -> None:
    """Of the digest, as RFC 4648 has it, in lower case and without padding."""
    expected = base64.b32encode(digest(*parts)).decode().rstrip("=").lower()

    assert derived_id(*parts) == expected
