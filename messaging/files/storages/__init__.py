"""Storages of files: a folder, a bucket of Google Cloud Storage, a bucket of Amazon S3."""

from pathlib import Path

from django.conf import settings

from messaging.files.storage import FileStorage


def make_storage() -> FileStorage:
    """Return the storage of the setting `CHAT_FILES`. Only its vendor's library is imported, when
    it is first used."""
    if settings.CHAT_FILES == "gcs":
        from messaging.files.storages.gcs import GcsStorage  # noqa: PLC0415

        return GcsStorage(settings.CHAT_FILES_BUCKET)
    if settings.CHAT_FILES == "s3":
        from messaging.files.storages.s3 import S3Storage  # noqa: PLC0415

        return S3Storage(settings.CHAT_FILES_BUCKET)
    from messaging.files.storages.local import LocalStorage  # noqa: PLC0415

    return LocalStorage(Path(settings.CHAT_FILES_DIR), secret=settings.SECRET_KEY)
