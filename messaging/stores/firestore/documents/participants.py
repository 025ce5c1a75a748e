"""The people in a conversation's document, and their summary for lists."""

from collections.abc import Mapping
from typing import Any

from messaging.domain.participant import Participant, Role
from messaging.stores.firestore.documents.conversions import Fields
from messaging.stores.firestore.values import read_texts
from messaging.stores.shared.stored_enums import member_of

_LISTED_PEOPLE = 50
"""The most people for whom a conversation keeps a summary."""


def encode_participants(participants: Mapping[str, Participant]) -> Fields:
    """Encode the participants. A map has no order of its own; the array keeps it."""
    return {
        "participant_ids": list(participants),
        "roles": {one.user_id: _encode_participant(one) for one in participants.values()},
    }


def _encode_participant(participant: Participant) -> Fields:
    fields: Fields = {
        "role": participant.role.value,
        "joined_version": participant.joined_version,
    }
    if participant.visible_from != 1:
        fields["visible_from"] = participant.visible_from
    return fields


def decode_participants(fields: Any) -> dict[str, Participant]:
    roles = fields["roles"].map_value.fields
    return {
        user_id: decode_participant(user_id, roles[user_id].map_value.fields)
        for user_id in read_texts(fields["participant_ids"])
    }


def decode_participant(user_id: str, fields: Any) -> Participant:
    return Participant(
        user_id=user_id,
        role=member_of(Role, fields["role"].string_value),
        joined_version=fields["joined_version"].integer_value,
        visible_from=fields["visible_from"].integer_value if "visible_from" in fields else 1,
    )


def encode_summary(participants: Mapping[str, Participant]) -> Fields:
    """Return the fields of the summary: the number of people, and an array of the id, role and
    `joined_version` of each, in their order. Lists show of the others nothing else."""
    listed: list[Any] = []
    if len(participants) <= _LISTED_PEOPLE:
        for person in participants.values():
            listed += [person.user_id, person.role.value, person.joined_version]
    return {"participant_count": len(participants), "listed_people": listed}


def decode_summary(value: Any) -> dict[str, Participant]:
    """Return the people of the summary's array."""
    values = value.array_value.values
    return {
        id_.string_value: Participant(
            user_id=id_.string_value,
            role=member_of(Role, role.string_value),
            joined_version=joined_version.integer_value,
        )
        for id_, role, joined_version in zip(values[::3], values[1::3], values[2::3], strict=True)
    }


def shows_people(document: Any, people: int) -> bool:
    """Return whether the summary is enough for a list that shows up to `people` participants."""
    count = count_of(document)
    return count is not None and (count > people or count <= _LISTED_PEOPLE)


def count_of(document: Any) -> int | None:
    """Return the number of people; None if the last writer was a release that does not count
    them."""
    fields = document.fields
    if "participant_count" not in fields:
        return None
    if fields["counted_commit_id"].string_value != fields["commit_id"].string_value:
        return None
    count: int = fields["participant_count"].integer_value
    return count
