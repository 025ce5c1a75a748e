"""How far followers have come: readers of all durable changes, on whichever store. See
`messaging.followers`."""

from django.db import models

from messaging.models.lengths import FOLLOWER_LENGTH, ID_LENGTH, OWNER_LENGTH


class FollowerRecord(models.Model):
    """A follower, and its walk through all conversations."""

    name = models.CharField(primary_key=True, max_length=FOLLOWER_LENGTH)
    started_at = models.DateTimeField()
    generation = models.PositiveBigIntegerField(default=1)
    """Checkpoints of an earlier generation are void."""
    epoch = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    """The store's epoch that the checkpoints belong to."""
    walk_after = models.CharField(max_length=ID_LENGTH, null=True)  # noqa: DJ001  None: complete
    """The last conversation of the unfinished walk, or empty at its start."""
    walk_began_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=OWNER_LENGTH, blank=True, default="")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_follower"
        verbose_name = "follower"

    def __str__(self) -> str:
        return self.name


class CheckpointRecord(models.Model):
    """How far a follower has come in a conversation."""

    follower = models.CharField(max_length=FOLLOWER_LENGTH)
    conversation_id = models.CharField(max_length=ID_LENGTH)
    generation = models.PositiveBigIntegerField()
    version = models.BigIntegerField()
    """The latest version that the follower has handled; -1 if there is none."""
    known_version = models.BigIntegerField(default=-1)
    """The latest version that a sweep has seen in the store."""
    due_at = models.DateTimeField(null=True)
    """When to look at the conversation again. Null unless it is known to be ahead."""
    attempts = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=OWNER_LENGTH, blank=True, default="")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_checkpoint"
        verbose_name = "checkpoint"
        constraints = (
            models.UniqueConstraint(
                fields=["conversation_id", "follower"], name="messaging_checkpoint_once"
            ),
        )
        indexes = (
            models.Index(
                fields=["follower", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="messaging_checkpoint_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.follower} in {self.conversation_id}"


class SweepOfFollowersRecord(models.Model):
    """The sweep that finds conversations ahead of their checkpoints, in its only row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    swept_until = models.DateTimeField(null=True)
    """By the store's clock. Null before the first sweep."""
    owner = models.CharField(max_length=OWNER_LENGTH, blank=True, default="")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_follower_sweep"
        verbose_name = "sweep of followers"

    def __str__(self) -> str:
        return str(self.swept_until)
