"""Reactions to messages."""

from django.db import models

from messaging.models.conversations import MessageRecord
from messaging.models.lengths import EMOJI_LENGTH, USER_ID_LENGTH


class ReactionRecord(models.Model):
    """A person's reaction to a message with one emoji.

    The database does not check the message: the previous release deletes messages without knowing
    this table.
    """

    message = models.ForeignKey(
        MessageRecord, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    user_id = models.CharField(max_length=USER_ID_LENGTH)
    emoji = models.CharField(max_length=EMOJI_LENGTH)
    position = models.PositiveSmallIntegerField()
    """The order in which the person added their emojis to the message."""

    class Meta:
        db_table = "messaging_reaction"
        verbose_name = "reaction"
        constraints = (
            models.UniqueConstraint(
                fields=["message", "emoji", "user_id"], name="messaging_reaction_once"
            ),
        )
        indexes = (models.Index(fields=["user_id", "message"], name="messaging_reaction_mine"),)

    def __str__(self) -> str:
        return f"{self.emoji} of {self.user_id} on {self.message_id}"
