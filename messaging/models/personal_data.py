"""The audit trail, jobs with data of people, legal holds and retention: in `DATABASE_URL` on every
store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, OPERATOR_LENGTH, OWNER_LENGTH, USER_ID_LENGTH

ACTION_LENGTH = 100
REQUEST_LENGTH = 64
REASON_LENGTH = 500


class AuditSubjectRecord(models.Model):
    """A person in the audit trail. Entries name people only by this row, so an erasure replaces the
    id here and changes no entry.

    An erased person may have several rows: each erasure, and each of its steps that is repeated,
    renames the row that entries have made since. Triggers of migration 0030 refuse other updates.
    """

    user_id = models.CharField(max_length=USER_ID_LENGTH)

    class Meta:
        db_table = "messaging_audit_subject"
        verbose_name = "person in the audit trail"
        verbose_name_plural = "people in the audit trail"
        constraints = (
            models.UniqueConstraint(
                fields=["user_id"],
                condition=~models.Q(user_id__startswith="erased:"),
                name="messaging_audit_subject_once",
            ),
        )
        indexes = (models.Index(fields=["user_id"], name="messaging_audit_subject_id"),)

    def __str__(self) -> str:
        return self.user_id


class AuditEntryRecord(models.Model):
    """An entry of the audit trail. Triggers of migration 0030 refuse every update, the deletion of
    entries of the last 30 days, and TRUNCATE."""

    at = models.DateTimeField("time")
    actor_kind = models.CharField("kind of actor", max_length=16)
    actor = models.CharField(max_length=OPERATOR_LENGTH)
    action = models.CharField(max_length=ACTION_LENGTH)
    person = models.ForeignKey(
        AuditSubjectRecord, models.PROTECT, null=True, related_name="+", db_index=False
    )
    conversation_id = models.CharField("conversation", max_length=ID_LENGTH, blank=True)
    message_id = models.CharField("message", max_length=ID_LENGTH, blank=True)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    failure = models.CharField(max_length=ACTION_LENGTH, blank=True)
    detail = models.JSONField(default=dict)
    request_id = models.CharField("request", max_length=REQUEST_LENGTH, blank=True)

    class Meta:
        db_table = "messaging_audit_entry"
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        indexes = (
            models.Index(fields=["at"], name="messaging_audit_at"),
            models.Index(fields=["person", "id"], name="messaging_audit_person"),
            models.Index(fields=["conversation_id", "id"], name="messaging_audit_conversation"),
            models.Index(fields=["action", "id"], name="messaging_audit_action"),
            models.Index(fields=["actor", "id"], name="messaging_audit_actor"),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"


class JobRecord(models.Model):
    """A job with the data of one person, or a run of retention."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    kind = models.CharField(max_length=16)
    person_id = models.CharField("person", max_length=USER_ID_LENGTH, blank=True, db_index=True)
    erased_id = models.CharField(max_length=USER_ID_LENGTH, blank=True)
    actor_kind = models.CharField("kind of actor", max_length=16)
    actor = models.CharField("requested by", max_length=OPERATOR_LENGTH)
    requested_at = models.DateTimeField("requested")
    askers = models.JSONField(default=list)
    """Others who asked for it while it was not done: `[kind, name]` of each."""
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    state = models.CharField(max_length=16)
    step = models.CharField(max_length=32, blank=True)
    counts = models.JSONField(default=dict)
    notes = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField("finished", null=True)
    due_at = models.DateTimeField(null=True)
    """When an instance has to look at it; null if there is nothing left to do."""
    owner = models.CharField(max_length=OWNER_LENGTH, blank=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_job"
        verbose_name = "job"
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="messaging_job_due",
            ),
            models.Index(fields=["requested_at"], name="messaging_job_requested"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["person_id"],
                condition=models.Q(kind="erase", state__in=["waiting", "running", "held"]),
                name="messaging_job_erasure_once",
            ),
            models.UniqueConstraint(
                fields=["person_id", "actor_kind", "actor"],
                condition=models.Q(kind="export", state__in=["waiting", "running", "held"]),
                name="messaging_job_export_once",
            ),
        )

    def __str__(self) -> str:
        return self.id


class LegalHoldRecord(models.Model):
    """A legal hold on a person or a conversation."""

    kind = models.CharField(
        max_length=16, choices=[("person", "Person"), ("conversation", "Conversation")]
    )
    subject = models.CharField("user id or conversation id", max_length=USER_ID_LENGTH)
    reason = models.CharField(max_length=REASON_LENGTH)
    created_at = models.DateTimeField("since", auto_now_add=True)
    created_by = models.CharField(max_length=OPERATOR_LENGTH, blank=True, editable=False)

    class Meta:
        db_table = "messaging_legal_hold"
        verbose_name = "legal hold"
        constraints = (
            models.UniqueConstraint(fields=["kind", "subject"], name="messaging_legal_hold_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class RetentionRuleRecord(models.Model):
    """How long one conversation keeps its messages, in the place of the setting of its kind."""

    conversation_id = models.CharField("conversation", primary_key=True, max_length=ID_LENGTH)
    days = models.PositiveIntegerField(null=True, blank=True)
    """Null keeps the messages for ever."""
    reason = models.CharField(max_length=REASON_LENGTH)
    created_at = models.DateTimeField("since", auto_now_add=True)
    created_by = models.CharField(max_length=OPERATOR_LENGTH, blank=True, editable=False)

    class Meta:
        db_table = "messaging_retention_rule"
        verbose_name = "retention of a conversation"
        verbose_name_plural = "retention of conversations"

    def __str__(self) -> str:
        return self.conversation_id


class RetentionRecord(models.Model):
    """How far retention has come in a conversation."""

    conversation_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    kind = models.CharField(max_length=16)
    done_seq = models.PositiveBigIntegerField(default=0)
    """Every message up to this one is a tombstone."""
    oldest_at = models.DateTimeField()
    """The time of the next message, or an earlier time."""

    class Meta:
        db_table = "messaging_retention"
        verbose_name = "progress of retention"
        indexes = (
            models.Index(
                fields=["kind", "oldest_at", "conversation_id"], name="messaging_retention_oldest"
            ),
        )

    def __str__(self) -> str:
        return self.conversation_id


class RetentionSweepRecord(models.Model):
    """The search for conversations that retention does not know yet, in its only row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    epoch = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    """The store's epoch that the progress belongs to."""
    swept_until = models.DateTimeField(null=True)
    """By the store's clock. Null before the first sweep."""

    class Meta:
        db_table = "messaging_retention_sweep"
        verbose_name = "sweep of retention"

    def __str__(self) -> str:
        return str(self.swept_until)
