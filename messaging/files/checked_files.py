"""Stores a checked file, and the thumbnail of an image."""

import asyncio
from pathlib import Path

from messaging.files.content_types import THUMBNAIL_TYPE, served_as
from messaging.files.keys import stored_key, thumbnail_key
from messaging.files.storage import FileStorage


async def store_checked(
    storage: FileStorage,
    attachment_id: str,
    *,
    part: str,
    content_type: str,
    filename: str,
    target: Path,
    thumbnail: Path | None,
) -> frozenset[str]:
    """Store both files, and return their keys. Raises FilesUnavailable.

    Both are stored at the same time: their syncs then share a commit of the file system's journal.
    Each commit delays the syncs of an SQL database on the same disk, and so the sends.
    """
    files = [(target, stored_key(attachment_id, part), served_as(content_type, filename))]
    if thumbnail is not None:
        small = served_as(THUMBNAIL_TYPE, "thumbnail.webp")
        files.append((thumbnail, thumbnail_key(attachment_id, part), small))
    # The caller removes its folder afterwards: nothing may read it any more.
    outcomes = await asyncio.gather(*(storage.put(*one) for one in files), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
    return frozenset(key for _, key, _ in files)
