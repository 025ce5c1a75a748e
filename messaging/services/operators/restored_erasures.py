"""Erasures after a restore: a backup has the data of people who were erased since.

The evidence in the storage of files has a keyed hash of each erased id. The ids of the restored
people are hashed and compared.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from messaging.domain.identifiers import is_user_id
from messaging.domain.people import Profile
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.recipients import Recipient
from messaging.personal_data.evidence import Evidence, hash_of
from messaging.personal_data.requests import request_erasure
from messaging.stores import Stores

_PAGE = 500
_REASON = "A backup from before the erasure was restored."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reapplied:
    jobs: tuple[str, ...]
    """The ids of the jobs that erase people again."""
    returned: tuple[str, ...]
    """The people who came back after their erasure. An operator decides about them."""
    other_keys: bool
    """Whether there are receipts of another `CHAT_ERASURE_KEY`, whose people were not looked
    for."""


async def reapply_erasures(stores: Stores, evidence: Evidence, *, command: str) -> Reapplied:
    """Ask again for the erasure of everyone who was erased and is in the store. Without erasures,
    nothing is read. Idempotent. Raises StoreUnavailable, FilesUnavailable."""
    hashes = await evidence.list_hashes()
    found: dict[str, None] = {}
    if hashes:
        async for user_id in _everyone(stores):
            if is_user_id(user_id) and hash_of(user_id) in hashes:
                found[user_id] = None
    jobs, returned = [], []
    for user_id in found:
        if not await _has_data(stores, user_id):
            continue
        receipt = await evidence.get(hash_of(user_id))
        erased_at = datetime.fromisoformat(receipt["erased_at"])
        since = await stores.conversations.list_changed_positions(user_id, since=erased_at, limit=1)
        if since.positions:
            returned.append(user_id)
            continue
        by = Actor(kind=ActorKind.COMMAND, name=command)
        job = await request_erasure(stores.database, person_id=user_id, by=by, reason=_REASON)
        jobs.append(job.id)
    other_keys = await evidence.has_other_keys()
    return Reapplied(jobs=tuple(jobs), returned=tuple(returned), other_keys=other_keys)


async def _has_data(stores: Stores, user_id: str) -> bool:
    """Return whether more is kept of a person than their access, which an erasure leaves."""
    if await stores.erasure.list_positions(user_id, limit=1):
        return True
    profile = (await stores.people.get_profiles([user_id]))[user_id]
    recipient = (await stores.recipients.get_recipients([user_id]))[user_id]
    return (profile, recipient) != (Profile(user_id=user_id), Recipient(user_id=user_id))


async def _everyone(stores: Stores) -> AsyncIterator[str]:
    """Yield the ids of all people with an account or a read position, some more than once."""
    after = ""
    while people := await stores.catalogue.list_people(limit=_PAGE, after=after):
        for person in people:
            yield person.user_id
        after = people[-1].user_id
    after = ""
    while ids := await stores.conversations.list_conversation_ids(after=after, limit=_PAGE):
        for conversation_id in ids:
            last = ""
            while members := await stores.people.list_members(
                conversation_id, limit=_PAGE, after=last
            ):
                for user_id in members:
                    yield user_id
                last = members[-1]
        after = ids[-1]
