"""Changes of a conversation itself, and the creation of conversations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.reporting import Event, with_report
from messaging.changes.metadata_rules import canonical, require_metadata
from messaging.changes.needs import Known
from messaging.changes.profile_rules import require_picture
from messaging.changes.rights import require_group, require_participant, require_role
from messaging.changes.text_rules import require_title
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import Conversation, ConversationKind, History, Posting
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import content_hash, derived_id, direct_conversation_id, random_id
from messaging.domain.participant import Participant, Role

FIXED_FIELDS = "no title and no picture, and its settings are fixed"
"""Of a direct conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateConversation:
    """Replace some fields of a conversation: `title`, `metadata`, `picture`, `posting`, `history`.
    This requires owner or admin; so nobody changes a direct conversation."""

    user_id: str
    changes: Mapping[str, Any]
    needs: None = None
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, FIXED_FIELDS)
        require_role(conversation, self.user_id, Role.ADMIN)
        return with_fields(conversation, self.changes, by=self.user_id)


def with_fields(conversation: Conversation, fields: Mapping[str, Any], *, by: str) -> Outcome:
    """Return the conversation with other values of some fields."""
    changes: dict[str, Any] = {
        name: value for name, value in fields.items() if getattr(conversation, name) != value
    }
    if not changes:
        return Outcome(conversation=conversation)
    after = replace(conversation, version=conversation.version + 1, **changes)
    change = Change(
        type=ChangeType.CONVERSATION_UPDATED, version=after.version, conversation=after, by=by
    )
    outcome = Outcome(conversation=after, change=change)
    if "title" not in changes:
        return outcome
    return with_report(outcome, Event.TITLE_CHANGED, by=by, title=after.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """The fields of a new conversation besides its people."""

    title: str | None = None
    metadata: str | None = None
    """A JSON object as text."""
    picture: str | None = None
    posting: Posting = Posting.ALL
    history: History = History.FULL
    system_messages: bool = False

    def checked(self) -> "NewConversation":
        """Return the fields as they are stored. Raises InvalidRequest."""
        if self.title is not None:
            require_title(self.title)
        if self.picture is not None:
            require_picture(self.picture)
        metadata = None if self.metadata is None else require_metadata(self.metadata)
        return replace(self, metadata=metadata)


def new_direct_conversation(
    user_id: str, others: Sequence[str], fields: NewConversation
) -> Conversation:
    if len(others) != 1:
        raise InvalidRequest.of(
            "participant_ids", "A direct conversation has exactly one other person. Name one."
        )
    for name in ("title", "picture"):
        if getattr(fields, name) is not None:
            raise InvalidRequest.of(name, f"A direct conversation has no {name}. Leave it out.")
    for name, only in (("posting", Posting.ALL), ("history", History.FULL)):
        if getattr(fields, name) is not only:
            detail = f"In a direct conversation, {name} is always {only}. Leave it out."
            raise InvalidRequest.of(name, detail)
    people = sorted([user_id, *others])
    return _new_conversation(
        conversation_id=direct_conversation_id(*people),
        kind=ConversationKind.DIRECT,
        fields=fields,
        roles=dict.fromkeys(people, Role.MEMBER),
        hashed="",
    )


def new_group_conversation(
    user_id: str,
    others: Sequence[str],
    fields: NewConversation,
    client_id: str | None,
    *,
    creator_id: str | None = None,
) -> Conversation:
    """Return a group whose owner is `user_id`. `creator_id`: the service account that creates it
    for its owner. It has client ids of its own."""
    content: list[object] = [fields.title, sorted(others)]
    given = {
        "metadata": canonical(fields.metadata),
        "picture": fields.picture,
        "posting": None if fields.posting is Posting.ALL else fields.posting.value,
        "history": None if fields.history is History.FULL else fields.history.value,
        "system_messages": fields.system_messages or None,
        "owner_id": None if creator_id is None else user_id,
    }
    if any(given.values()):  # a request without new fields has the same digest as before
        content.append({name: value for name, value in given.items() if value is not None})
    return _new_conversation(
        conversation_id=random_id()
        if client_id is None
        else derived_id("conversation", creator_id or user_id, client_id),
        kind=ConversationKind.GROUP,
        fields=fields,
        roles={user_id: Role.OWNER} | dict.fromkeys(others, Role.MEMBER),
        hashed=content_hash(json.dumps(content)),
    )


def _new_conversation(
    *,
    conversation_id: str,
    kind: ConversationKind,
    fields: NewConversation,
    roles: Mapping[str, Role],
    hashed: str,
) -> Conversation:
    return Conversation(
        id=conversation_id,
        kind=kind,
        title=fields.title,
        metadata=fields.metadata,
        picture=fields.picture,
        posting=fields.posting,
        history=fields.history,
        system_messages=fields.system_messages,
        participants={
            person: Participant(user_id=person, role=role, joined_version=0)
            for person, role in roles.items()
        },
        created_at=COMMIT_TIME,
        updated_at=COMMIT_TIME,
        active_at=COMMIT_TIME,
        content_hash=hashed,
    )
