"""The files that people attach to messages."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, USER_ID_LENGTH


class AttachmentRecord(models.Model):
    """A file that a person has announced, uploaded, or sent in a message."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    conversation_id = models.CharField(max_length=ID_LENGTH)
    owner_id = models.CharField(max_length=USER_ID_LENGTH)
    filename = models.TextField()
    content_type = models.TextField()
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    status = models.CharField(max_length=16)
    part = models.CharField(max_length=32, null=True)  # noqa: DJ001  None: nothing is checked
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    has_thumbnail = models.BooleanField(default=False)
    message_id = models.CharField(max_length=ID_LENGTH, null=True)  # noqa: DJ001  None: not sent
    seq = models.PositiveBigIntegerField(null=True)
    sweep_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        db_table = "messaging_attachment"
        verbose_name = "attachment"
        indexes = (
            models.Index(fields=["conversation_id", "seq", "id"], name="messaging_attachment_list"),
        )

    def __str__(self) -> str:
        return self.id
