"""Keeping: conversations, messages and read positions, on SQL or on Firestore."""

from django.conf import settings

from messaging.store.base import Store


def make_store() -> Store:
    """The store that the setting `CHAT_STORE` names; only its vendor's library is imported."""
    if settings.CHAT_STORE == "firestore":
        from messaging.store.firestore import FirestoreStore  # noqa: PLC0415

        return FirestoreStore(project=settings.GOOGLE_CLOUD_PROJECT)
    from messaging.store.sql import SqlStore  # noqa: PLC0415

    return SqlStore()
