"""What instances record for each other: notes, the epoch, sweeps, and decisions."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, SWEEP_ID_LENGTH


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
