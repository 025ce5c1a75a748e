"""Reported files: signed URLs of the files in the copy of a reported message, for operators."""

from collections.abc import Mapping

from messaging.domain.reports import ReportCopy
from messaging.files.content_types import served_as
from messaging.files.keys import stored_key
from messaging.files.storage import DOWNLOAD_SECONDS
from messaging.files.storages.lifetimes import ends_after
from messaging.runtime.instance import Instance


async def address_reported_files(instance: Instance, copy: ReportCopy) -> Mapping[str, str]:
    """Return a signed URL by attachment id for each file of a copy that is still there. It
    works for ten minutes. Raises StoreUnavailable, FilesUnavailable."""
    if not copy.attachments:
        return {}
    attachments = instance.attachments
    found = await attachments.store.get([one.id for one in copy.attachments])
    stored = [one for one in found.values() if one.part is not None]
    urls = await attachments.storage.sign_downloads(
        [
            (stored_key(one.id, one.part or ""), served_as(one.content_type, one.filename))
            for one in stored
        ],
        expires_at=ends_after(DOWNLOAD_SECONDS),
    )
    return {one.id: url for one, url in zip(stored, urls, strict=True)}
