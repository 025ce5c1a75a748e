"""Changes of reactions: one person adds an emoji to a message, or removes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.changed import (
    require_visible,
    require_written,
    with_changed_message,
)
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import require_participant, require_unblocked, require_unfrozen
from messaging.domain.change import ChangeType, Reaction
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import InvalidRequest, MessageNotFound
from messaging.domain.limits import get_limits
from messaging.domain.message import Message, PersonReactions, ReactionSummary

LISTED = 10
"""The people whom the summary of a reaction names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Make a person's reaction to a message present or absent."""

    user_id: str
    message_id: str
    emoji: str
    present: bool
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,), reactions=((self.message_id, self.user_id),))

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = require_visible(conversation, self.user_id, known.messages, self.message_id)
        if message.deleted_at is not None:
            raise MessageNotFound
        require_written(message)
        require_unblocked(conversation)
        require_unfrozen(conversation, self.user_id)
        # An earlier release may have written the message without its reactions.
        stored = known.reactions.get((self.message_id, self.user_id), ())
        own = tuple(emoji for emoji in stored if emoji in message.reactions)
        if (self.emoji in own) is self.present:
            return Outcome(conversation=conversation, message=message, reactions=self._after(own))
        if self.present:
            self._require_room(message, own)
            own, reactions = (*own, self.emoji), with_person(message, self.emoji, self.user_id)
        else:
            own = tuple(emoji for emoji in own if emoji != self.emoji)
            reactions = without_person(message, self.emoji, self.user_id)
        outcome = with_changed_message(
            conversation,
            message,
            by=self.user_id,
            as_=ChangeType.REACTION_UPDATED,
            reactions=reactions,
        )
        assert outcome.change is not None
        reaction = Reaction(emoji=self.emoji, added=self.present)
        return replace(
            outcome,
            change=replace(outcome.change, reaction=reaction),
            reactions=self._after(own),
        )

    def _after(self, own: tuple[str, ...]) -> PersonReactions:
        return PersonReactions(message_id=self.message_id, user_id=self.user_id, emojis=own)

    def _require_room(self, message: Message, own: tuple[str, ...]) -> None:
        limits = get_limits()
        if len(own) >= limits.reactions_per_person:
            raise _too_many(
                f"You have {limits.reactions_per_person} reactions on this message. Remove one."
            )
        if self.emoji not in message.reactions and len(message.reactions) >= limits.reactions:
            raise _too_many(
                f"The message has {limits.reactions} kinds of reactions. Use one of them."
            )


def with_person(message: Message, emoji: str, user_id: str) -> Mapping[str, ReactionSummary]:
    """Return the reactions of a message after one more person has reacted."""
    before = message.reactions.get(emoji)
    count, listed = (0, ()) if before is None else (before.count, before.user_ids)
    if len(listed) < LISTED:
        listed = (*listed, user_id)
    return {**message.reactions, emoji: ReactionSummary(count=count + 1, user_ids=listed)}


def without_person(message: Message, emoji: str, user_id: str) -> Mapping[str, ReactionSummary]:
    """Return the reactions of a message after a person has taken back theirs."""
    before = message.reactions[emoji]
    if before.count <= 1:
        return {name: one for name, one in message.reactions.items() if name != emoji}
    listed = tuple(one for one in before.user_ids if one != user_id)
    return {**message.reactions, emoji: ReactionSummary(count=before.count - 1, user_ids=listed)}


def _too_many(detail: str) -> InvalidRequest:
    return InvalidRequest.of("emoji", detail, "too_many")
