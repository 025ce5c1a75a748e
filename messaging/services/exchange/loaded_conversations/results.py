"""What becomes of a conversation of a file."""

from enum import Enum, auto


class Result(Enum):
    NEW = auto()
    SAME = auto()
    """The store had it before, with this content."""
    CONTINUED = auto()
    """The store had it before, with the messages of the file and with later changes."""
    OTHER = auto()
    """The store had it before, with later changes, and without some messages of the file."""


class Differs(Exception):
    """What is stored differs from the file. The argument is a sentence."""


def difference(conversation_id: str, *, stored: int, messages: int) -> Differs:
    """Return the error for a conversation that has other content in the store. `stored` and
    `messages` are the numbers of its messages there and in the file."""
    return Differs(
        f"Conversation {conversation_id} is in the store, with {stored} messages and another "
        f"content than the {messages} messages of the file."
    )
