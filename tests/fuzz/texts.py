"""Texts that are difficult, and what of a text may be shown."""

import re
from collections.abc import Sequence

import pytest
import regex
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

_KNOWN = [
    # Blank, each in its way.
    *(
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u2060\ufeff",
        "\u3164",
        "\u2800",
        "\u0301",
        "\ufe0f",
        "\U000e0041",
    ),
    *("\U0001d159", "\U00013441", "\u180e", "\ufff9\ufffb", "\ufffe"),
    # What no text may have.
    *("a\x00", "a\x07b", "a\x85", "\ud800", "x\udfffy", "\ud83d"),
    # Newlines, directions, markup, piles of marks, graphemes of many code points.
    *(
        "a\r\nb\rc\nd",
        "\r\n",
        "\u202eevil",
        "\u2066a\u2067b",
        "a\u2069b\u202c",
        "שלום abc",
        "abc שלום",
    ),
    *(
        "<b>x</b><script>alert(1)</script>",
        "&amp; &lt;",
        "' \" `",
        "{{ x }}",
        "%s %(x)s",
        "\\u0041",
    ),
    *(
        "Z" + "\u0301\u0316" * 200,
        "👩\u200d👩\u200d👧\u200d👦" * 60,
        "🇩🇪" * 130,
        "e\u0301" * 200,
        "각" * 300,
    ),
    *(
        "https://x.example/a\u202eb c",
        "https://x.example/?q=<>",
        "x" * 10_000,
        "x" * 10_001,
        "漢" * 10_000,
    ),
    *(
        "漢" * 10_001,
        "a" * 161,
        "\u0600",
        "\ue000",
        "\u0378",
        " a ",
        "\u2028a\u2029b",
        "ᄀ",
        "ﷺ" * 50,
    ),
]
_CHARACTERS = st.one_of(
    st.characters(codec=None),
    st.characters(categories=["Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Cc", "Cs"]),
    st.sampled_from("a\u0301\u200d👩👧🇩🇪\u202e\u2067\u2069\r\n<&\u05d0\u3164\ufe0f\U000e0067"),
)
TEXTS = st.integers(0, len(_KNOWN) - 1).map(_KNOWN.__getitem__) | st.text(_CHARACTERS, max_size=60)
short_and_long = pytest.mark.parametrize(
    "count", [70, pytest.param(2_000, marks=pytest.mark.fuzz)], ids=["short", "long"]
)


def made(count: int) -> list[str]:
    """So many different texts, those that are known to be difficult first."""
    found = dict.fromkeys(_KNOWN)

    @settings(
        max_examples=2 * count,
        deadline=None,
        database=None,
        derandomize=count < 1_000,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(TEXTS)
    def make(text: str) -> None:
        found[text] = None

    make()
    return list(found)[:count]


def normalised(text: str) -> str:
    """As the documentation says: CRLF and CR become LF."""
    return re.sub("\r\n?", "\n", text)


def graphemes(text: str) -> Sequence[str]:
    found: list[str] = regex.findall(r"\X", text)
    return found


def is_cut_between_graphemes(shown: str, text: str) -> bool:
    """Whether it is the text, or some of its first graphemes before an ellipsis."""
    if shown == text:
        return True
    kept, parts = graphemes(shown.removesuffix("…")), graphemes(text)
    return shown.endswith("…") and kept == parts[: len(kept)]


def has_something_to_see(text: str) -> bool:
    """By the categories of Unicode, and not by the rule of the product: a letter, number, sign or
    emoji; a private or future character; one of the format characters that have a glyph."""
    return (
        regex.search(r"[\p{L}\p{N}\p{P}\p{S}\p{Co}\p{Cn}\u0600-\u0605\u06dd\u070f]", text)
        is not None
    )


def title_of(text: str) -> str:
    """What of a text can be a title."""
    line = regex.sub(
        r"[\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}\u206a-\u206f\ufff9-\ufffb]|[\U000e0000-\U000e007f]",
        " ",
        text,
    )
    title = "".join(graphemes(line)[:20])[:200]
    return title if has_something_to_see(title) else "Tea"
