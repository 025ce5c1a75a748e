"""Signed URLs of files, for operators: of a message, or of the copy of a reported message."""

from collections.abc import Mapping, Sequence

from messaging.domain.message import Attachment
from messaging.files.content_types import served_as
from messaging.files.keys import stored_key
from messaging.files.lifetimes import DOWNLOAD_SECONDS, ends_after
from messaging.runtime.instance import Instance


async def address_files(instance: Instance, attachments: Sequence[Attachment]) -> Mapping[str, str]:
    """Return a signed URL by attachment id for each of these files that is still there. It works
    for ten minutes. Raises StoreUnavailable, FilesUnavailable."""
    if not attachments:
        return {}
    found = await instance.attachments.store.get([one.id for one in attachments])
    stored = [one for one in found.values() if one.part is not None]
    urls = await instance.attachments.storage.sign_downloads(
        [
            (stored_key(one.id, one.part or ""), served_as(one.content_type, one.filename))
            for one in stored
        ],
        expires_at=ends_after(DOWNLOAD_SECONDS),
    )
    return {one.id: url for one, url in zip(stored, urls, strict=True)}
