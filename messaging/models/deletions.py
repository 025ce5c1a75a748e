"""Deletions and loads of conversations that are not finished. They are in `DATABASE_URL` on every
store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH

LOAD_ID_LENGTH = 512
FILE_LENGTH = 255
COMMAND_LENGTH = 64


class DeletionRecord(models.Model):
    conversation_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    due_at = models.DateTimeField(db_index=True)
    """When a process looks whether the deletion is finished."""

    class Meta:
        db_table = "messaging_deletion"
        verbose_name = "unfinished deletion"

    def __str__(self) -> str:
        return self.conversation_id


class LoadRecord(models.Model):
    """A load of a file that runs, or that was killed."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    load_id = models.CharField(max_length=LOAD_ID_LENGTH)
    """The id of the file, by which a load knows its own conversations."""
    file = models.CharField(max_length=FILE_LENGTH)
    command = models.CharField(max_length=COMMAND_LENGTH)
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """When the load was last seen. A running one is seen every half a minute."""
    conversations = models.PositiveBigIntegerField(default=0)
    """The conversations that it has loaded."""

    class Meta:
        db_table = "messaging_load"
        verbose_name = "unfinished load"

    def __str__(self) -> str:
        return self.file
