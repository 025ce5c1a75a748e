"""Which reactions are mine: events and replies do not say it. Pure, without input or output."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from chat_client.models import Message


class Reaction(NamedTuple):
    """The change that an event is of."""

    by: str | None = None
    emoji: str = ""
    added: bool = False


_MAX_UNSURE = 1000
"""A conversation that is shown asks for them at once; elsewhere nobody sees them."""
NO_REACTION = Reaction()


class MyReactions:
    def __init__(self, me: str) -> None:
        self._me = me
        self._unsure: dict[int, int] = {}
        """By `seq`: the version of a message. Only the server knows my reactions to it."""

    def complete(self, message: Message, held: Message | None, reaction: Reaction) -> Message:
        """Return the message with `my_reactions`, as far as it and its state before tell."""
        is_latest = held is None or message.version >= held.version
        if message.my_reactions is not None:
            if is_latest:
                self._unsure.pop(message.seq, None)
            return message
        is_unsure = held is not None and self._unsure.get(held.seq) == held.version
        mine = []
        for emoji, summary in message.reactions.items():
            ids = summary.user_ids
            if self._me in ids or len(ids) >= summary.count:
                is_mine = self._me in ids
            else:
                # Not all are named, and the change may be mine.
                is_unsure = is_unsure or held is None or reaction.by is None
                is_mine = held is not None and emoji in (held.my_reactions or ())
            if is_mine:
                mine.append(emoji)
        if is_unsure and is_latest:
            self._unsure[message.seq] = message.version
            if len(self._unsure) > _MAX_UNSURE:
                del self._unsure[next(iter(self._unsure))]
        return replace(message, my_reactions=mine)

    @staticmethod
    def changed(held: Message, reaction: Reaction) -> Message:
        """Return the message after a change of mine."""
        mine = [one for one in held.my_reactions or () if one != reaction.emoji]
        return replace(held, my_reactions=[*mine, reaction.emoji] if reaction.added else mine)

    def take_unsure(self, messages: Sequence[Message]) -> Sequence[str]:
        """Return the ids of the messages that must be loaded. Each id is returned once."""
        if not self._unsure:
            return ()
        unsure, self._unsure = self._unsure, {}
        return [one.id for one in messages if unsure.get(one.seq) == one.version]
