"""Stores: conversations, messages, read positions, people, recipients, decisions, reports and the
epoch, on SQL or on Firestore; the catalogue of all of them; and what is always in Django's
database."""

from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from messaging.instruments.follower_metrics import INDEX_BREAKER_OPEN, INDEX_WRITES_REFUSED
from messaging.instruments.metrics import STORE_UNAVAILABLE
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Store
from messaging.stores.copying import CopyStore
from messaging.stores.decisions import DecisionStore
from messaging.stores.epochs import EpochStore
from messaging.stores.erasure import ErasureStore
from messaging.stores.exchange import ExchangeStore
from messaging.stores.link_notes import LinkNoteStore
from messaging.stores.people import PeopleStore
from messaging.stores.positions import PositionStore
from messaging.stores.reactions import ReactionStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore
from messaging.stores.sql.connections.calls import Calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores of an instance. They share the connections of `conversations`, except `database`
    and `index`."""

    kind: str
    """`sql` or `firestore`."""
    conversations: Store
    people: PeopleStore
    recipients: RecipientStore
    decisions: DecisionStore
    catalogue: Catalogue
    reports: ReportStore
    epochs: EpochStore
    exchange: ExchangeStore
    erasure: ErasureStore
    copying: CopyStore
    database: Calls
    """The calls of `DATABASE_URL`, for what is there on either store."""
    index: Calls
    """The same for followers and search, with connections, a time limit and a circuit breaker of
    their own."""

    async def close(self) -> None:
        """Close all connections. An instance closes them one by one instead, as its parts stop."""
        await self.index.close()
        await self.database.close()
        await self.conversations.close()


INDEX_CONNECTIONS = 4
"""The most connections of `Stores.index`."""
_SECONDS = 3.0
"""The time limit of a call of `Stores.index`. Statements have three quarters of it."""
_PROTOCOLS = (
    Store,
    Catalogue,
    CopyStore,
    DecisionStore,
    ExchangeStore,
    ErasureStore,
    LinkNoteStore,
    PeopleStore,
    PositionStore,
    ReactionStore,
    RecipientStore,
    ReportStore,
)
for _protocol in _PROTOCOLS:
    for _operation, _method in vars(_protocol).items():
        if callable(_method) and not _operation.startswith("_"):
            STORE_UNAVAILABLE.labels(_operation)  # from 0, so that `increase()` shows the first one


def make_stores(kind: str | None = None, *, beside: Stores | None = None) -> Stores:
    """Return the stores of a kind, by default that of the setting `CHAT_STORE`. Only their vendor's
    library is imported. `beside`: stores of the same process, whose calls of `DATABASE_URL` they
    share."""
    if (kind or settings.CHAT_STORE) == "firestore":
        from messaging.stores.firestore.catalogue import FirestoreCatalogue  # noqa: PLC0415
        from messaging.stores.firestore.copying.store import FirestoreCopyStore  # noqa: PLC0415
        from messaging.stores.firestore.decisions import FirestoreDecisionStore  # noqa: PLC0415
        from messaging.stores.firestore.epochs import FirestoreEpochStore  # noqa: PLC0415
        from messaging.stores.firestore.erasure.store import FirestoreErasureStore  # noqa: PLC0415
        from messaging.stores.firestore.exchange.store import (  # noqa: PLC0415
            FirestoreExchangeStore,
        )
        from messaging.stores.firestore.people import FirestorePeopleStore  # noqa: PLC0415
        from messaging.stores.firestore.recipients import FirestoreRecipientStore  # noqa: PLC0415
        from messaging.stores.firestore.reports import FirestoreReportStore  # noqa: PLC0415
        from messaging.stores.firestore.store import FirestoreStore  # noqa: PLC0415

        documents = FirestoreStore(project=settings.GOOGLE_CLOUD_PROJECT)
        if beside is None:
            calls = Calls(using=DEFAULT_DB_ALIAS, timeout=documents.timeout)
        else:
            calls = beside.database
        return Stores(
            kind="firestore",
            conversations=documents,
            people=FirestorePeopleStore(documents),
            recipients=FirestoreRecipientStore(documents),
            decisions=FirestoreDecisionStore(documents),
            catalogue=FirestoreCatalogue(documents),
            reports=FirestoreReportStore(documents),
            epochs=FirestoreEpochStore(documents),
            exchange=FirestoreExchangeStore(documents),
            erasure=FirestoreErasureStore(documents),
            copying=FirestoreCopyStore(documents),
            database=calls,
            index=_index_calls(calls) if beside is None else beside.index,
        )
    from messaging.stores.sql.catalogue import SqlCatalogue  # noqa: PLC0415
    from messaging.stores.sql.copying.store import SqlCopyStore  # noqa: PLC0415
    from messaging.stores.sql.decisions import SqlDecisionStore  # noqa: PLC0415
    from messaging.stores.sql.epochs import SqlEpochStore  # noqa: PLC0415
    from messaging.stores.sql.erasure.store import SqlErasureStore  # noqa: PLC0415
    from messaging.stores.sql.exchange.store import SqlExchangeStore  # noqa: PLC0415
    from messaging.stores.sql.people import SqlPeopleStore  # noqa: PLC0415
    from messaging.stores.sql.recipients import SqlRecipientStore  # noqa: PLC0415
    from messaging.stores.sql.reports import SqlReportStore  # noqa: PLC0415
    from messaging.stores.sql.store import SqlStore  # noqa: PLC0415

    database = SqlStore(calls=None if beside is None else beside.database)
    return Stores(
        kind="sql",
        conversations=database,
        people=SqlPeopleStore(database),
        recipients=SqlRecipientStore(database),
        decisions=SqlDecisionStore(database),
        catalogue=SqlCatalogue(database),
        reports=SqlReportStore(database),
        epochs=SqlEpochStore(database),
        exchange=SqlExchangeStore(database),
        erasure=SqlErasureStore(database),
        copying=SqlCopyStore(database),
        database=database.calls,
        index=_index_calls(database.calls) if beside is None else beside.index,
    )


def _index_calls(database: Calls) -> Calls:
    return Calls(
        using=DEFAULT_DB_ALIAS,
        timeout=_SECONDS,
        gauges=(INDEX_BREAKER_OPEN, INDEX_WRITES_REFUSED),
        connections=INDEX_CONNECTIONS,
        own_reads=("search",),
        writes_with=database if database.one_writer else None,
    )
