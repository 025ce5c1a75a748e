"""Changes of the people in a group: add, remove, leave, and change roles."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeVar

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.reporting import Event, with_report
from messaging.changes.needs import Known
from messaging.changes.rights import outranks, require_group, require_participant, require_role
from messaging.changes.sizes import takes_more_people
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation, History
from messaging.domain.exceptions import InvalidRequest, NotFound, PermissionDenied
from messaging.domain.limits import get_limits
from messaging.domain.participant import Participant, ReadPosition, Role

Value = TypeVar("Value")

FIXED_PEOPLE = "two people, always the same"
"""Of a direct conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipants:
    user_id: str
    user_ids: tuple[str, ...]
    role: Role
    needs: None = None
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, FIXED_PEOPLE)
        least = Role.ADMIN if self.role is Role.MEMBER else Role.OWNER
        require_role(conversation, self.user_id, least)
        return with_participants(conversation, self.user_ids, self.role, by=self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveParticipant:
    user_id: str
    participant_id: str
    needs: None = None
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        actor = require_participant(conversation, self.user_id)
        require_group(conversation, FIXED_PEOPLE)
        leaving = self.participant_id == self.user_id
        if not leaving:
            require_role(conversation, self.user_id, Role.ADMIN)
        participant = require_present(conversation, self.participant_id)
        if not leaving and actor.role is not Role.OWNER and not outranks(actor, participant):
            raise PermissionDenied("Only an owner may remove owners and admins.")
        outcome = without_participants(conversation, [participant], by=self.user_id)
        event = Event.PARTICIPANT_LEFT if leaving else Event.PARTICIPANT_REMOVED
        return with_report(outcome, event, by=self.user_id, user_ids=[self.participant_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRole:
    user_id: str
    participant_id: str
    role: Role
    needs: None = None
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        require_participant(conversation, self.user_id)
        require_group(conversation, "no roles")
        require_role(conversation, self.user_id, Role.OWNER)
        outcome = with_role(conversation, self.participant_id, self.role, by=self.user_id)
        return with_report(
            outcome,
            Event.ROLE_CHANGED,
            by=self.user_id,
            user_ids=[self.participant_id],
            role=self.role.value,
        )


def with_participants(
    conversation: Conversation, user_ids: Sequence[str], role: Role, *, by: str
) -> Outcome:
    """Return the conversation with these people in addition. Those who are in it stay unchanged.
    Raises InvalidRequest if it would become too large."""
    new = [person for person in user_ids if person not in conversation.participants]
    if not new:
        return Outcome(conversation=conversation)
    limit = get_limits().participants
    if len(conversation.participants) + len(new) > limit:
        detail = f"A conversation has at most {limit} participants. Name fewer people."
        raise InvalidRequest.of("user_ids", detail, "max_length")
    version = conversation.version + 1
    since_joining = conversation.history is History.SINCE_JOINING
    visible_from = conversation.seq + 1 if since_joining else 1
    added = {
        person: Participant(
            user_id=person,
            role=role,
            joined_version=version,
            visible_from=visible_from,
        )
        for person in new
    }
    after = replace(
        conversation, version=version, participants={**conversation.participants, **added}
    )
    if not takes_more_people(after):
        detail = "The conversation is too large to add these people. Name fewer people."
        raise InvalidRequest.of("user_ids", detail, "too_many")
    change = Change(
        type=ChangeType.PARTICIPANT_ADDED,
        version=version,
        participants=tuple(added.values()),
        conversation=after,
        by=by,
    )
    seq = conversation.seq
    positions = tuple(
        ReadPosition(user_id=person, read_seq=seq, delivered_seq=seq) for person in new
    )
    outcome = Outcome(conversation=after, change=change, positions=positions)
    return with_report(outcome, Event.PARTICIPANT_ADDED, by=by, user_ids=new)


def without_participants(
    conversation: Conversation, removed: Sequence[Participant], *, by: str
) -> Outcome:
    """Return the conversation without these people, in one change. Raises PermissionDenied if no
    owner would remain."""
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
        mentioned_seq=_without(conversation.mentioned_seq, gone),
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
    """Return the conversation with another role for a participant. Raises NotFound,
    PermissionDenied."""
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
        raise NotFound(f"{person!r} is not a participant of this conversation.")
    return participant


def _require_owner(people: Mapping[str, Participant]) -> None:
    if not any(person.role is Role.OWNER for person in people.values()):
        raise PermissionDenied("A group needs an owner. Make another participant owner first.")


def _without(mapping: Mapping[str, Value], keys: Set[str]) -> Mapping[str, Value]:
    return {name: value for name, value in mapping.items() if name not in keys}
