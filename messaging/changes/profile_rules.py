"""The rules for names and pictures."""

import re
from urllib.parse import urlsplit

import regex

from messaging.changes.text_rules import is_blank, require_line, without_disguise
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.graphemes import shortened

MAX_NAME = 100
"""Code points."""
MAX_PICTURE = 2_048
"""Characters of the URL."""
_URL = re.compile(r"https://[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]_~]+", re.ASCII)
"""The characters of a URL (RFC 3986 2), none of which ends an attribute in HTML or CSS between
double quotes."""
_BLANKS = regex.compile(r"[\s\p{Zl}\p{Zp}]+")


def require_name(name: str) -> None:
    """Require a person's name to be one visible line of at most 100 code points that cannot look
    like another name. Raises InvalidRequest."""
    require_line("name", name, most=MAX_NAME)


def require_picture(picture: str) -> None:
    """Require the URL of a picture: https, with a host, without a password, at most 2,048
    characters. Raises InvalidRequest."""
    if len(picture) > MAX_PICTURE:
        detail = f"The picture has more than {MAX_PICTURE} characters. Use a shorter URL."
        raise InvalidRequest.of("picture", detail, "max_length")
    if not is_picture(picture):
        detail = "The picture must be an https URL of ASCII characters, without a user name."
        raise InvalidRequest.of("picture", detail)


def is_picture(picture: str) -> bool:
    """Return whether this may be the URL of a picture."""
    if len(picture) > MAX_PICTURE or not _URL.fullmatch(picture):
        return False
    try:
        url = urlsplit(picture)
        return bool(url.hostname) and url.username is None and url.port != 0
    except ValueError:  # a bad port or IPv6 address
        return False


def name_of_token(name: object) -> str | None:
    """Return the name that a token's claim gives, as far as it may be shown: on one line, without
    disguising characters, cut after 100 code points. None if nothing is visible."""
    if not isinstance(name, str):
        return None
    line = _BLANKS.sub(" ", without_disguise(name[: 10 * MAX_NAME])).strip()
    return None if is_blank(line) else shortened(line, MAX_NAME)


def picture_of_token(picture: object) -> str | None:
    """Return the picture that a token's claim gives. None if it is not an https URL."""
    return picture if isinstance(picture, str) and is_picture(picture) else None
