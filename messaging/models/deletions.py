"""Deletions of conversations that are not finished. They are in `DATABASE_URL` on every store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH


class DeletionRecord(models.Model):
    conversation_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    due_at = models.DateTimeField(db_index=True)
    """When a process looks whether the deletion is finished."""

    class Meta:
        db_table = "messaging_deletion"
        verbose_name = "unfinished deletion"

    def __str__(self) -> str:
        return self.conversation_id
