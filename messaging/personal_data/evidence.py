"""Evidence of erasures: the request and the receipt of each, without personal data, under a keyed
hash of the user id.

It is in the storage of files, so a restored backup of the store does not take it away: after a
restore, the ids of the restored people are hashed and compared (`manage.py new_epoch`). Without the
key, nobody can find out from a hash whose receipt it is.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from messaging.domain.identifiers import derived_id
from messaging.files.keys import stored_key
from messaging.files.storage import FileStorage, Served
from messaging.personal_data.temporary import temporary_folder
from messaging.wire.representations import timestamp

_FOLDER = derived_id("erasures")
"""The receipts are kept like the parts of one attachment, which no upload can have."""
_REQUESTS = derived_id("erasure requests")
_KEYS = derived_id("erasure keys")
"""It has a file for each key that receipts were made with."""
_HASH_LENGTH = 32
_MAX_BYTES = 1024 * 1024
_SERVED = Served(content_type="application/json", disposition="attachment")


def hash_of(user_id: str) -> str:
    """Return the keyed hash of a user id: 128 bits, in hexadecimal."""
    return _keyed(f"chat.erasure:{user_id}")


def _keyed(text: str) -> str:
    key = (settings.CHAT_ERASURE_KEY or settings.SECRET_KEY).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:_HASH_LENGTH]


def _key_name() -> str:
    """Return what identifies the present key, and tells nothing about it."""
    return _keyed("chat.erasure.key")


class Evidence:
    """Every method may raise `FilesUnavailable`."""

    def __init__(self, storage: FileStorage) -> None:
        self._storage = storage

    async def put(self, user_id: str, receipt: Mapping[str, Any]) -> None:
        """Keep the receipt of a person's erasure, in the place of an earlier one."""
        await self._put(_FOLDER, user_id, receipt)

    async def put_request(self, user_id: str, *, job_id: str, requested_at: datetime) -> None:
        """Keep that somebody has asked for the erasure of a person, in the place of an earlier
        request. If the job is lost before there is a receipt, this tells that it is to be done."""
        request = {"job_id": job_id, "requested_at": timestamp(requested_at)}
        await self._put(_REQUESTS, user_id, request)

    async def _put(self, folder_id: str, user_id: str, content: Mapping[str, Any]) -> None:
        async with temporary_folder("chat-receipt-") as folder:
            source = folder / "key.json"
            await asyncio.to_thread(source.write_bytes, b"{}")
            await self._storage.put(source, stored_key(_KEYS, _key_name()), _SERVED)
            source = folder / "content.json"
            await asyncio.to_thread(source.write_bytes, orjson.dumps(dict(content)))
            await self._storage.put(source, stored_key(folder_id, hash_of(user_id)), _SERVED)

    async def has_other_keys(self) -> bool:
        """Return whether there are receipts that the present key does not find."""
        return bool(await self._names(_KEYS) - {_key_name()})

    async def list_hashes(self) -> frozenset[str]:
        """Return the hashes of all erased people."""
        return await self._names(_FOLDER)

    async def list_requests(self) -> frozenset[str]:
        """Return the hashes of all people whose erasure was asked for."""
        return await self._names(_REQUESTS)

    async def _names(self, folder: str) -> frozenset[str]:
        keys = await self._storage.list_parts(folder)
        return frozenset(key.rpartition("/")[2] for key in keys)

    async def get(self, hashed: str) -> dict[str, Any]:
        """Return a receipt. Raises FileMissing."""
        return await self._get(_FOLDER, hashed)

    async def get_request(self, hashed: str) -> dict[str, Any]:
        """Return the latest request: `job_id`, `requested_at`. Raises FileMissing."""
        return await self._get(_REQUESTS, hashed)

    async def _get(self, folder_id: str, hashed: str) -> dict[str, Any]:
        async with temporary_folder("chat-receipt-") as folder:
            target = folder / "content.json"
            await self._storage.fetch(stored_key(folder_id, hashed), target, most=_MAX_BYTES)
            content: dict[str, Any] = orjson.loads(await asyncio.to_thread(target.read_bytes))
            return content
