"""The JSON of entities for clients, the same over REST and the socket."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.fields.codec import Attribute, Conversions, writer
from messaging.domain.fields.plain import attachments_data, reactions_data
from messaging.domain.limits import get_limits
from messaging.domain.message import Message
from messaging.domain.own import visible
from messaging.domain.own.facts import facts_of
from messaging.domain.own.state import current_mark, effective_read_seq
from messaging.domain.participant import OwnFlags, Participant, Preferences, ReadPosition
from messaging.domain.people import PersonPresence, Profile, UserSettings
from messaging.domain.recipients import Device
from messaging.domain.reports import Report

Data = dict[str, Any]


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def optional_timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def json_fragment(text: str | None) -> orjson.Fragment | None:
    """Return JSON that is stored as text, for the encoder to copy."""
    return None if text is None else orjson.Fragment(text)


def participant_data(participant: Participant) -> Data:
    return {
        "user_id": participant.user_id,
        "role": participant.role.value,
        "joined_version": participant.joined_version,
    }


MESSAGE_FIELDS = (
    "id",
    "conversation_id",
    "seq",
    "version",
    "created_version",
    "kind",
    "sender_id",
    "client_id",
    "text",
    "metadata",
    "reply_to",
    "mentions",
    "mentions_all",
    "attachments",
    "reactions",
    "created_at",
    "edited_at",
    "deleted_at",
    "pinned_at",
)
"""What clients see of a message, in this order. `chat.rest.responses` describes the same."""

SHOWN = Conversions(
    types={
        str: None,
        int: None,
        bool: None,
        datetime: timestamp,
        tuple[str, ...]: list,
        Mapping[str, int]: dict,
    },
    enumeration=lambda _: Attribute("value"),
)
"""How values of each type are shown to clients."""

message_data = writer(
    Message,
    SHOWN,
    only=MESSAGE_FIELDS,
    computed={
        "created_version": lambda one: one.created_version or one.first_version,
        "metadata": lambda message: json_fragment(message.metadata),
        "attachments": lambda one: attachments_data(one.attachments) if one.attachments else [],
        "reactions": lambda one: reactions_data(one.reactions) if one.reactions else {},
    },
)


def personal_message_data(message: Message, own_reactions: Iterable[str]) -> Data:
    """Return a message as one participant sees it, with their own reactions."""
    return {**message_data(message), "my_reactions": list(own_reactions)}


def conversation_data(
    conversation: Conversation | ListedConversation,
    *,
    everybody: bool = False,
    visible_from: int = 1,
) -> Data:
    """Return a conversation as its participants see it who may see messages from `visible_from`
    on, for events.

    `participants` is null in large conversations, unless `everybody` is requested.
    """
    people = conversation.participants
    count = (
        conversation.participant_count
        if isinstance(conversation, ListedConversation)
        else len(conversation.participants)
    )
    if not everybody and count > get_limits().listed_participants:
        people = None
    last = conversation.last_message
    if last is not None and last.seq < visible_from:
        last = None
    return {
        "id": conversation.id,
        "kind": conversation.kind.value,
        "title": conversation.title,
        "participants": None
        if people is None
        else [participant_data(person) for person in people.values()],
        "participant_count": count,
        "created_at": timestamp(conversation.created_at),
        "updated_at": timestamp(conversation.updated_at),
        "seq": conversation.seq,
        "version": conversation.version,
        "last_message": message_data(last) if last else None,
        "uncounted": conversation.uncounted.ranges(),
        "metadata": json_fragment(conversation.metadata),
        "picture": conversation.picture,
        "frozen": conversation.frozen,
        "posting": conversation.posting.value,
        "history": conversation.history.value,
        "system_messages": conversation.system_messages,
        "pinned_count": conversation.pinned_count,
    }


def personal_conversation_data(
    conversation: Conversation | ListedConversation,
    position: ReadPosition,
    *,
    everybody: bool = False,
) -> Data:
    """Return a conversation as one participant sees it, with their read position."""
    read_seq = effective_read_seq(conversation, position)
    first = visible.visible_from(conversation, position.user_id)
    facts = facts_of(conversation, position.user_id)
    return conversation_data(conversation, everybody=everybody, visible_from=first) | {
        "unread_count": conversation.uncounted.unread(seq=conversation.seq, read_seq=read_seq),
        "read_seq": read_seq,
        "mentioned_seq": facts.mentioned_seq(read_seq),
        "marked_unread": current_mark(position.flags, read_seq),
        "visible_from": first,
        **preferences_data(facts.preferences, position.flags, archived=position.archived),
    }


def read_position_data(position: ReadPosition) -> Data:
    return {
        "user_id": position.user_id,
        "read_seq": position.read_seq,
        "delivered_seq": position.delivered_seq,
    }


def preferences_data(preferences: Preferences, flags: OwnFlags, *, archived: bool) -> Data:
    """Return a person's settings in a conversation. `archived`: whether it is archived now."""
    return {
        "muted_until": optional_timestamp(preferences.muted_until),
        "notify": preferences.notify.value,
        "pinned": flags.pinned,
        "archived": archived,
        "archived_seq": flags.archived_seq,
    }


def report_data(report: Report) -> Data:
    """Return a report as its reporter sees it, without the operators' decision."""
    return {
        "id": report.id,
        "conversation_id": report.conversation_id,
        "message_id": report.message_id,
        "reason": report.reason,
        "created_at": timestamp(report.created_at),
    }


def presence_data(person: PersonPresence) -> Data:
    return {
        "user_id": person.user_id,
        "status": person.status.value,
        "last_active_at": optional_timestamp(person.last_active_at),
    }


def profile_data(profile: Profile) -> Data:
    return {
        "user_id": profile.user_id,
        "name": profile.name or None,
        "picture": profile.picture or None,
        "is_service": profile.is_service,
    }


def device_data(device: Device) -> Data:
    return {
        "id": device.id,
        "token": device.token,
        "token_kind": device.token_kind.value,
        "platform": device.platform.value,
        "registered_at": timestamp(device.registered_at),
    }


def settings_data(settings: UserSettings) -> Data:
    quiet = settings.quiet_hours
    return {
        "quiet_hours": None
        if quiet is None
        else {
            "time_zone": quiet.time_zone,
            "from": quiet.start.isoformat("minutes"),
            "to": quiet.end.isoformat("minutes"),
        },
        "push_text": settings.push_text,
        "private_reading": settings.private_reading,
        "added_by": settings.added_by.value,
    }
