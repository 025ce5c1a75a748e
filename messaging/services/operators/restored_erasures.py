"""Erasures after a restore: a backup has the data of people who were erased since, or were to be.

The evidence in the storage of files has a keyed hash of each of these ids. The ids of the restored
people are hashed and compared.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.concurrency.retries import retried
from messaging.domain.identifiers import is_user_id
from messaging.domain.people import Profile
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.recipients import Recipient
from messaging.personal_data.evidence import Evidence, hash_of
from messaging.personal_data.requests import request_erasure
from messaging.stores import Stores

_PAGE = 500
OTHER_KEYS = (
    "Some receipts of erasures were made with another CHAT_ERASURE_KEY or SECRET_KEY. Their people "
    "were not looked for. Run this command with each key that was in use."
)
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

    def sentences(self) -> Iterator[str]:
        """Yield what was done about whom, for the operator."""
        for job_id in self.jobs:
            yield f"A restored person is erased again: job {job_id}."
        for user_id in self.returned:
            yield (
                f"{user_id!r} was erased and came back since. Run `manage.py erase_user` to erase "
                "this person again."
            )


class Reapplying:
    """Asks again for the erasures of people whose data came back."""

    def __init__(self, stores: Stores, *, command: str, reason: str) -> None:
        self._stores = stores
        self._by = Actor(kind=ActorKind.COMMAND, name=command)
        self._reason = reason
        self._jobs: list[str] = []
        self._returned: list[str] = []

    async def erase(self, user_id: str, *, erased_at: datetime | None, restored: int = 0) -> None:
        """Ask for an erasure. `erased_at` is the end of the earlier one, None if it did not end. A
        person who came back since is left: they have more positions that changed since than the
        `restored` ones. Raises StoreUnavailable."""
        if erased_at is not None:
            since = await retried(
                self._stores.conversations.list_changed_positions,
                user_id,
                since=erased_at,
                limit=restored + 1,
            )
            if len(since.positions) > restored:
                self._returned.append(user_id)
                return
        job = await retried(
            request_erasure,
            self._stores.database,
            person_id=user_id,
            by=self._by,
            reason=self._reason,
        )
        self._jobs.append(job.id)

    def done(self, *, other_keys: bool) -> Reapplied:
        return Reapplied(
            jobs=tuple(self._jobs), returned=tuple(self._returned), other_keys=other_keys
        )


async def reapply_erasures(stores: Stores, evidence: Evidence, *, command: str) -> Reapplied:
    """Ask again for the erasure of everyone who was erased, or was to be, and is in the store.
    Without erasures, nothing is read. Idempotent. Raises StoreUnavailable, FilesUnavailable."""
    erased, requested = await evidence.list_hashes(), await evidence.list_requests()
    hashes = erased | requested
    found: dict[str, str] = {}
    if hashes:
        async for user_id in _everyone(stores):
            if is_user_id(user_id) and (hashed := hash_of(user_id)) in hashes:
                found[user_id] = hashed
    reapplying = Reapplying(stores, command=command, reason=_REASON)
    for user_id, hashed in found.items():
        if not await _has_data(stores, user_id):
            continue
        receipt = await evidence.get(hashed) if hashed in erased else None
        request = await evidence.get_request(hashed) if hashed in requested else None
        erased_at = None if receipt is None else datetime.fromisoformat(receipt["erased_at"])
        if request is not None and (receipt is None or _is_later(request, receipt)):
            erased_at = None  # this one never came to its end
        await reapplying.erase(user_id, erased_at=erased_at)
    return reapplying.done(other_keys=await evidence.has_other_keys())


def _is_later(request: Mapping[str, Any], receipt: Mapping[str, Any]) -> bool:
    """Return whether a request is later than the one that a receipt belongs to."""
    answered: str = receipt.get("requested_at", receipt["erased_at"])
    return datetime.fromisoformat(request["requested_at"]) > datetime.fromisoformat(answered)


async def _has_data(stores: Stores, user_id: str) -> bool:
    """Return whether more is kept of a person than their access, which an erasure leaves."""
    if await retried(stores.erasure.list_positions, user_id, limit=1):
        return True
    profile = (await retried(stores.people.get_profiles, [user_id]))[user_id]
    recipient = (await retried(stores.recipients.get_recipients, [user_id]))[user_id]
    return (profile, recipient) != (Profile(user_id=user_id), Recipient(user_id=user_id))


async def _everyone(stores: Stores) -> AsyncIterator[str]:
    """Yield the ids of all people with an account or a read position, some more than once."""
    after = ""
    while people := await retried(stores.catalogue.list_people, limit=_PAGE, after=after):
        for person in people:
            yield person.user_id
        after = people[-1].user_id
    after, listed = "", stores.conversations.list_conversation_ids
    while ids := await retried(listed, after=after, limit=_PAGE):
        for conversation_id in ids:
            last = ""
            while members := await retried(
                stores.people.list_members, conversation_id, limit=_PAGE, after=last
            ):
                for user_id in members:
                    yield user_id
                last = members[-1]
        after = ids[-1]
