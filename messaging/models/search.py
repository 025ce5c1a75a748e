"""The search index in `DATABASE_URL`, on whichever store. See `messaging.search`."""

from django.db import models

from messaging.models.lengths import ID_LENGTH, USER_ID_LENGTH


class SearchMessageRecord(models.Model):
    """A message that can be found.

    On SQLite, triggers of migration 0027 keep the FTS5 table `messaging_search_words` equal to
    `words`. On PostgreSQL, the column `vector` is beside it, and `words` is empty.
    """

    position = models.BigIntegerField(primary_key=True)
    """Its place in all results, by time: see `messaging.search.positions`."""
    conversation_id = models.CharField(max_length=ID_LENGTH)
    seq = models.PositiveBigIntegerField()
    message_id = models.CharField(max_length=ID_LENGTH)
    words = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "messaging_search_message"
        verbose_name = "message in the search index"
        constraints = (
            models.UniqueConstraint(
                fields=["conversation_id", "seq"], name="messaging_search_message_seq"
            ),
        )

    def __str__(self) -> str:
        return self.message_id


class SearchMembershipRecord(models.Model):
    """A participant of a conversation, and the first message that they may find."""

    user_id = models.CharField(max_length=USER_ID_LENGTH)
    conversation_id = models.CharField(max_length=ID_LENGTH)
    visible_from = models.PositiveBigIntegerField()

    class Meta:
        db_table = "messaging_search_membership"
        verbose_name = "membership in the search index"
        constraints = (
            models.UniqueConstraint(
                fields=["user_id", "conversation_id"], name="messaging_search_membership_once"
            ),
        )
        indexes = (models.Index(fields=["conversation_id"], name="messaging_search_membership_of"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
