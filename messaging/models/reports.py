"""Reported messages."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, OPERATOR_LENGTH, USER_ID_LENGTH


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
            models.Index(fields=["reporter_id", "id"], name="messaging_report_reporter"),
        )

    def __str__(self) -> str:
        return self.id


class ReportCopyRecord(models.Model):
    """A copy of a reported message. Once its report is closed, it is kept until `expires_at`."""

    report_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    message_id = models.CharField(max_length=ID_LENGTH, db_index=True)
    text = models.TextField()
    attachments = models.JSONField(null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        db_table = "messaging_report_copy"
        verbose_name = "copy of a reported message"

    def __str__(self) -> str:
        return self.report_id
