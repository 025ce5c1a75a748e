"""Evaluates several changes of one conversation into a single commit, and dates the outcomes once
the store has committed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from messaging.changes.change import ConversationChange, Outcome
from messaging.changes.needs import Known
from messaging.commits.commit_spans import commit_span
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessagingError
from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions, ReactionKey
from messaging.domain.participant import ReadPosition
from messaging.instruments import tracing
from messaging.instruments.origin import Origin
from messaging.stores.conversations import Commit
from messaging.stores.shared.commit_time import stamped, stamped_conversation


@dataclass(slots=True)
class Evaluation:
    """Changes evaluated in order, each on the result of the previous ones."""

    base: Conversation
    known: Known = field(default_factory=Known)
    """What the changes need, as far as it was read."""
    conversation: Conversation = field(init=False)
    outcomes: list[Outcome | MessagingError] = field(default_factory=list)
    refused_creations: set[str] = field(default_factory=set)
    """The ids of messages that refused changes would have created."""
    _created: dict[str, Message] = field(default_factory=dict)
    _replaced: dict[str, Message] = field(default_factory=dict)
    _positions: dict[str, ReadPosition] = field(default_factory=dict)
    _attached: dict[str, StoredAttachment] = field(default_factory=dict)
    _released: dict[str, None] = field(default_factory=dict)
    _earlier_texts: dict[str, EarlierTexts] = field(default_factory=dict)
    _reactions: dict[ReactionKey, PersonReactions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.conversation = self.base

    def add(self, change: ConversationChange) -> None:
        """Evaluate one more change. A refusal concerns only that change."""
        try:
            outcome = change.apply(self.conversation, self.known)
        except MessagingError as refusal:
            self.outcomes.append(refusal)
            if change.creates is not None:
                self.refused_creations.add(change.creates)
            return
        self.outcomes.append(outcome)
        self.conversation = outcome.conversation
        if outcome.change is not None and outcome.message is not None:
            self._keep_message(outcome.message, new=outcome.message.id == change.creates)
            self._keep_parts(outcome.message.id, outcome)
        if outcome.report is not None and outcome.report.message is not None:
            self._keep_message(outcome.report.message, new=True)
        for position in outcome.positions:
            self._positions[position.user_id] = position

    def _keep_message(self, message: Message, *, new: bool) -> None:
        """Keep a message for the commit, and for the next changes."""
        self.known.messages[message.id] = message
        written = self._created if new or message.id in self._created else self._replaced
        written[message.id] = message

    def _keep_parts(self, message_id: str, outcome: Outcome) -> None:
        """Keep what belongs to a message, for the commit and for the next changes."""
        for attachment in outcome.attached:
            self.known.attachments[attachment.id] = self._attached[attachment.id] = attachment
        for id_ in outcome.released:
            self._attached.pop(id_, None)
            self._released[id_] = None
        if (earlier := outcome.earlier) is not None:
            self.known.earlier_texts[message_id] = self._earlier_texts[message_id] = earlier
        if (own := outcome.reactions) is not None:
            self.known.reactions[own.key] = own.emojis
            self._reactions[own.key] = own

    @property
    def changes_nothing(self) -> bool:
        return self.conversation.version == self.base.version

    @property
    def created(self) -> Mapping[str, Message]:
        """Return the new messages, by id."""
        return self._created

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
            earlier=self._earlier_texts,
            reactions=tuple(
                own
                for own in self._reactions.values()
                if self.known.messages[own.message_id].deleted_at is None
            ),
        )

    def was_applied(self, found: Mapping[str, Message]) -> bool:
        """Return whether the store has applied the commit, from those of its new messages that the
        store has.

        A position is assigned only once, whatever happens to the text later. If the commit has
        other changes too, only the version of an unchanged message proves that they were committed
        with it.
        """
        only_creates = len(self._created) == self.conversation.version - self.base.version
        return bool(self._created) and all(
            (same := found.get(id_)) is not None
            and (same.seq, same.content_hash) == (message.seq, message.content_hash)
            and (only_creates or same.version == message.version)
            for id_, message in self._created.items()
        )

    def stored_outcomes(self, stored: Conversation, at: datetime) -> list[Outcome | MessagingError]:
        """Return the outcomes once the store has committed them at `at`."""
        return [
            outcome if isinstance(outcome, MessagingError) else stored_outcome(outcome, stored, at)
            for outcome in self.outcomes
        ]


def stored_outcome(outcome: Outcome, stored: Conversation, at: datetime) -> Outcome:
    """Return the outcome with the store's time and the conversation as stored."""
    message = stamped(outcome.message, at) if outcome.message else None
    report = outcome.report
    return Outcome(
        conversation=stored,
        change=outcome.change and _stored_change(outcome.change, at, message, outcome),
        message=message,
        report=report
        and _stored_change(report, at, report.message and stamped(report.message, at), outcome),
        positions=outcome.positions,
        released=outcome.released,
        reactions=outcome.reactions,
    )


def _stored_change(
    change: Change, at: datetime, message: Message | None, outcome: Outcome
) -> Change:
    after = change.conversation
    if after is None and change.type is not ChangeType.MESSAGE_CREATED:
        after = outcome.conversation  # some participants may not see the message
    snapshot = after and stamped_conversation(after, at, token=None)
    # Not `replace`: it takes three times as long, and each message passes here.
    return Change(
        type=change.type,
        version=change.version,
        message=message,
        participants=change.participants,
        conversation=snapshot,
        by=change.by,
        pinned_count=change.pinned_count,
        reaction=change.reaction,
        loses_reactions=change.loses_reactions,
    )


def origins_of(
    caused: Sequence[tuple[Origin, float, Outcome | MessagingError]], *, changes: int
) -> Mapping[int, Origin]:
    """Return what caused the committed changes, by version. Their traces go on from the commit.

    `caused`: the origin of a change, since when it has waited (by the monotonic clock), and its
    outcome. `changes`: how many changes the commit has.
    """
    committed = [
        (outcome.change.version, origin, since)
        for origin, since, outcome in caused
        if isinstance(outcome, Outcome) and outcome.change is not None
    ]
    if (tracer := tracing.tracer) is None:
        return {version: origin for version, origin, _ in committed}
    return {
        version: commit_span(tracer, origin, since=since, changes=changes)
        for version, origin, since in committed
    }
