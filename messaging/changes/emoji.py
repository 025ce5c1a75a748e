"""The rule for reactions: one emoji of Unicode, or the name of an emoji.

Unicode has several forms of one emoji (https://www.unicode.org/reports/tr51/#Emoji_Variation_Sequences).
Only the fully qualified form is stored, so that all people who react with an emoji count together.
"""

import re
from pathlib import Path

from messaging.domain.exceptions import InvalidRequest

TABLE = Path(__file__).with_name("emoji.txt")
"""All fully qualified emoji, one on each line; `make emoji` writes it."""
_PRESENTATION = "\ufe0f"
"""Requests the colored form. Unqualified emoji lack it, and qualified ones may have too many."""
_LONGEST = 64
"""In code points. No emoji is as long, and none becomes one by removing characters."""
_NAME = re.compile(r"[a-z0-9_+-]{1,32}", re.ASCII)
_QUALIFIED = {
    emoji.replace(_PRESENTATION, ""): emoji
    for emoji in TABLE.read_text(encoding="utf-8").splitlines()
}


def require_emoji(value: str) -> str:
    """Return the fully qualified form of an emoji, or the name as it is. Raises InvalidRequest."""
    if len(value) <= _LONGEST:
        emoji = _QUALIFIED.get(value.replace(_PRESENTATION, ""))
        if emoji is not None:
            return emoji
        if _NAME.fullmatch(value):
            return value
    raise InvalidRequest.of(
        "emoji",
        "A reaction is one emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -. Use one of "
        "these.",
        "invalid",
    )
