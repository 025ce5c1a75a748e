"""The statements of sends for each kind of database."""

from collections.abc import Sequence
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Conversation
from messaging.stores.conversations import Commit


class SendStatements(Protocol):
    """The statements of sends on one kind of database."""

    def write(self, database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
        """Write a send in the present transaction. Raises Conflict."""

    def commit_together(
        self, database: BaseDatabaseWrapper, commits: Sequence[Commit]
    ) -> Sequence[Conversation | Exception | None]:
        """Commit sends of several conversations in one transaction."""


def statements_for(vendor: str) -> SendStatements:
    """Return the statements for databases of this vendor. Only its driver is imported."""
    if vendor == "sqlite":
        from messaging.stores.sql.sends import sqlite  # noqa: PLC0415

        return sqlite
    from messaging.stores.sql.sends import postgresql  # noqa: PLC0415

    return postgresql
