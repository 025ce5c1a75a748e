"""Types and shapes of requests and commands. The core has the rules of chat."""

from datetime import time
from enum import StrEnum
from importlib.resources import files
from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from chat.payloads.fields import (
    BoundedListField,
    LimitedTextField,
    ObjectField,
    OfLimit,
    PageSizeField,
    QueryBooleanField,
    QueryIntegerField,
    StrictBooleanField,
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
    TextField,
    TimeOfDayField,
)
from messaging.changes.profile_rules import MAX_NAME, MAX_PICTURE
from messaging.changes.text_rules import MAX_CLIENT_ID
from messaging.domain.conversation import ConversationKind, History, Posting
from messaging.domain.limits import get_limits
from messaging.domain.participant import Notify, Role
from messaging.domain.people import AddedBy, QuietHours
from messaging.domain.recipients import Platform, TokenKind

MAX_SEQ = 2**53 - 1
"""The largest integer that every JSON reader represents exactly (RFC 8259 6)."""

_MAX_NAMED = 100
"""The most ids of people, or of messages, in one query."""

_TIME_ZONES = frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}
"""The names in IANA's database, read at start and not on the event loop.

A machine's own folder of zones has more names (`localtime`), which another machine may lack.
`Factory` is not a real zone."""


def _choice(kind: type[StrEnum], **kwargs: Any) -> serializers.ChoiceField:
    """Return a field whose error names the choices."""
    values = [member.value for member in kind]
    messages: dict[str, Any] = {"invalid_choice": f"Use one of: {', '.join(values)}."}
    return serializers.ChoiceField(values, error_messages=messages, **kwargs)


class UserIdsField(OfLimit, BoundedListField):
    child = StrictCharField(max_length=128)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(limit="participants", **kwargs)


class CreateConversation(StrictSerializer):
    for_services = frozenset({"owner_id"})

    kind = _choice(ConversationKind)
    participant_ids = UserIdsField()
    title = LimitedTextField(
        required=False, allow_null=True, allow_blank=True, limit="title_characters"
    )
    client_id = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=MAX_CLIENT_ID
    )
    metadata = ObjectField(required=False, allow_null=True)
    picture = StrictCharField(required=False, allow_null=True, allow_blank=True)
    posting = _choice(Posting, required=False)
    history = _choice(History, required=False)
    system_messages = StrictBooleanField(required=False)


class UpdateConversation(StrictSerializer):
    for_services = frozenset({"frozen"})

    title = LimitedTextField(required=False, allow_blank=True, limit="title_characters")
    metadata = ObjectField(required=False, allow_null=True)
    picture = StrictCharField(required=False, allow_null=True, allow_blank=True)
    posting = _choice(Posting, required=False)
    history = _choice(History, required=False)


class AddParticipants(StrictSerializer):
    user_ids = UserIdsField(allow_empty=False)
    role = _choice(Role, required=False)


class UpdateParticipant(StrictSerializer):
    role = _choice(Role)


class UpdatePreferences(StrictSerializer):
    muted_until = StrictDateTimeField(required=False, allow_null=True)
    notify = _choice(Notify, required=False)
    pinned = StrictBooleanField(required=False)
    archived = StrictBooleanField(required=False)


class QuietHoursField(StrictSerializer):
    time_zone = StrictCharField(max_length=64, help_text="An IANA time zone: Europe/Berlin")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a keyword in Python.
        return {**super().get_fields(), "from": TimeOfDayField(), "to": TimeOfDayField()}

    def validate_time_zone(self, value: str) -> str:
        if value not in _TIME_ZONES:
            raise serializers.ValidationError(
                "Use a name from the IANA time zone database, for example Europe/Berlin.",
                code="invalid",
            )
        return value

    def to_internal_value(self, data: Any) -> QuietHours:
        fields: dict[str, Any] = super().to_internal_value(data)
        start: time = fields["from"]
        return QuietHours(time_zone=fields["time_zone"], start=start, end=fields["to"])


class UpdateProfile(StrictSerializer):
    name = TextField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_NAME,
        help_text="1 to 100 code points on one line, with something to see; null removes it",
    )
    picture = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_PICTURE,
        help_text="An https URL; null removes it",
    )


class UpdateSettings(StrictSerializer):
    quiet_hours = QuietHoursField(required=False, allow_null=True)
    push_text = StrictBooleanField(required=False)
    private_reading = StrictBooleanField(required=False)
    added_by = _choice(AddedBy, required=False)


class RegisterDevice(StrictSerializer):
    token = StrictCharField(max_length=4096)
    token_kind = _choice(TokenKind, default=TokenKind.TOKEN.value)
    platform = _choice(Platform)


