"""Conversations, their participants, messages and read positions."""

from django.db import models

from messaging.models.lengths import CLIENT_ID_LENGTH, ID_LENGTH, USER_ID_LENGTH


class ConversationRecord(models.Model):
    """A conversation. Every write of its row sets a new random `revision`."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    kind = models.CharField(max_length=16)
    title = models.TextField(null=True)  # noqa: DJ001  no title is not an empty one
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    active_at = models.DateTimeField()
    seq = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    sent_seq = models.JSONField(default=dict)
    preferences = models.JSONField(default=dict)
    blocked_by = models.JSONField(default=list)
    frozen = models.BooleanField(default=False)
    content_hash = models.CharField(max_length=64, blank=True)
    commit_id = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    revision = models.PositiveBigIntegerField()
    participant_count = models.PositiveIntegerField(null=True)
    """The count as of the commit `counted_commit_id`. Earlier releases change neither, so the count
    is valid only if that is the latest commit."""
    counted_commit_id = models.CharField(
        max_length=ID_LENGTH, blank=True, default="", db_default=""
    )
    uncounted = models.TextField(blank=True, default="", db_default="")
    """See `messaging.domain.uncounted`. It lacks deletions by earlier releases."""
    metadata = models.TextField(null=True)  # noqa: DJ001  optional
    picture = models.TextField(null=True)  # noqa: DJ001  optional
    posting = models.CharField(max_length=16, default="all", db_default="all")
    history = models.CharField(max_length=16, default="full", db_default="full")
    system_messages = models.BooleanField(default=False, db_default=False)
    pinned_count = models.PositiveIntegerField(default=0, db_default=0)
    mentions_all_seq = models.PositiveBigIntegerField(default=0, db_default=0)
    mentioned_seq = models.JSONField(default=dict, db_default={})
    last_sender_id = models.CharField(
        max_length=USER_ID_LENGTH, blank=True, default="", db_default=""
    )
    other_seq = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "messaging_conversation"
        verbose_name = "conversation"
        indexes = (
            models.Index(fields=["updated_at"], name="messaging_conversation_updated"),
            models.Index(
                fields=["id"],
                condition=models.Q(frozen=True),
                name="messaging_conversation_frozen",
            ),
        )

    def __str__(self) -> str:
        return self.id


class ParticipantRecord(models.Model):
    """A participant of a conversation. `position` keeps the order in which they were added."""

    conversation = models.ForeignKey(
        ConversationRecord, models.CASCADE, related_name="participants", db_index=False
    )
    user_id = models.CharField(max_length=USER_ID_LENGTH)
    role = models.CharField(max_length=16)
    joined_version = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField()
    visible_from = models.PositiveBigIntegerField(default=1, db_default=1)

    class Meta:
        db_table = "messaging_participant"
        verbose_name = "participant"
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "user_id"], name="messaging_participant_once"
            ),
        )
        indexes = (
            models.Index(fields=["user_id", "conversation"], name="messaging_participant_user"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"


class MessageRecord(models.Model):
    """The present state of a message, or the tombstone of a deleted one."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    conversation = models.ForeignKey(
        ConversationRecord, models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    sender_id = models.CharField(max_length=USER_ID_LENGTH)
    client_id = models.CharField(max_length=CLIENT_ID_LENGTH, null=True)  # noqa: DJ001  optional
    text = models.TextField(null=True)  # noqa: DJ001  None is a deleted message's
    reply_to = models.CharField(max_length=ID_LENGTH, null=True)  # noqa: DJ001  optional
    mentions = models.JSONField(default=list)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=64)
    created_version = models.PositiveBigIntegerField(null=True)
    """Null if an earlier release sent the message."""
    mentions_all = models.BooleanField(default=False, db_default=False)
    kind = models.CharField(max_length=16, default="text", db_default="text")
    metadata = models.TextField(null=True)  # noqa: DJ001  optional
    pinned_at = models.DateTimeField(null=True)
    attachments = models.JSONField(null=True)
    """Null if there are none, as for reactions: a plain message costs no JSON."""
    reactions = models.JSONField(null=True)
    earlier_texts = models.TextField(null=True)  # noqa: DJ001  null costs nothing
    """See `messaging.domain.fields.earlier_texts`. Only edits and the admin read it."""

    class Meta:
        db_table = "messaging_message"
        verbose_name = "message"
        constraints = (
            models.UniqueConstraint(fields=["conversation", "seq"], name="messaging_message_seq"),
        )
        indexes = (
            models.Index(fields=["conversation", "version"], name="messaging_message_version"),
            models.Index(
                fields=["conversation", "pinned_at"],
                condition=models.Q(pinned_at__isnull=False),
                name="messaging_message_pinned",
            ),
        )

    def __str__(self) -> str:
        return self.id


class ReadPositionRecord(models.Model):
    """How far a person has read and received a conversation. It is kept after they leave."""

    conversation = models.ForeignKey(
        ConversationRecord, models.CASCADE, related_name="read_positions", db_index=False
    )
    user_id = models.CharField(max_length=USER_ID_LENGTH)
    read_seq = models.PositiveBigIntegerField(default=0)
    delivered_seq = models.PositiveBigIntegerField(default=0)
    updated_at = models.DateTimeField(null=True)
    """When the person last changed something here; null for rows of earlier releases."""
    marked_unread = models.PositiveBigIntegerField(null=True)
    marked_read_seq = models.PositiveBigIntegerField(null=True)
    pinned = models.BooleanField(default=False, db_default=False)
    archived_seq = models.PositiveBigIntegerField(null=True)

    class Meta:
        db_table = "messaging_read_position"
        verbose_name = "read position"
        indexes = (
            models.Index(fields=["user_id", "updated_at"], name="messaging_read_position_mine"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "user_id"], name="messaging_read_position_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
