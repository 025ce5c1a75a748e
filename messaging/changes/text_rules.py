"""The rules for message texts, titles, reasons and client ids."""

import re

import regex

from messaging.domain.exceptions import InvalidRequest
from messaging.domain.limits import get_limits

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\n\t\u2028\u2029]")
_DISGUISE = regex.compile(
    # Bidi controls (https://www.unicode.org/reports/tr9/), deprecated format characters and
    # interlinear annotations; and tags, except in the flag of a region
    # (https://www.unicode.org/reports/tr51/#Emoji_Tag_Sequences).
    r"[\p{Bidi_Control}\u206A-\u206F\uFFF9-\uFFFB]"
    r"|(?<!\U0001F3F4[\U000E0020-\U000E007E]{0,6})[\U000E0000-\U000E007F]",
    regex.VERSION1,
)
"""Characters that make a title look like another one. Joiners and variation selectors are allowed:
scripts and emoji need them."""
_VISIBLE = regex.compile(
    r"[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{M}\p{Cc}\p{Cs}\p{NChar}"
    # Of the format characters, only the prepended concatenation marks (Arabic number sign) have a
    # glyph.
    r"[\p{Cf}--\p{Prepended_Concatenation_Mark}]"
    # Symbols whose glyphs are empty: the blank Braille pattern, the null notehead and the blanks
    # of Egyptian hieroglyphs.
    r"\u2800\U0001D159\U00013441\U00013442]",
    regex.VERSION1,
)
"""A code point that is visible by itself. Combining marks need a base. The fillers of Hangul, tags
and variation selectors are default ignorable
(https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point)."""
_PRINTED_ASCII = re.compile(r"[!-~]")
"""Most texts contain such a character. `regex` gives other threads the processor for up to 5 ms."""
MAX_CLIENT_ID = 128
_CLIENT_ID = re.compile(rf"[\x20-\x7e]{{1,{MAX_CLIENT_ID}}}")


def normalise_newlines(text: str) -> str:
    """Return the text with LF for every CRLF and CR. This comes before any other rule."""
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def readable(text: str) -> str:
    """Return the text without the characters that no text may have, for texts of other products."""
    return _CONTROL.sub("", text)


def require_text(text: str) -> None:
    """Require a message's text to be visible, within the limits, and free of control characters
    other than tab and newline. The text is stored as typed. Raises InvalidRequest."""
    limits = get_limits()
    _require_readable("text", text, most=limits.text_characters)
    if len(text.encode()) > limits.text_bytes:
        detail = f"The text has more than {limits.text_bytes} bytes in UTF-8. Shorten it."
        raise InvalidRequest.of("text", detail, "max_length")


def require_title(title: str) -> None:
    """Require a title to be one visible line of at most 200 characters that cannot look like
    another title. Raises InvalidRequest."""
    require_line("title", title, most=get_limits().title_characters)


def require_line(field: str, line: str, *, most: int) -> None:
    """Require a text to be one visible line of at most `most` characters that cannot look like
    another one. Raises InvalidRequest, which names the field."""
    _require_readable(field, line, most=most)
    if _LINE_BREAK.search(line):
        raise InvalidRequest.of(
            field, f"The {field} must be one line. Remove the line breaks.", "invalid"
        )
    _require_undisguised(field, line)


def require_note(field: str, note: str, *, most: int) -> None:
    """Require an operator's note to be visible, at most `most` characters long, and without
    disguising characters. Raises InvalidRequest, which names the field."""
    _require_readable(field, note, most=most)
    _require_undisguised(field, note)


def require_reason(reason: str) -> None:
    """Require the reason of a report to be visible and within the limit. Raises InvalidRequest."""
    _require_readable("reason", reason, most=get_limits().reason_characters)


def require_client_id(client_id: str) -> None:
    if not _CLIENT_ID.fullmatch(client_id):
        detail = f"The client_id must be 1 to {MAX_CLIENT_ID} printable ASCII characters."
        raise InvalidRequest.of("client_id", detail, "invalid")


def is_blank(text: str) -> bool:
    """Return whether the text has no visible grapheme."""
    return _PRINTED_ASCII.search(text) is None and _VISIBLE.search(text) is None


def without_disguise(line: str) -> str:
    """Return a line with spaces in place of its control characters, and of the characters that make
    it look like another one."""
    return _DISGUISE.sub(" ", _CONTROL.sub(" ", line))


def _require_undisguised(field: str, value: str) -> None:
    """Require a text without bidi controls and tags. Raises InvalidRequest."""
    if _DISGUISE.search(value):
        detail = f"The {field} must not contain bidi controls or tag characters. Remove them."
        raise InvalidRequest.of(field, detail, "invalid_characters")


def _require_readable(field: str, value: str, *, most: int) -> None:
    """Require a visible text within the limit, without control characters. Raises
    InvalidRequest."""
    if len(value) > most:
        detail = f"The {field} has more than {most} characters. Shorten it."
        raise InvalidRequest.of(field, detail, "max_length")
    if _CONTROL.search(value):
        detail = f"The {field} has control characters or lone surrogates. Remove them."
        raise InvalidRequest.of(field, detail, "invalid_characters")
    if is_blank(value):
        raise InvalidRequest.of(
            field, f"The {field} is blank. It needs a visible character.", "blank"
        )
