"""Keeping: conversations, messages, read positions, people, recipients, decisions, reports and the
epoch, on SQL or on Firestore; and the catalogue of all of it."""

from dataclasses import dataclass

from django.conf import settings

from messaging.metrics import STORE_UNAVAILABLE
from messaging.store.base import Store
from messaging.store.catalogue import Catalogue
from messaging.store.decisions import DecisionStore
from messaging.store.epochs import EpochStore
from messaging.store.people import PeopleStore
from messaging.store.recipients import RecipientStore
from messaging.store.reports import ReportStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept where. They share their connections; closing `conversations` closes all."""

    conversations: Store
    people: PeopleStore
    recipients: RecipientStore
    decisions: DecisionStore
    catalogue: Catalogue
    reports: ReportStore
    epochs: EpochStore


for _protocol in (Store, Catalogue, DecisionStore, PeopleStore, RecipientStore, ReportStore):
    for _operation, _method in vars(_protocol).items():
        if callable(_method) and not _operation.startswith("_"):
            STORE_UNAVAILABLE.labels(_operation)  # at 0, so that `increase()` shows the first


def make_stores() -> Stores:
    """The stores that the setting `CHAT_STORE` names; only their vendor's library is imported."""
    if settings.CHAT_STORE == "firestore":
        from messaging.store.firestore import FirestoreStore  # noqa: PLC0415
        from messaging.store.firestore_catalogue import FirestoreCatalogue  # noqa: PLC0415
        from messaging.store.firestore_decisions import FirestoreDecisionStore  # noqa: PLC0415
        from messaging.store.firestore_epochs import FirestoreEpochStore  # noqa: PLC0415
        from messaging.store.firestore_people import FirestorePeopleStore  # noqa: PLC0415
        from messaging.store.firestore_recipients import FirestoreRecipientStore  # noqa: PLC0415
        from messaging.store.firestore_reports import FirestoreReportStore  # noqa: PLC0415

        documents = FirestoreStore(project=settings.GOOGLE_CLOUD_PROJECT)
        return Stores(
            conversations=documents,
            people=FirestorePeopleStore(documents),
            recipients=FirestoreRecipientStore(documents),
            decisions=FirestoreDecisionStore(documents),
            catalogue=FirestoreCatalogue(documents),
            reports=FirestoreReportStore(documents),
            epochs=FirestoreEpochStore(documents),
        )
    from messaging.store.sql import SqlStore  # noqa: PLC0415
    from messaging.store.sql_catalogue import SqlCatalogue  # noqa: PLC0415
    from messaging.store.sql_decisions import SqlDecisionStore  # noqa: PLC0415
    from messaging.store.sql_epochs import SqlEpochStore  # noqa: PLC0415
    from messaging.store.sql_people import SqlPeopleStore  # noqa: PLC0415
    from messaging.store.sql_recipients import SqlRecipientStore  # noqa: PLC0415
    from messaging.store.sql_reports import SqlReportStore  # noqa: PLC0415

    database = SqlStore()
    return Stores(
        conversations=database,
        people=SqlPeopleStore(database),
        recipients=SqlRecipientStore(database),
        decisions=SqlDecisionStore(database),
        catalogue=SqlCatalogue(database),
        reports=SqlReportStore(database),
        epochs=SqlEpochStore(database),
    )
