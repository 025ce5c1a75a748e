"""Evaluates several changes of one conversation into a single commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from messaging.changes.change import ConversationChange, Outcome
from messaging.changes.messages.editing import edits_text
from messaging.changes.messages.reacting import React
from messaging.changes.messages.sending import has_attachments
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessagingError
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions, ReactionKey
from messaging.domain.participant import ReadPosition
from messaging.stores.conversations import Commit


@dataclass(slots=True)
class Evaluation:
    """Changes evaluated in order, each on the result of the previous ones."""

    base: Conversation
    messages: dict[str, Message]
    reactions: dict[ReactionKey, tuple[str, ...]] = field(default_factory=dict)
    conversation: Conversation = field(init=False)
    outcomes: list[Outcome | MessagingError] = field(default_factory=list)
    attachments: dict[str, StoredAttachment] = field(default_factory=dict)
    """The attachments that the changes name, as far as they exist."""
    earlier: dict[str, EarlierTexts] = field(default_factory=dict)
    """The earlier texts of the messages that the changes edit."""
    refused_creations: set[str] = field(default_factory=set)
    """The ids of messages that refused changes would have created."""
    _created: dict[str, Message] = field(default_factory=dict)
    _replaced: dict[str, Message] = field(default_factory=dict)
    _positions: dict[str, ReadPosition] = field(default_factory=dict)
    _attached: dict[str, StoredAttachment] = field(default_factory=dict)
    _released: dict[str, None] = field(default_factory=dict)
    _earlier: dict[str, EarlierTexts] = field(default_factory=dict)
    _reacted: set[ReactionKey] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.conversation = self.base

    def add(self, change: ConversationChange) -> None:
        """Evaluate one more change. A refusal concerns only that change."""
        if has_attachments(change):
            change = change.with_attachments(self.attachments)
        if edits_text(change):
            change = change.with_earlier_texts(
                self.earlier.get(change.message_id, NO_EARLIER_TEXTS)
            )
        if isinstance(change, React) and change.key in self.reactions:
            change = change.with_own(self.reactions[change.key])
        try:
            outcome = change.apply(self.conversation, self.messages)
        except MessagingError as refusal:
            self.outcomes.append(refusal)
            if change.creates is not None:
                self.refused_creations.add(change.creates)
            return
        self.outcomes.append(outcome)
        self.conversation = outcome.conversation
        if outcome.change is not None and outcome.message is not None:
            self._keep(outcome.message, new=outcome.message.id == change.creates)
            if outcome.earlier is not None:
                # From here on they are known, also for a later edit of the same commit.
                self.earlier[outcome.message.id] = outcome.earlier
                self._earlier[outcome.message.id] = outcome.earlier
            if outcome.reactions is not None:
                self.reactions[outcome.reactions.key] = outcome.reactions.emojis
                self._reacted.add(outcome.reactions.key)
        if outcome.report is not None and outcome.report.message is not None:
            self._keep(outcome.report.message, new=True)
        self._keep_attachments(outcome)
        self._positions.update({position.user_id: position for position in outcome.positions})

    def _keep(self, message: Message, *, new: bool) -> None:
        self.messages[message.id] = message
        written = self._created if new or message.id in self._created else self._replaced
        written[message.id] = message

    def _keep_attachments(self, outcome: Outcome) -> None:
        for attachment in outcome.attached:
            # From here on it is used, also for a later send of the same commit.
            self.attachments[attachment.id] = self._attached[attachment.id] = attachment
        for id_ in outcome.released:
            self._attached.pop(id_, None)
            self._released[id_] = None

    @property
    def changes_nothing(self) -> bool:
        return self.conversation.version == self.base.version

    @property
    def created(self) -> Mapping[str, Message]:
        """Return the new messages, by id."""
        return self._created

    @property
    def only_creates(self) -> bool:
        """Return whether the only changes are new messages."""
        return len(self._created) == self.conversation.version - self.base.version

    def commit(self, commit_id: str) -> Commit:
        return Commit(
            commit_id=commit_id,
            before=self.base,
            after=self.conversation,
            created=tuple(self._created.values()),
            replaced=tuple(self._replaced.values()),
            positions=tuple(self._positions.values()),
            attached=tuple(self._attached.values()),
            released=tuple(self._released),
            earlier=self._earlier,
            reactions=tuple(
                PersonReactions(message_id=key[0], user_id=key[1], emojis=self.reactions[key])
                for key in self._reacted
                if self.messages[key[0]].deleted_at is None
            ),
        )
