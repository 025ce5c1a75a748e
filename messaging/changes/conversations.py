"""Changes of a conversation itself, and the creation of conversations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.rights import require_group, require_participant, require_role
from messaging.changes.text_rules import require_title
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import content_hash, derived_id, direct_conversation_id, random_id
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConversation:
    user_id: str
    title: str
    reads: tuple[str, ...] = ()
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, "no title")
        require_role(conversation, self.user_id, Role.ADMIN)
        if conversation.title == self.title:
            return Outcome(conversation=conversation)
        after = replace(conversation, title=self.title, version=conversation.version + 1)
        change = Change(
            type=ChangeType.CONVERSATION_UPDATED,
            version=after.version,
            conversation=after,
            by=self.user_id,
        )
        return Outcome(conversation=after, change=change)


def new_direct_conversation(user_id: str, others: Sequence[str], title: str | None) -> Conversation:
    if len(others) != 1:
        raise InvalidRequest.of(
            "participant_ids", "A direct conversation has exactly one other person. Name one."
        )
    if title is not None:
        raise InvalidRequest.of("title", "A direct conversation has no title. Leave out the title.")
    people = sorted([user_id, *others])
    return _new_conversation(
        conversation_id=direct_conversation_id(*people),
        kind=ConversationKind.DIRECT,
        title=None,
        roles=dict.fromkeys(people, Role.MEMBER),
        hashed="",
    )


def new_group_conversation(
    user_id: str, others: Sequence[str], title: str | None, client_id: str | None
) -> Conversation:
    if title is not None:
        require_title(title)
    return _new_conversation(
        conversation_id=random_id()
        if client_id is None
        else derived_id("conversation", user_id, client_id),
        kind=ConversationKind.GROUP,
        title=title,
        roles={user_id: Role.OWNER} | dict.fromkeys(others, Role.MEMBER),
        hashed=content_hash(json.dumps([title, sorted(others)])),
    )


def _new_conversation(
    *,
    conversation_id: str,
    kind: ConversationKind,
    title: str | None,
    roles: Mapping[str, Role],
    hashed: str,
) -> Conversation:
    return Conversation(
        id=conversation_id,
        kind=kind,
        title=title,
        participants={
            person: Participant(user_id=person, role=role, joined_version=0)
            for person, role in roles.items()
        },
        created_at=COMMIT_TIME,
        updated_at=COMMIT_TIME,
        active_at=COMMIT_TIME,
        content_hash=hashed,
    )