class PresenceQuery(StrictSerializer):
    user_ids = StrictCharField(help_text="User ids, separated by commas")

    def validate_user_ids(self, value: str) -> list[str]:
        return _user_ids(value, most=get_limits().presence_users)


def _user_ids(value: str, *, most: int) -> list[str]:
    """Return the user ids of a query. Raises ValidationError for more than `most`."""
    user_ids = value.split(",", most)
    if len(user_ids) > most:
        raise serializers.ValidationError(f"Name at most {most} people.", code="max_length")
    return [user_id for user_id in user_ids if user_id]


class AttachmentIdsField(BoundedListField):
    child = StrictCharField(max_length=128)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)  # the core has the limit


class SendMessage(StrictSerializer):
    for_services = frozenset({"kind"})

    text = LimitedTextField(allow_blank=True, limit="text_characters")
    client_id = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=MAX_CLIENT_ID
    )
    reply_to = StrictCharField(required=False, allow_null=True)
    mentions = UserIdsField(required=False)
    mentions_all = StrictBooleanField(required=False)
    metadata = ObjectField(required=False, allow_null=True)
    attachments = AttachmentIdsField(required=False)


class EditMessage(StrictSerializer):
    text = LimitedTextField(required=False, allow_blank=True, limit="text_characters")
    metadata = ObjectField(required=False, allow_null=True)


class ReportMessage(StrictSerializer):
    conversation_id = StrictCharField(max_length=128)
    message_id = StrictCharField(max_length=128)
    reason = TextField(allow_blank=True)


class MarkDelivered(StrictSerializer):
    seq = StrictIntegerField(min_value=0, max_value=MAX_SEQ)


class MarkRead(MarkDelivered):
    clear = StrictBooleanField(required=False, default=False)


class MarkUnread(StrictSerializer):
    seq = StrictIntegerField(min_value=1, max_value=MAX_SEQ)


class SetTyping(StrictSerializer):
    typing = StrictBooleanField(required=False, default=True)


class PageQuery(StrictSerializer):
    limit = PageSizeField(default=50, min_value=1, limit="page")


class UsersQuery(StrictSerializer):
    user_ids = StrictCharField(required=False, help_text="At most 100 user ids with commas between")
    conversation_id = StrictCharField(
        required=False, max_length=128, help_text="Its people, and those who left it"
    )
    limit = PageSizeField(
        required=False,
        min_value=1,
        limit="page",
        help_text="Only with conversation_id; 100 by default",
    )
    cursor = StrictCharField(required=False, help_text="Only with conversation_id")

    def validate_user_ids(self, value: str) -> list[str]:
        return _user_ids(value, most=_MAX_NAMED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("user_ids" in attrs) == ("conversation_id" in attrs):
            raise serializers.ValidationError("Use either user_ids or conversation_id.")
        if "user_ids" in attrs and attrs.keys() & {"limit", "cursor"}:
            raise serializers.ValidationError("Use limit and cursor only with conversation_id.")
        return attrs


class ConversationsQuery(PageQuery):
    cursor = StrictCharField(required=False)
    archived = QueryBooleanField(required=False)
    kind = _choice(ConversationKind, required=False)


class ReactionsQuery(PageQuery):
    cursor = StrictCharField(required=False)


class MessagesQuery(PageQuery):
    before = QueryIntegerField(required=False, min_value=0, max_value=MAX_SEQ)
    after = QueryIntegerField(required=False, min_value=0, max_value=MAX_SEQ)
    around = QueryIntegerField(required=False, min_value=0, max_value=MAX_SEQ)
    ids = StrictCharField(required=False, help_text="Message ids, separated by commas")

    def validate_ids(self, value: str) -> list[str]:
        ids = value.split(",", _MAX_NAMED)
        if len(ids) > _MAX_NAMED:
            detail = f"Name at most {_MAX_NAMED} messages."
            raise serializers.ValidationError(detail, code="max_length")
        return ids

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        places = attrs.keys() & {"before", "after", "around", "ids"}
        if len(places) > 1:
            raise serializers.ValidationError("Use at most one of before, after, around and ids.")
        return attrs


class ChangesQuery(PageQuery):
    since = QueryIntegerField(min_value=0, max_value=MAX_SEQ)


class CreateDevelopmentToken(StrictSerializer):
    user_id = StrictCharField(max_length=128)
    expires_in = StrictIntegerField(
        required=False, min_value=1, max_value=24 * 3600, help_text="Seconds; an hour by default"
    )
    name = TextField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_NAME,
        help_text="Becomes the person's name if they never had one",
    )
    picture = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_PICTURE,
        help_text="Becomes the person's picture if they never had one",
    )


def validated(serializer_class: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
