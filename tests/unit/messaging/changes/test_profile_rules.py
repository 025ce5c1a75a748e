"""What may be a name or a picture, and what a token's claims make of one."""

import pytest

from messaging.changes.profile_rules import (
    is_picture,
    name_of_token,
    picture_of_token,
    require_name,
    require_picture,
)
from messaging.domain.exceptions import InvalidRequest


@pytest.mark.parametrize(
    "name", ["A", "Ann Lee", " Ann ", "Zoë", "李", "👩‍👩‍👧", "x" * 100, "😀" * 100]
)
def test_a_name_is_any_visible_line(name: str) -> None:
    require_name(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "blank"),
        (" \u200b\ufeff", "blank"),
        ("\u0301", "blank"),
        ("x" * 101, "max_length"),
        ("Ann\nLee", "invalid"),
        ("Ann\u2028Lee", "invalid"),
        ("Ann\x00", "invalid_characters"),
        ("\u202eeeL nnA", "invalid_characters"),
        ("Ann\ud800", "invalid_characters"),
    ],
)
def test_what_is_no_name(name: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        require_name(name)
    assert [(error.field, error.code) for error in refused.value.errors] == [("name", code)]


@pytest.mark.parametrize(
    "picture",
    [
        "https://example.com/a.jpg",
        "https://EXAMPLE.com:8443/a/b?c=d&e=%20#f",
        "https://my_bucket.example.com/~ann/(1).png",
        "https://[2001:db8::1]/a",
        "https://a.b/" + "x" * 2_036,
    ],
)
def test_a_picture_is_an_https_url(picture: str) -> None:
    require_picture(picture)
    assert picture_of_token(picture) == picture


@pytest.mark.parametrize(
    "picture",
    [
        *("", " ", "x", "http://a.b/c", "HTTPS//a.b", "//a.b/c", "https://", "https:///a"),
        *("javascript:alert(1)", "data:image/png;base64,AA", "https:a.b", "https://?a"),
        *("https://ann:secret@a.b/c", "https://ann@a.b/c", "https://a.b:x/", "https://a.b:99999/"),
        *("https://[::1/a", "https://a.b/ c", "https://a.b/\n", 'https://a.b/"onload="x'),
        *("https://a.b/<script>", "https://a.b/ä", "https://a.b/\x00", "https://a.b/\\c"),
        "https://a.b/" + "x" * 2_037,
    ],
)
def test_what_is_no_picture(picture: str) -> None:
    assert not is_picture(picture)
    assert picture_of_token(picture) is None
    with pytest.raises(InvalidRequest) as refused:
        require_picture(picture)
    assert [error.field for error in refused.value.errors] == ["picture"]


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann\n\tLee ", "Ann Lee"),
        ("\u202eeeL nnA\x00", "eeL nnA"),
        ("Ann\ud800Lee", "Ann Lee"),
        ("Ann 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",) * 2,
        ("x" * 500, "x" * 99 + "…"),
        ("👨‍👩‍👧" * 30, "👨‍👩‍👧" * 19 + "…"),
        *[(claim, None) for claim in ("", " ", "\u200b", "\u202e", None, 7, ["Ann"], {"a": 1})],
    ],
)
def test_a_token_gives_whatever_of_its_name_may_be_shown(claim: object, name: str | None) -> None:
    """Its issuer has other rules, and must not keep anybody from signing in."""
    found = name_of_token(claim)

    assert found == name
    if found is not None:
        require_name(found)


@pytest.mark.parametrize("claim", [None, 7, ["https://a.b/"], {}])
def test_a_picture_of_another_type_is_none(claim: object) -> None:
    assert picture_of_token(claim) is None
