"""The people of a group: add, remove, leave, and change roles."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeVar

from messaging.changes.sizes import takes_more_people
from messaging.commits.acts import SMALL_ACT, Outcome
from messaging.domain.entities import (
    Change,
    ChangeType,
    Conversation,
    Message,
    Participant,
    ReadPosition,
    Role,
)
from messaging.domain.exceptions import (
    InvalidRequest,
    MessagingError,
    NotFound,
    PermissionDenied,
    StoreUnavailable,
)
from messaging.domain.limits import get_limits
from messaging.runtime.app import get_instance
from messaging.services.acting import submit
from messaging.services.rules.quotas import Quota
from messaging.services.rules.rights import (
    access_conversation,
    outranks,
    read_conversation,
    require_conversation_id,
    require_group,
    require_participant,
    require_role,
    require_user_id,
)
from messaging.services.rules.welcome import welcome

Value = TypeVar("Value")


async def add_participants(
    *, user_id: str, conversation_id: str, user_ids: Sequence[str], role: Role = Role.MEMBER
) -> Conversation:
    """Add people, as owner or admin; only an owner adds owners and admins. Who is there already
    stays as they are; who was there before is a new member with nothing unread; who is not to be
    added is left out, see `welcome`, which costs one read for each who is new.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, PermissionDenied, RateLimited,
    StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    for index, person in enumerate(user_ids):
        require_user_id(f"user_ids.{index}", person)
    act = _AddParticipants(user_id=user_id, user_ids=tuple(dict.fromkeys(user_ids)), role=role)
    conversation = await _permitting(act, conversation_id)
    new = [person for person in act.user_ids if person not in conversation.participants]
    quota = Quota(user_id=user_id, people=len(new))
    await quota.take()
    let_in = set(await welcome(user_id, new, conversation_id=conversation_id))
    some = tuple(one for one in act.user_ids if one in let_in or one not in new)
    try:
        outcome = await submit(conversation_id, replace(act, user_ids=some))
    except StoreUnavailable:  # it may have been done
        raise
    except MessagingError:
        await quota.give_back()
        raise
    return outcome.conversation


async def _permitting(
    act: "_AddParticipants | _RemoveParticipant", conversation_id: str
) -> Conversation:
    """The conversation where it permits an act. Raises what refuses it, judged on a state that was
    read just now."""
    user_id = act.user_id
    conversation = await access_conversation(user_id=user_id, conversation_id=conversation_id)
    try:
        act.evaluate(conversation, {})
    except MessagingError:
        conversation = await read_conversation(user_id=user_id, conversation_id=conversation_id)
        act.evaluate(conversation, {})
    return conversation


