"""Types and shapes of the commands of the socket."""

from chat.payloads.fields import (
    BoundedListField,
    LimitedDictField,
    StrictBooleanField,
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
)
from chat.payloads.serializers import (
    MAX_SEQ,
    EditMessage,
    MarkDelivered,
    MarkRead,
    SendMessage,
)
from messaging.changes.text_rules import MAX_CLIENT_ID
from messaging.domain.limits import BOUNDS


class _InConversation(StrictSerializer):
    conversation_id = StrictCharField(max_length=128)


class SendMessageCommand(_InConversation, SendMessage):
    client_id = StrictCharField(allow_blank=True, max_length=MAX_CLIENT_ID)


class EditMessageCommand(_InConversation, EditMessage):
    message_id = StrictCharField(max_length=128)


class DeleteMessageCommand(_InConversation):
    message_id = StrictCharField(max_length=128)


class ReactionCommand(_InConversation):
    message_id = StrictCharField(max_length=128)
    emoji = StrictCharField(max_length=128)


class MarkReadCommand(_InConversation, MarkRead):
    pass


class MarkDeliveredCommand(_InConversation, MarkDelivered):
    pass


class TypingCommand(_InConversation):
    pass


class SyncCommand(StrictSerializer):
    conversations = LimitedDictField(
        child=StrictIntegerField(min_value=0, max_value=MAX_SEQ),
        allow_empty=False,
        limit="sync_conversations",
    )


class SyncReceiptsCommand(StrictSerializer):
    since = StrictDateTimeField()


class RefreshCommand(StrictSerializer):
    token = StrictCharField()


class WatchPresenceCommand(StrictSerializer):
    user_ids = BoundedListField(
        child=StrictCharField(max_length=128), max_length=BOUNDS["presence_users"][1]
    )  # the core has the limit


class ActivityCommand(StrictSerializer):
    active = StrictBooleanField()


class PingCommand(StrictSerializer):
    pass
