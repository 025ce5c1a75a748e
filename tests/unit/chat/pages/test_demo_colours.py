"""Texts of the demo page stand out from what is behind them, by day and by night."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_CSS = Path(__file__).parents[4] / "chat/static/chat/demo.css"
_LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""
_BACKGROUNDS = ("page", "surface", "sunken", "own", "theirs", "own-quote", "theirs-quote")
_PAIRS = [
    *(("text", behind) for behind in (*_BACKGROUNDS, "hover", "open")),
    *(("soft", behind) for behind in (*_BACKGROUNDS, "hover", "open")),
    *(("accent", behind) for behind in _BACKGROUNDS),
    *((name, f"{name}-back") for name in ("good", "warn", "bad")),
    *(("good", behind) for behind in ("surface", "hover", "open")),
    *(("bad", behind) for behind in ("sunken", "own", "surface")),
    *(("surface", f"hue-{number}") for number in range(8)),
    *((f"hue-{number}", "theirs") for number in range(8)),
    ("on-accent", "accent"),
]
"""Colours of texts, each with one of what stands behind it."""


def schemes() -> Iterator[tuple[str, dict[str, str]]]:
    day, _, rest = _CSS.read_text().partition("@media (prefers-color-scheme: dark)")
    light = colours(day)
    yield "light", light
    yield "dark", light | colours(rest.partition("\n}\n")[0])


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", css))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "known"), list(schemes()), ids=["light", "dark"])
@pytest.mark.parametrize(("text", "behind"), _PAIRS)
def test_every_text_has_enough_contrast(
    scheme: str, known: dict[str, str], text: str, behind: str
) -> None:
    light, dark = sorted((luminance(known[text]), luminance(known[behind])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= _LEAST
