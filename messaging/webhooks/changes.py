"""Turns the changes of a conversation into events.

A process that committed the changes itself knows each of them. Otherwise the store shows only what
they have led to: a message that was sent and edited since comes as created, with its present text,
and then as updated; several changes of the conversation come as one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.integrations.webhooks import EventReference, WebhookEvent
from messaging.domain.message import Message
from messaging.followers.follower import Followed

Hints = Mapping[int, "Hint"]
"""What is known of single changes, by version."""


class Hint:
    """What the state of the store does not show of a change."""

    __slots__ = ("about", "detail", "type")

    def __init__(self, type_: WebhookEvent, about: str, detail: Mapping[str, Any]) -> None:
        self.type = type_
        self.about = about
        self.detail = detail


def events_of(followed: Followed, *, hints: Hints) -> Sequence[EventReference]:
    """Return the events of some changes, ascending by version. Messages that are deleted by now
    have no event but their deletion."""
    known = hints
    if followed.changes is not None:
        known = {one.version: hint_of(one) for one in followed.changes}
    found = _Events(followed, known)
    return sorted(found.all(), key=lambda event: event.version)


def hint_of(change: Change) -> Hint:
    """Return what is to be remembered of a change: ids, and no text."""
    detail: dict[str, Any] = {"by": change.by}
    if change.reaction is not None:
        detail |= {"emoji": change.reaction.emoji, "added": change.reaction.added}
    if change.participants:
        detail["participants"] = [
            {"user_id": one.user_id, "role": one.role.value, "joined_version": one.joined_version}
            for one in change.participants
        ]
    about = "" if change.message is None else change.message.id
    return Hint(_TYPES[change.type], about, detail)


_TYPES = {
    ChangeType.MESSAGE_CREATED: WebhookEvent.MESSAGE_CREATED,
    ChangeType.MESSAGE_UPDATED: WebhookEvent.MESSAGE_UPDATED,
    ChangeType.MESSAGE_DELETED: WebhookEvent.MESSAGE_DELETED,
    ChangeType.REACTION_UPDATED: WebhookEvent.REACTION_UPDATED,
    ChangeType.CONVERSATION_UPDATED: WebhookEvent.CONVERSATION_UPDATED,
    ChangeType.PARTICIPANT_ADDED: WebhookEvent.PARTICIPANT_ADDED,
    ChangeType.PARTICIPANT_REMOVED: WebhookEvent.PARTICIPANT_REMOVED,
}


class _Events:
    def __init__(self, followed: Followed, hints: Hints) -> None:
        self._followed = followed
        self._conversation = followed.conversation
        self._hints = hints
        self._range = range(followed.since + 1, followed.version + 1)
        self._explained: set[int] = set()

    def all(self) -> Iterator[EventReference]:
        if self._followed.since < 0:
            self._explained.add(0)
            created_at = self._conversation.created_at
            yield self._event(WebhookEvent.CONVERSATION_CREATED, 0, at=created_at)
        for message in self._followed.messages:
            yield from self._of_message(message)
        yield from self._hinted()
        yield from self._additions()
        yield from self._rest()

    def _of_message(self, message: Message) -> Iterator[EventReference]:
        created, version = message.first_version, message.version
        self._explained.add(version)
        if message.deleted_at is not None:
            at = message.deleted_at
            yield self._event(WebhookEvent.MESSAGE_DELETED, version, at=at, about=message.id)
            if created is not None:
                self._explained.add(created)
            return
        if created is not None and created in self._range:
            self._explained.add(created)
            at = message.created_at
            yield self._event(WebhookEvent.MESSAGE_CREATED, created, at=at, about=message.id)
        if version != created and version not in self._hints:
            at = message.edited_at or self._conversation.updated_at
            yield self._event(WebhookEvent.MESSAGE_UPDATED, version, at=at, about=message.id)

    def _hinted(self) -> Iterator[EventReference]:
        """Yield what is known of single changes, except about messages that are deleted by now."""
        deleted = {one.id for one in self._followed.messages if one.deleted_at is not None}
        for version, hint in self._hints.items():
            if version not in self._range:
                continue
            self._explained.add(version)
            shown = (WebhookEvent.MESSAGE_CREATED, WebhookEvent.MESSAGE_DELETED)
            if hint.about in deleted or hint.type in shown:
                continue
            at = self._conversation.updated_at
            yield self._event(hint.type, version, at=at, about=hint.about, detail=hint.detail)

    def _additions(self) -> Iterator[EventReference]:
        """Yield who was added, as far as they are still in the conversation."""
        if self._followed.since < 0:
            self._explained.update(
                one.joined_version for one in self._conversation.participants.values()
            )
            return
        people = sorted(
            (
                one
                for one in self._conversation.participants.values()
                if one.joined_version in self._range and one.joined_version not in self._explained
            ),
            key=lambda one: one.joined_version,
        )
        for version, together in groupby(people, key=lambda one: one.joined_version):
            self._explained.add(version)
            added = [
                {"user_id": one.user_id, "role": one.role.value, "joined_version": version}
                for one in together
            ]
            yield self._event(
                WebhookEvent.PARTICIPANT_ADDED,
                version,
                at=self._conversation.updated_at,
                detail={"participants": added},
            )

    def _rest(self) -> Iterator[EventReference]:
        """Yield one event for all other changes, about the present state. A change of a message
        that has changed again since needs none; it cannot be told from those."""
        rest = [version for version in self._range if version not in self._explained]
        if rest:
            at = self._conversation.updated_at
            yield self._event(WebhookEvent.CONVERSATION_UPDATED, rest[-1], at=at)

    def _event(
        self,
        type_: WebhookEvent,
        version: int,
        *,
        at: Any,
        about: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> EventReference:
        conversation: Conversation = self._conversation
        return EventReference(
            id=f"evt_{self._followed.epoch}_{conversation.id}_{version}",
            type=type_,
            at=at,
            conversation_id=conversation.id,
            version=version,
            about=about,
            detail=detail or {},
        )
