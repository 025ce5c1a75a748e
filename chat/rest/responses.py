"""The shapes of answers, for OpenAPI. A test compares the real answers with them."""

from enum import StrEnum
from typing import Any

from rest_framework import serializers

from chat.errors import STATUS
from chat.rest.openapi.derived_shapes import derived_shape
from messaging.domain import message
from messaging.domain.conversation import ConversationKind, History, Posting
from messaging.domain.fields.codec import types_of
from messaging.domain.participant import Notify, Role
from messaging.domain.people import AddedBy, PresenceStatus
from messaging.domain.recipients import Platform, TokenKind
from messaging.domain.uncounted import MAX_RANGES
from messaging.services.operators.delivery_outcomes import DeliveryState, PushVerdict
from messaging.services.sync import SyncStatus
from messaging.wire.representations import MESSAGE_FIELDS

_Shape = serializers.Serializer[Any]


def _choice(kind: type[StrEnum]) -> serializers.ChoiceField:
    return serializers.ChoiceField([member.value for member in kind])


class Participant(_Shape):
    user_id = serializers.CharField()
    role = _choice(Role)
    joined_version = serializers.IntegerField()


Attachment = derived_shape("Attachment", message.Attachment, types_of(message.Attachment))
ReactionSummary = derived_shape(
    "ReactionSummary", message.ReactionSummary, types_of(message.ReactionSummary)
)
Message = derived_shape(
    "Message",
    message.Message,
    MESSAGE_FIELDS,
    metadata=lambda: serializers.DictField(allow_null=True),
    attachments=lambda: Attachment(many=True),
    reactions=lambda: serializers.DictField(child=ReactionSummary()),
)


class OwnMessage(Message):  # type: ignore[misc, valid-type]
    my_reactions = serializers.ListField(child=serializers.CharField())


class ReactionPerson(_Shape):
    user_id = serializers.CharField()


class ReactionPage(_Shape):
    items = ReactionPerson(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="null at the end; the last page may be empty"
    )


class Version(_Shape):
    text = serializers.CharField()
    written_at = serializers.DateTimeField(
        allow_null=True, help_text="null if it was replaced in the commit that wrote it"
    )


class Versions(_Shape):
    items = Version(many=True)


class Conversation(_Shape):
    id = serializers.CharField()
    kind = _choice(ConversationKind)
    title = serializers.CharField(allow_null=True)
    participants = Participant(
        many=True,
        allow_null=True,
        help_text="null above 50 people, except in GET of one conversation",
    )
    participant_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    seq = serializers.IntegerField()
    version = serializers.IntegerField()
    last_message = Message(allow_null=True)
    uncounted = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        max_length=MAX_RANGES,
    )
    metadata = serializers.DictField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    frozen = serializers.BooleanField()
    posting = _choice(Posting)
    history = _choice(History)
    system_messages = serializers.BooleanField()
    pinned_count = serializers.IntegerField()
    unread_count = serializers.IntegerField()
    read_seq = serializers.IntegerField()
    mentioned_seq = serializers.IntegerField(allow_null=True)
    marked_unread = serializers.IntegerField(allow_null=True)
    visible_from = serializers.IntegerField()
    muted_until = serializers.DateTimeField(allow_null=True)
    notify = _choice(Notify)
    pinned = serializers.BooleanField()
    archived = serializers.BooleanField()
    archived_seq = serializers.IntegerField(allow_null=True)


class ConversationWithAdded(Conversation):
    added = serializers.ListField(
        child=serializers.CharField(),
        help_text="The ids of the people in the request who are now in the conversation, also if "
        "they were in it before",
    )


class ConversationPage(_Shape):
    items = Conversation(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="null at the end; the last page may be empty"
    )


class MessagePage(_Shape):
    items = OwnMessage(many=True)
    has_more_before = serializers.BooleanField(required=False, help_text="Absent with ids")
    has_more_after = serializers.BooleanField(required=False, help_text="Absent with ids")


