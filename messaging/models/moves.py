"""The move to the other kind of store: its state, the processes that use the store, and what they
have changed. They are in `DATABASE_URL` on every store."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, OWNER_LENGTH

KIND_LENGTH = 16
NAME_LENGTH = 128
TOUCHED_LENGTH = 255


class StoreMoveRecord(models.Model):
    """The state of the move, in its only row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    phase = models.CharField(max_length=KIND_LENGTH, default="idle")
    step = models.PositiveBigIntegerField(default=0)
    source = models.CharField(max_length=KIND_LENGTH, default="")
    target = models.CharField(max_length=KIND_LENGTH, default="")
    in_force = models.CharField(max_length=KIND_LENGTH, default="")
    owner = models.CharField(max_length=OWNER_LENGTH, default="")
    owned_until = models.DateTimeField(null=True)
    frozen_until = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)
    moved_to = models.CharField(max_length=KIND_LENGTH, default="", db_default="")

    class Meta:
        db_table = "messaging_store_move"
        verbose_name = "move of the store"

    def __str__(self) -> str:
        return self.phase


class StoreProcessRecord(models.Model):
    """A process that uses the store."""

    boot_id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    role = models.CharField(max_length=KIND_LENGTH)
    setting = models.CharField(max_length=KIND_LENGTH)
    kind = models.CharField(max_length=KIND_LENGTH)
    step = models.PositiveBigIntegerField(default=0)
    seen_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    unwatched_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_store_process"
        verbose_name = "process that uses the store"

    def __str__(self) -> str:
        return self.name


class TouchedRecord(models.Model):
    """Something that was written during a move, and that is not copied yet."""

    key = models.CharField(primary_key=True, max_length=TOUCHED_LENGTH)
    stamp = models.BigIntegerField(db_index=True)
    """Random, and new with each write of the row."""

    class Meta:
        db_table = "messaging_store_touched"
        verbose_name = "change during a move of the store"

    def __str__(self) -> str:
        return self.key
