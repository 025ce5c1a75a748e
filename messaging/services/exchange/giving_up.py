"""Gives up loads that were killed: what they have loaded completely stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.deletions.abandoned_loads import AbandonedLoads
from messaging.personal_data.evidence import Evidence
from messaging.services.operators.restored_erasures import Reapplied, Reapplying, reapply_erasures
from messaging.stores import Stores
from messaging.stores.damage import UNREADABLE
from messaging.stores.database.deletions import DeletionStore
from messaging.stores.database.loads import LoadStore, UnfinishedLoad
from messaging.stores.exchange import is_shell, shell_id

_MARKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    loads: Sequence[UnfinishedLoad]
    """The loads that were given up."""
    running: Sequence[UnfinishedLoad]
    """Those that run, which are left alone."""
    removed: int
    """The incomplete conversations that were removed."""
    unreadable: Sequence[str]
    """The ids of conversations that may be incomplete, and that cannot be read."""
    reapplied: Reapplied
    """The erasures of people whom the loads may have brought back."""


async def give_up_loads(stores: Stores, evidence: Evidence, *, command: str) -> GivenUp:
    """Remove the incomplete conversations of all loads that were killed, and ask again for the
    erasure of everyone who was erased and is in the store. Idempotent. Without such a load, nothing
    but their list is read. Raises StoreUnavailable, FilesUnavailable."""
    loads = LoadStore(stores.database)
    unfinished = await loads.list_unfinished()
    stopped = [one for one in unfinished if one.stopped]
    removed = 0
    unreadable: Sequence[str] = ()
    reapplied = Reapplying(stores, command=command, reason="").done(other_keys=False)
    if stopped:
        removed, unreadable = await _remove_shells(stores, [one.load_id for one in stopped])
        reapplied = await reapply_erasures(stores, evidence, command=command)
    for one in stopped:
        await loads.end(one.load_id)
    return GivenUp(
        loads=stopped,
        running=[one for one in unfinished if not one.stopped],
        removed=removed,
        unreadable=unreadable,
        reapplied=reapplied,
    )


async def _remove_shells(stores: Stores, load_ids: Sequence[str]) -> tuple[int, list[str]]:
    """Remove the conversations that these loads have begun, and not completed. Return their number,
    and the ids of the marked conversations that cannot be read."""
    store, marks = stores.conversations, DeletionStore(stores.database)
    abandoned = AbandonedLoads(stores.exchange, stores.catalogue, store.attachments)
    removed, after = 0, ""
    unreadable: list[str] = []
    while marked := await marks.list_marked(after=after, limit=_MARKS):
        for conversation_id, due_at in marked.items():
            try:
                found = await store.get_conversation(conversation_id)
            except UNREADABLE:
                unreadable.append(conversation_id)
                continue
            own = {shell_id(load_id, conversation_id) for load_id in load_ids}
            if found is None or not is_shell(found) or found.commit_id not in own:
                continue
            if await abandoned.remove(found):
                await marks.unmark(conversation_id, due_at)
                removed += 1
        after = list(marked)[-1]
    return removed, unreadable
