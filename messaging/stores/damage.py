"""Rows and documents that cannot be read: a manual change, a script or a broken disk has damaged
them. Lists leave out such a conversation, and name it in the log. Commands that go through all
conversations name it, and go on with the others."""

import zlib
from collections.abc import Mapping, Sequence

import structlog

from messaging.exchange.records import FullMessage
from messaging.stores.exchange import ExchangeStore

logger = structlog.get_logger(__name__)

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, zlib.error)
"""What decoding a damaged row or document raises."""


class Damaged(Exception):
    """Something of a conversation cannot be read. The argument is a sentence without its
    content."""

    def __init__(
        self, conversation_id: str, what: str, error: Exception, *, after_seq: int = 0
    ) -> None:
        """Create it. `after_seq` is the number of the last message before a damaged one."""
        super().__init__(
            f"Conversation {conversation_id}: {what} cannot be read ({type(error).__name__})."
        )
        self.conversation_id = conversation_id
        self.after_seq = after_seq


def log_unreadable(errors: Mapping[str, Exception]) -> None:
    """Name conversations that a list leaves out because they cannot be read. `errors`: the error of
    each, by id; their messages may quote texts."""
    for conversation_id, error in errors.items():
        logger.error(
            "conversation.unreadable",
            conversation_id=conversation_id,
            reason=type(error).__name__,
        )


async def read_full_messages(
    exchange: ExchangeStore, conversation_id: str, *, after_seq: int, limit: int
) -> Sequence[FullMessage]:
    """Return the first `limit` messages after a number, as `list_full_messages` does. Raises
    Damaged, which says where the first message that cannot be read is; StoreUnavailable."""
    try:
        return await exchange.list_full_messages(conversation_id, after_seq=after_seq, limit=limit)
    except UNREADABLE as error:
        place = await _place_of_damage(exchange, conversation_id, after_seq)
        what = f"the message after number {place}"
        raise Damaged(conversation_id, what, error, after_seq=place) from error


async def _place_of_damage(exchange: ExchangeStore, conversation_id: str, after_seq: int) -> int:
    """Return the number of the last message before the first one that cannot be read."""
    while True:
        try:
            page = await exchange.list_full_messages(conversation_id, after_seq=after_seq, limit=1)
        except UNREADABLE:
            return after_seq
        if not page:
            return after_seq  # repaired meanwhile
        after_seq = page[-1].message.seq