async def remove_participant(*, user_id: str, conversation_id: str, participant_id: str) -> None:
    """Remove somebody of a lower role, or oneself (leave). The last owner leaves last.

    Raises ConversationNotFound, NotAParticipant, NotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    act = _RemoveParticipant(user_id=user_id, participant_id=participant_id)
    if participant_id == user_id:
        # Before it is done: nobody adds them again in between.
        await _permitting(act, conversation_id)
        await get_instance().people.note_left(user_id, conversation_id)
    await submit(conversation_id, act)


async def set_role(
    *, user_id: str, conversation_id: str, participant_id: str, role: Role
) -> Conversation:
    """Give a participant another role, as owner. A group with people has an owner.

    Raises ConversationNotFound, NotAParticipant, NotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    act = _SetRole(user_id=user_id, participant_id=participant_id, role=role)
    return (await submit(conversation_id, act)).conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class _AddParticipants:
    user_id: str
    user_ids: tuple[str, ...]
    role: Role
    reads: tuple[str, ...] = ()
    creates: None = None
    size: int = SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, "two people, always the same")
        least = Role.ADMIN if self.role is Role.MEMBER else Role.OWNER
        require_role(conversation, self.user_id, least)
        new = [person for person in self.user_ids if person not in conversation.participants]
        if not new:
            return Outcome(conversation=conversation)
        limit = get_limits().participants
        if len(conversation.participants) + len(new) > limit:
            detail = f"A conversation has at most {limit} participants."
            raise InvalidRequest.of("user_ids", detail, "max_length")
        version = conversation.version + 1
        added = {
            person: Participant(user_id=person, role=self.role, joined_version=version)
            for person in new
        }
        after = replace(
            conversation, version=version, participants={**conversation.participants, **added}
        )
        if not takes_more_people(after):
            detail = "The conversation is too large to add these people."
            raise InvalidRequest.of("user_ids", detail, "too_many")
        change = Change(
            type=ChangeType.PARTICIPANT_ADDED,
            version=version,
            participants=tuple(added.values()),
            conversation=after,
            by=self.user_id,
        )
        seq = conversation.seq
        positions = tuple(
            ReadPosition(user_id=person, read_seq=seq, delivered_seq=seq) for person in new
        )
        return Outcome(conversation=after, change=change, positions=positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RemoveParticipant:
    user_id: str
    participant_id: str
    reads: tuple[str, ...] = ()
    creates: None = None
    size: int = SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        actor = require_participant(conversation, self.user_id)
        require_group(conversation, "two people, always the same")
        leaving = self.participant_id == self.user_id
        if not leaving:
            require_role(conversation, self.user_id, Role.ADMIN)
        participant = require_present(conversation, self.participant_id)
        if not leaving and actor.role is not Role.OWNER and not outranks(actor, participant):
            raise PermissionDenied("Only an owner removes owners and admins.")
        return without_participants(conversation, [participant], by=self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SetRole:
    user_id: str
    participant_id: str
    role: Role
    reads: tuple[str, ...] = ()
    creates: None = None
    size: int = SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, "no roles")
        require_role(conversation, self.user_id, Role.OWNER)
        return with_role(conversation, self.participant_id, self.role, by=self.user_id)


def without_participants(
    conversation: Conversation, removed: Sequence[Participant], *, by: str
) -> Outcome:
    """The conversation once these people are gone, all in one change. Raises PermissionDenied if
    those who stay had no owner."""
    gone = {person.user_id for person in removed}
    rest = _without(conversation.participants, gone)
    if rest:
        _require_owner(rest)
    version = conversation.version + 1
    after = replace(
        conversation,
        version=version,
        participants=rest,
        sent_seq=_without(conversation.sent_seq, gone),
        preferences=_without(conversation.preferences, gone),
    )
    change = Change(
        type=ChangeType.PARTICIPANT_REMOVED,
        version=version,
        participants=tuple(removed),
        conversation=after,
        by=by,
    )
    return Outcome(conversation=after, change=change)


def with_role(conversation: Conversation, person: str, role: Role, *, by: str) -> Outcome:
    """The conversation with another role for somebody. Raises NotFound, PermissionDenied."""
    participant = require_present(conversation, person)
    if participant.role is role:
        return Outcome(conversation=conversation)
    people = {**conversation.participants, person: replace(participant, role=role)}
    _require_owner(people)
    after = replace(conversation, version=conversation.version + 1, participants=people)
    change = Change(
        type=ChangeType.CONVERSATION_UPDATED, version=after.version, conversation=after, by=by
    )
    return Outcome(conversation=after, change=change)


def require_present(conversation: Conversation, person: str) -> Participant:
    participant = conversation.participants.get(person)
    if participant is None:
        raise NotFound(f"There is no participant {person!r} in this conversation.")
    return participant


def _require_owner(people: Mapping[str, Participant]) -> None:
    if not any(person.role is Role.OWNER for person in people.values()):
        raise PermissionDenied("A group needs an owner. Make another person owner first.")


def _without(mapping: Mapping[str, Value], keys: Set[str]) -> Mapping[str, Value]:
    return {name: value for name, value in mapping.items() if name not in keys}
