"""Copies the states of attachments that change without a new version of their conversation: of
uploads, and of files that are due to be removed. The files themselves stay in their storage."""

from collections.abc import Sequence
from dataclasses import replace

from messaging.concurrency.retries import retried
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.stores import Stores
from messaging.stores.attachments import SharedPlace
from messaging.stores.catalogue import Place

_PAGE = 200


async def copy_due_files(source: Stores, target: Stores) -> int:
    """Copy what is due in the source or in the copy, and return how many attachments were written
    or removed. Raises StoreUnavailable."""
    changed = 0
    for store in (source, target):
        after: Place | None = None
        while page := await retried(store.copying.list_due_files, limit=_PAGE, after=after):
            changed += await copy_files(source, target, [one.id for one in page])
            last = page[-1]
            assert last.sweep_at is not None
            after = (last.sweep_at, last.id)
    return changed


async def copy_shared_files(source: Stores, target: Stores, conversation_id: str) -> None:
    """Copy the states of all attachments that the copy lists for a conversation. Raises
    StoreUnavailable."""
    after: SharedPlace | None = None
    listed = target.conversations.attachments.list_shared
    while page := await retried(listed, conversation_id, first_seq=0, limit=_PAGE, after=after):
        await copy_files(source, target, [one.id for one in page])
        last = page[-1]
        assert last.seq is not None
        after = (last.seq, last.id)


async def copy_files(source: Stores, target: Stores, ids: Sequence[str]) -> int:
    """Make these attachments equal to those of the source. Return how many were written or
    removed. Raises StoreUnavailable."""
    changed = 0
    for start in range(0, len(ids), _PAGE):
        some = ids[start : start + _PAGE]
        there = await retried(source.conversations.attachments.get, some)
        here = await retried(target.conversations.attachments.get, some)
        written = [one for one in there.values() if not _is_equal(one, here.get(one.id))]
        if written:
            await retried(target.copying.write_files, written)
        gone = here.keys() - there.keys()
        for id_ in gone:
            await retried(target.conversations.attachments.remove, id_)
        changed += len(written) + len(gone)
    return changed


def _is_equal(one: StoredAttachment, other: StoredAttachment | None) -> bool:
    """Return whether two stores hold the same. Each has tokens of its own."""
    return other is not None and replace(one, token=None) == replace(other, token=None)
