"""The audit trail. It is in `DATABASE_URL` on every store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, OPERATOR_LENGTH, USER_ID_LENGTH

ACTION_LENGTH = 100
REQUEST_LENGTH = 64
REASON_LENGTH = 500


class AuditSubjectRecord(models.Model):
    """A person in the audit trail. Entries name people only by this row, so an erasure replaces the
    id here and changes no entry."""

    user_id = models.CharField(max_length=USER_ID_LENGTH, unique=True)

    class Meta:
        db_table = "messaging_audit_subject"
        verbose_name = "person in the audit trail"
        verbose_name_plural = "people in the audit trail"

    def __str__(self) -> str:
        return self.user_id


class AuditEntryRecord(models.Model):
    """An entry of the audit trail. Triggers of migration 0029 refuse every update, and the deletion
    of entries of the last 30 days."""

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
