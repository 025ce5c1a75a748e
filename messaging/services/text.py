"""What may be written: the rules for message texts, titles, reasons and client ids."""

import re

from messaging.exceptions import InvalidRequest
from messaging.limits import get_limits

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MAX_CLIENT_ID = 128
_CLIENT_ID = re.compile(rf"[\x20-\x7e]{{1,{MAX_CLIENT_ID}}}")


def normalise_newlines(text: str) -> str:
    """Return the text with LF for every CRLF and CR. Applied before any other rule."""
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_text(text: str) -> None:
    """A message's text has something to see, is kept as typed and has no control characters
    other than tab and newline. Raises InvalidRequest."""
    limits = get_limits()
    if not text.strip():
        raise InvalidRequest.of("text", "The text has nothing to read.", "blank")
    if len(text) > limits.text_characters:
        detail = f"The text has more than {limits.text_characters} characters."
        raise InvalidRequest.of("text", detail, "max_length")
    _require_no_control_characters("text", text)
    if len(text.encode()) > limits.text_bytes:
        detail = f"The text has more than {limits.text_bytes} bytes in UTF-8."
        raise InvalidRequest.of("text", detail, "max_length")


def require_title(title: str) -> None:
    """A title is one line of at most 200 characters with something to see."""
    limit = get_limits().title_characters
    if not title.strip():
        raise InvalidRequest.of("title", "The title has nothing to read.", "blank")
    if len(title) > limit:
        detail = f"The title has more than {limit} characters."
        raise InvalidRequest.of("title", detail, "max_length")
    if "\n" in title or "\t" in title:
        raise InvalidRequest.of("title", "A title is one line.", "invalid")
    _require_no_control_characters("title", title)


def require_reason(reason: str) -> None:
    """Why a message is reported, in the words of whoever does."""
    limit = get_limits().reason_characters
    if not reason.strip():
        raise InvalidRequest.of("reason", "The reason has nothing to read.", "blank")
    if len(reason) > limit:
        detail = f"The reason has more than {limit} characters."
        raise InvalidRequest.of("reason", detail, "max_length")
    _require_no_control_characters("reason", reason)


def require_client_id(client_id: str) -> None:
    if not _CLIENT_ID.fullmatch(client_id):
        detail = f"A client_id has 1 to {MAX_CLIENT_ID} printable ASCII characters."
        raise InvalidRequest.of("client_id", detail, "invalid")


def _require_no_control_characters(field: str, value: str) -> None:
    if _CONTROL.search(value):
        detail = f"The {field} has control characters or lone surrogates."
        raise InvalidRequest.of(field, detail, "invalid_characters")
