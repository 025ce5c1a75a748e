"""The title and body of a notification, safe for any lock screen.

Both are one line of whole graphemes (https://unicode.org/reports/tr29/), and show something. They
end every change of writing direction that they begin, so that they cannot disguise the text around
them.
"""

from dataclasses import dataclass
from unicodedata import bidirectional

import regex

from messaging.changes.text_rules import is_blank
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.graphemes import ELLIPSIS, beginning, graphemes
from messaging.domain.message import Message

MAX_TITLE = 100
MAX_BODY = 240
"""Code points. FCM takes 4,096 bytes in all, the data of the push included:
https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type"""

_HIDDEN = "New message"
_BLANKS = regex.compile(r"[\s\p{Cc}\p{Zl}\p{Zp}]+")

_MAX_RATIO = 10
"""How many times the shown length is examined: the beginning may be blank."""
_PDI, _PDF = "\u2069", "\u202c"
_CLOSED_BY = {
    **dict.fromkeys("\u2066\u2067\u2068", _PDI),  # LRI, RLI, FSI
    **dict.fromkeys("\u202a\u202b\u202d\u202e", _PDF),  # LRE, RLE, LRO, RLO
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    title: str
    body: str


def content_of(
    conversation: Conversation, message: Message, *, sender: str, show_text: bool
) -> Content:
    """Return the content of the notification of this message. `sender` is the name to show.

    A direct conversation has its sender as the title. In a group the body names the sender before
    the text. Without `show_text` the body has neither.
    """
    sender = _line(sender, MAX_TITLE) or message.sender_id
    if conversation.kind is ConversationKind.DIRECT:
        title, begin = sender, ""
    else:
        title, begin = conversation.title or sender, f"{_isolated(sender)}: "
    title = _line(title, MAX_TITLE) or sender
    text = _line(_text_of(message), MAX_BODY - len(begin)) if show_text else ""
    return Content(title=title, body=begin + text if text else _HIDDEN)


def _isolated(name: str) -> str:
    """Return a name that does not turn the direction of the text behind it
    (https://www.w3.org/International/articles/inline-bidi-markup/)."""
    turns = any(bidirectional(character) in ("R", "AL") for character in name)
    return f"\u2068{name}{_PDI}" if turns else name


def _text_of(message: Message) -> str:
    """Return the text; without one, what is attached."""
    if message.text or not message.attachments:
        return message.text or ""
    others = len(message.attachments) - 1
    return message.attachments[0].filename + (f" + {others}" if others else "")


def _line(text: str, size: int) -> str:
    """Return the text on one line of at most `size` code points, cut between graphemes. Return an
    empty text if nothing is visible."""
    complete = len(text) <= size * _MAX_RATIO
    if not complete:
        # The last grapheme may continue beyond the examined text.
        text = "".join(list(graphemes(text[: size * _MAX_RATIO]))[:-1])
    line = _BLANKS.sub(" ", text).strip()
    if is_blank(line):
        return ""
    whole = _balanced(line)
    if len(whole) <= size and complete:
        return whole
    kept = beginning(line, size - len(ELLIPSIS))
    # The characters that close a direction take space too.
    while kept and len(_cut(kept)) > size:
        kept.pop()
    return "" if is_blank("".join(kept)) else _cut(kept)


def _cut(kept: list[str]) -> str:
    return _balanced("".join(kept).rstrip() + ELLIPSIS)


def _balanced(text: str) -> str:
    """Return the text with every opened direction closed, and without characters that would close a
    direction of the surrounding text
    (https://unicode.org/reports/tr9/#Explicit_Directional_Isolates)."""
    kept: list[str] = []
    open_: list[str] = []
    for character in text:
        if character in _CLOSED_BY:
            open_.append(_CLOSED_BY[character])
        elif character == _PDI and _PDI in open_:
            while open_.pop() != _PDI:  # the end of an isolate ends the embeddings inside it
                pass
        elif character == _PDF and open_[-1:] == [_PDF]:
            open_.pop()
        elif character in (_PDI, _PDF):
            continue
        kept.append(character)
    return "".join(kept) + "".join(reversed(open_))
