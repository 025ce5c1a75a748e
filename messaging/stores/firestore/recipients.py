"""Recipients on Cloud Firestore.

users/{user_id}            settings and devices, so that one read returns both
device_tokens/{digest}     the owner of a token, so that it belongs to one device
"""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from messaging.domain.people import AddedBy, QuietHours, UserSettings
from messaging.domain.recipients import Device, Platform, Recipient, TokenKind
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.client.transactions import Transaction
from messaging.stores.firestore.people import read_access, read_blocked
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import plain_time, quoted, read_text
from messaging.stores.recipients import devices_allowed_to_ring, excess_devices, token_digest
from messaging.stores.shared.stored_enums import member_of

_READ_AT_ONCE = 500


class FirestoreRecipientStore:
    """Implements `messaging.stores.recipients.RecipientStore` on the Firestore store's
    connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._transactions = store.transactions
        self._database = store.connection.database

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        recipients = {user_id: Recipient(user_id=user_id) for user_id in user_ids}
        for start in range(0, len(user_ids), _READ_AT_ONCE):
            names = [self._user(user_id) for user_id in user_ids[start : start + _READ_AT_ONCE]]
            for document in await self._connection.get("get_recipients", names):
                recipient = _read_recipient(document)
                recipients[recipient.user_id] = recipient
        return recipients

    async def set_settings(self, user_id: str, changes: Mapping[str, Any]) -> None:
        writes = Writes(self._database)
        writes.merge(self._user(user_id), settings_fields(changes))
        await self._connection.write("set_settings", writes)

    async def put_device(self, user_id: str, device: Device, *, most: int) -> None:
        user, token = self._user(user_id), self._token(device)

        async def put(transaction: Transaction) -> None:
            found = await transaction.get(user)
            owner = await transaction.get(token)
            own = read_devices(found)
            self._take_from_owner(transaction, owner, user_id)
            before = own.get(device.id)
            if before is not None and self._token(before) != token:
                transaction.writes.delete(self._token(before))
            own = {id_: one for id_, one in own.items() if self._token(one) != token}
            own[device.id] = device
            too_many = excess_devices(own, most)
            for one in too_many:
                del own[one.id]
                transaction.writes.delete(self._token(one))
            fields = {"devices": {one.id: device_fields(one) for one in own.values()}}
            transaction.writes.merge(user, fields)
            transaction.writes.set(token, {"user_id": user_id, "device_id": device.id})

        await self._transactions.run("put_device", token, put)

    async def remove_device(
        self, user_id: str, device_id: str, *, token: str | None = None
    ) -> bool:
        user = self._user(user_id)

        async def remove(transaction: Transaction) -> bool:
            device = read_devices(await transaction.get(user)).get(device_id)
            if device is None or (token is not None and device.token != token):
                return transaction.repeated
            path = f"devices.{quoted(device_id)}"
            transaction.writes.update(user, {}, mask=[path])
            transaction.writes.delete(self._token(device))
            return True

        return await self._transactions.run("remove_device", user, remove)

    def _take_from_owner(self, transaction: Transaction, owner: Any | None, user_id: str) -> None:
        if owner is None or owner.fields["user_id"].string_value == user_id:
            return
        path = f"devices.{quoted(owner.fields['device_id'].string_value)}"
        user = self._user(owner.fields["user_id"].string_value)
        transaction.writes.update(user, {}, mask=[path])

    def _user(self, user_id: str) -> str:
        return self._database.document("users", user_id)

    def _token(self, device: Device) -> str:
        return self._database.document("device_tokens", token_digest(device))


def _read_recipient(document: Any) -> Recipient:
    _, user_id = document.name.rsplit("/", 1)
    return Recipient(
        user_id=user_id,
        settings=read_settings(document),
        devices=devices_allowed_to_ring(read_devices(document).values(), read_access(document)),
        blocked=read_blocked(document),
    )


def read_settings(document: Any) -> UserSettings:
    fields = document.fields
    quiet = fields["quiet_hours"].map_value.fields
    return UserSettings(
        quiet_hours=QuietHours(
            time_zone=quiet["time_zone"].string_value,
            start=time.fromisoformat(quiet["from"].string_value),
            end=time.fromisoformat(quiet["to"].string_value),
        )
        if fields["quiet_hours"].HasField("map_value")
        else None,
        push_text=not fields["push_text"].HasField("boolean_value")
        or fields["push_text"].boolean_value,
        private_reading=fields["private_reading"].boolean_value,
        added_by=member_of(AddedBy, fields["added_by"].string_value or AddedBy.ANYONE),
    )


def read_devices(document: Any | None) -> dict[str, Device]:
    if document is None:
        return {}
    stored = document.fields["devices"].map_value.fields
    return {
        device_id: _read_device(device_id, stored[device_id].map_value.fields)
        for device_id in sorted(stored)
    }


def _read_device(device_id: str, fields: Any) -> Device:
    return Device(
        id=device_id,
        token=read_text(fields["token"]) or "",
        token_kind=member_of(TokenKind, fields["token_kind"].string_value),
        platform=member_of(Platform, fields["platform"].string_value),
        registered_at=plain_time(fields["registered_at"].timestamp_value),
    )


def device_fields(device: Device) -> dict[str, Any]:
    return {
        "token": device.token,
        "token_kind": device.token_kind.value,
        "platform": device.platform.value,
        "registered_at": device.registered_at,
    }


def settings_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _setting(value) for name, value in changes.items()}


def _setting(value: Any) -> Any:
    if isinstance(value, QuietHours):
        return {
            "time_zone": value.time_zone,
            "from": value.start.isoformat("minutes"),
            "to": value.end.isoformat("minutes"),
        }
    return value.value if isinstance(value, AddedBy) else value