class Pins(_Shape):
    items = OwnMessage(many=True)


class Changes(_Shape):
    status = _choice(SyncStatus)
    messages = OwnMessage(many=True)
    conversation = Conversation(allow_null=True)
    version = serializers.IntegerField()
    more = serializers.BooleanField()
    epoch = serializers.CharField()


class Preferences(_Shape):
    muted_until = serializers.DateTimeField(allow_null=True)
    notify = _choice(Notify)
    pinned = serializers.BooleanField()
    archived = serializers.BooleanField()
    archived_seq = serializers.IntegerField(allow_null=True)


class QuietHours(_Shape):
    time_zone = serializers.CharField()
    to = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.CharField()}


class Settings(_Shape):
    quiet_hours = QuietHours(allow_null=True)
    push_text = serializers.BooleanField()
    private_reading = serializers.BooleanField(
        help_text="Whether others see my read_seq as 0, in events, receipts and delivery"
    )
    added_by = serializers.ChoiceField(
        [member.value for member in AddedBy],
        help_text="Who may add me to groups; others cannot see this setting",
    )


class Device(_Shape):
    id = serializers.CharField()
    token = serializers.CharField()
    token_kind = _choice(TokenKind)
    platform = _choice(Platform)
    registered_at = serializers.DateTimeField()


class Devices(_Shape):
    items = Device(many=True)


class PersonPresence(_Shape):
    user_id = serializers.CharField()
    status = _choice(PresenceStatus)
    last_active_at = serializers.DateTimeField(allow_null=True)


class PresenceList(_Shape):
    items = PersonPresence(many=True)


class Push(_Shape):
    verdict = _choice(PushVerdict)
    reason = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    devices = serializers.DictField(
        child=serializers.CharField(), help_text="By device id: sent, or the reason why not"
    )


class PersonDelivery(_Shape):
    user_id = serializers.CharField()
    state = _choice(DeliveryState)
    delivered = serializers.BooleanField()
    read = serializers.BooleanField()
    push = Push()


class Delivery(_Shape):
    items = PersonDelivery(many=True)


class ReadReceipt(_Shape):
    read_seq = serializers.IntegerField()
    unread_count = serializers.IntegerField()


class UnreadMark(ReadReceipt):
    marked_unread = serializers.IntegerField(allow_null=True)


class ReadPosition(_Shape):
    user_id = serializers.CharField()
    read_seq = serializers.IntegerField()
    delivered_seq = serializers.IntegerField()


class Receipts(_Shape):
    items = ReadPosition(many=True)


class BlockedPerson(_Shape):
    user_id = serializers.CharField()


class Blocks(_Shape):
    items = BlockedPerson(many=True)


class Report(_Shape):
    id = serializers.CharField()
    conversation_id = serializers.CharField()
    message_id = serializers.CharField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class User(_Shape):
    user_id = serializers.CharField()
    name = serializers.CharField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    is_service = serializers.BooleanField()


class Users(_Shape):
    items = User(
        many=True,
        help_text="Only people with whom you share a conversation, and services. There is no event "
        "when a name changes: keep an entry for ten minutes.",
    )
    next_cursor = serializers.CharField(
        allow_null=True,
        help_text="Always null with user_ids; null at the end; the last page may be empty",
    )


class Me(_Shape):
    user_id = serializers.CharField()
    name = serializers.CharField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    is_service = serializers.BooleanField()
    limits = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By name. The rates are per person, over REST and sockets together",
    )
    unread_total = serializers.IntegerField()


class FieldError(_Shape):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(_Shape):
    """RFC 9457 problem details, as `application/problem+json`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(
        help_text="The error code, for programs: "
        + ", ".join(f"`{code}`" for code in STATUS)
        + ". More may be added: handle an unknown code by its status."
    )
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]


class DevelopmentToken(_Shape):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
