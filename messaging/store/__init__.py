"""Keeping: conversations, messages, read positions and people, on SQL or on Firestore."""

from dataclasses import dataclass

from django.conf import settings

from messaging.store.base import Store
from messaging.store.people import PeopleStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept where. They share their connections; closing `conversations` closes all."""

    conversations: Store
    people: PeopleStore


def make_stores() -> Stores:
    """The stores that the setting `CHAT_STORE` names; only their vendor's library is imported."""
    if settings.CHAT_STORE == "firestore":
        from messaging.store.firestore import FirestoreStore  # noqa: PLC0415
        from messaging.store.firestore_people import FirestorePeopleStore  # noqa: PLC0415

        documents = FirestoreStore(project=settings.GOOGLE_CLOUD_PROJECT)
        return Stores(conversations=documents, people=FirestorePeopleStore(documents))
    from messaging.store.sql import SqlStore  # noqa: PLC0415
    from messaging.store.sql_people import SqlPeopleStore  # noqa: PLC0415

    rows = SqlStore()
    return Stores(conversations=rows, people=SqlPeopleStore(rows))
