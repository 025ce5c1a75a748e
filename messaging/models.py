"""The tables of the SQL store. Only `messaging.stores.sql.store` writes them."""

from django.db import models

ID_LENGTH = 26
"""The length of the ids of conversations and messages, see `messaging.domain.identifiers`."""
USER_ID_LENGTH = 128
CLIENT_ID_LENGTH = 128
DEVICE_ID_LENGTH = 128
SWEEP_ID_LENGTH = 128
OPERATOR_LENGTH = 150
"""The length of a user name in Django's admin."""


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

    class Meta:
        db_table = "messaging_message"
        verbose_name = "message"
        constraints = (
            models.UniqueConstraint(fields=["conversation", "seq"], name="messaging_message_seq"),
        )
        indexes = (
            models.Index(fields=["conversation", "version"], name="messaging_message_version"),
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


class LinkNoteRecord(models.Model):
    """An instance that is cut off from Redis."""

    boot_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    renewed_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_link_note"
        verbose_name = "link note"

    def __str__(self) -> str:
        return self.boot_id


class EpochRecord(models.Model):
    """The epoch of this store, in its only row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    epoch = models.CharField(max_length=ID_LENGTH)
    number = models.PositiveBigIntegerField()

    class Meta:
        db_table = "messaging_epoch"
        verbose_name = "epoch"

    def __str__(self) -> str:
        return self.epoch


class PersonRecord(models.Model):
    """The time since when a person's sign-ins are valid, their ban, and the people they block."""

    user_id = models.CharField(primary_key=True, max_length=USER_ID_LENGTH)
    valid_after = models.DateTimeField(null=True)
    banned_until = models.DateTimeField(null=True)
    access_changed_at = models.DateTimeField(null=True, db_index=True)
    blocked = models.JSONField(default=list)
    private_reading = models.BooleanField(default=False, db_default=False)
    added_by = models.CharField(max_length=16, default="anyone", db_default="anyone")
    left_groups = models.JSONField(default=dict, db_default={})

    class Meta:
        db_table = "messaging_person"
        verbose_name = "person"
        # Many bans are permanent: they all end at the same moment.
        indexes = (
            models.Index(fields=["banned_until", "user_id"], name="messaging_person_banned"),
        )

    def __str__(self) -> str:
        return self.user_id


class RecipientRecord(models.Model):
    """A person's settings for all conversations."""

    user_id = models.CharField(primary_key=True, max_length=USER_ID_LENGTH)
    settings = models.JSONField(default=dict)

    class Meta:
        db_table = "messaging_recipient"
        verbose_name = "recipient"

    def __str__(self) -> str:
        return self.user_id


class DeviceRecord(models.Model):
    """A device that gets a person's notifications. `token_digest` keeps a token from belonging to
    two devices."""

    user_id = models.CharField(max_length=USER_ID_LENGTH)
    device_id = models.CharField(max_length=DEVICE_ID_LENGTH)
    token = models.TextField()
    token_digest = models.CharField(max_length=ID_LENGTH, unique=True)
    token_kind = models.CharField(max_length=16)
    platform = models.CharField(max_length=16)
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_device"
        verbose_name = "device"
        constraints = (
            models.UniqueConstraint(fields=["user_id", "device_id"], name="messaging_device_once"),
        )

    def __str__(self) -> str:
        return f"{self.device_id} of {self.user_id}"


class DecisionRecord(models.Model):
    """The notification decisions of a message for a chunk of people, by user id."""

    conversation_id = models.CharField(max_length=ID_LENGTH, default="")
    message_id = models.CharField(max_length=ID_LENGTH)
    chunk = models.PositiveIntegerField()
    people = models.JSONField(default=dict)
    failed_at = models.DateTimeField(null=True, db_index=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "messaging_decision"
        verbose_name = "decision"
        constraints = (
            models.UniqueConstraint(fields=["message_id", "chunk"], name="messaging_decision_once"),
        )

    def __str__(self) -> str:
        return f"{self.message_id}, {self.chunk}"


class ReportRecord(models.Model):
    """A message that a person has reported to operators."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    conversation_id = models.CharField(max_length=ID_LENGTH)
    message_id = models.CharField(max_length=ID_LENGTH)
    author_id = models.CharField(max_length=USER_ID_LENGTH)
    reporter_id = models.CharField(max_length=USER_ID_LENGTH)
    reason = models.TextField()
    created_at = models.DateTimeField(db_index=True)
    status = models.CharField(max_length=16)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=OPERATOR_LENGTH, blank=True)

    class Meta:
        db_table = "messaging_report"
        verbose_name = "report"
        indexes = (
            models.Index(fields=["status", "created_at"], name="messaging_report_status"),
            models.Index(fields=["author_id", "created_at"], name="messaging_report_author"),
        )

    def __str__(self) -> str:
        return self.id


class ReportCopyRecord(models.Model):
    """The text of a reported message. Once its report is closed, it is kept until `expires_at`."""

    report_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    message_id = models.CharField(max_length=ID_LENGTH, db_index=True)
    text = models.TextField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        db_table = "messaging_report_copy"
        verbose_name = "copy of a reported message"

    def __str__(self) -> str:
        return self.report_id


class SweepRecord(models.Model):
    """A sweep after a crash that an instance has claimed, or the start of the sweeps that an
    instance has not finished."""

    id = models.CharField(primary_key=True, max_length=SWEEP_ID_LENGTH)
    since = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "messaging_sweep"
        verbose_name = "sweep"

    def __str__(self) -> str:
        return self.id
