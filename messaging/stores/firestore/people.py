"""People on Cloud Firestore: documents `users/{user_id}`, beside the user's other data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.people import Access, AddedBy, Privacy, Profile
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction
from messaging.stores.firestore.documents.conversations import conversation_name
from messaging.stores.firestore.documents.positions import position_name
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import Reference, plain_time, quoted, read_time
from messaging.stores.people import ChangedAccess, lately_left
from messaging.stores.shared.stored_enums import member_of

_READ_AT_ONCE = 500
_PROFILE = ("name", "picture")


class FirestorePeopleStore:
    """Implements `messaging.stores.people.PeopleStore` on the Firestore store's connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._transactions = store.transactions
        self._database = store.connection.database

    async def get_access(self, user_id: str) -> Access:
        found = await self._connection.get("get_access", [self._user(user_id)])
        return read_access(found[0]) if found else Access(user_id=user_id)

    async def log_out(self, user_id: str, *, at_least: datetime | None = None) -> Access:
        access = await self._change("log_out", user_id, {"valid_after": COMMIT_TIME})
        if at_least is None or access.valid_after is None or access.valid_after >= at_least:
            return access
        return await self.revoke(user_id, up_to=at_least)

    async def revoke(self, user_id: str, *, up_to: datetime) -> Access:
        user = self._user(user_id)

        async def revoke(transaction: Transaction) -> None:
            found = await transaction.get(user)
            valid_after = None if found is None else read_access(found).valid_after
            if valid_after is None or valid_after < up_to:
                fields = {"valid_after": up_to, "access_changed_at": COMMIT_TIME}
                transaction.writes.merge(user, fields)

        await self._transactions.run("revoke", user, revoke)
        return await self.get_access(user_id)

    async def set_ban(self, user_id: str, *, until: datetime | None) -> Access:
        return await self._change("set_ban", user_id, {"banned_until": until})

    async def list_changed_access(self, *, since: datetime) -> ChangedAccess:
        # An index on the time alone supports 500 writes a second: far more than there are logouts.
        found, read_at = await self._connection.dated_query(
            "list_changed_access",
            self._database.root,
            query("users", ("access_changed_at", ">=", since)),
        )
        return ChangedAccess(people=[read_access(one) for one in found], read_at=read_at)

    async def get_blocks(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        names = [self._user(user_id) for user_id in user_ids]
        found = await self._connection.get("get_blocks", names) if names else []
        blocks = {_user_id(one): read_blocked(one) for one in found}
        return {user_id: blocks.get(user_id, frozenset()) for user_id in user_ids}

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        privacy = {user_id: Privacy(user_id=user_id) for user_id in user_ids}
        for start in range(0, len(user_ids), _READ_AT_ONCE):
            names = [self._user(user_id) for user_id in user_ids[start : start + _READ_AT_ONCE]]
            for document in await self._connection.get("get_privacy", names):
                privacy[_user_id(document)] = read_privacy(document)
        return privacy

    async def note_left(self, user_id: str, conversation_id: str) -> None:
        user = self._user(user_id)

        async def note(transaction: Transaction) -> None:
            found = await transaction.get(user)
            known = {} if found is None else _read_left(found)
            left = lately_left(known, conversation_id, datetime.now(UTC))
            transaction.writes.put(user, {"left": left}, mask=["left"])

        await self._transactions.run("note_left", user, note)

    async def set_block(self, user_id: str, other_id: str, *, blocked: bool) -> None:
        writes = Writes(self._database)
        fields = {"blocked": {other_id: True}} if blocked else {}
        writes.put(self._user(user_id), fields, mask=[f"blocked.{quoted(other_id)}"])
        await self._connection.write("set_block", writes)

    async def get_profiles(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        profiles = {user_id: Profile(user_id=user_id) for user_id in user_ids}
        for start in range(0, len(user_ids), _READ_AT_ONCE):
            names = [self._user(user_id) for user_id in user_ids[start : start + _READ_AT_ONCE]]
            # Not the devices and blocks in the same document: others chose their size.
            for document in await self._connection.get("get_profiles", names, only=_PROFILE):
                profiles[_user_id(document)] = read_profile(document)
        return profiles

    async def set_profile(self, user_id: str, changes: Mapping[str, str]) -> None:
        writes = Writes(self._database)
        writes.merge(self._user(user_id), changes)
        await self._connection.write("set_profile", writes)

    async def complete_profile(self, user_id: str, offered: Mapping[str, str]) -> None:
        user = self._user(user_id)

        async def complete(transaction: Transaction) -> None:
            found = await transaction.get(user)
            known = () if found is None else found.fields
            missing = {field: value for field, value in offered.items() if field not in known}
            if missing:
                transaction.writes.merge(user, missing)

        await self._transactions.run("complete_profile", user, complete)

    async def list_members(
        self, conversation_id: str, *, limit: int, after: str = ""
    ) -> Sequence[str]:
        conversation = conversation_name(self._database, conversation_id)
        last = (Reference(position_name(self._database, conversation_id, after)),) if after else ()
        found = await self._connection.query(
            "list_members",
            conversation,
            query(
                "participants",
                order_by=[("__name__", "ascending")],
                start_after=last,
                limit=limit,
                only=["__name__"],
            ),
        )
        return [_user_id(document) for document in found]

    async def _change(self, operation: str, user_id: str, changes: Mapping[str, Any]) -> Access:
        writes = Writes(self._database)
        writes.merge(self._user(user_id), {**changes, "access_changed_at": COMMIT_TIME})
        await self._connection.write(operation, writes)
        return await self.get_access(user_id)

    def _user(self, user_id: str) -> str:
        return self._database.document("users", user_id)


def _user_id(document: Any) -> str:
    _, user_id = document.name.rsplit("/", 1)
    return str(user_id)


def read_access(document: Any) -> Access:
    fields = document.fields
    return Access(
        user_id=_user_id(document),
        valid_after=read_time(fields["valid_after"]),
        banned_until=read_time(fields["banned_until"]),
        changed_at=read_time(fields["access_changed_at"]),
    )


def read_blocked(document: Any) -> frozenset[str]:
    return frozenset(document.fields["blocked"].map_value.fields)


def read_profile(document: Any) -> Profile:
    fields = document.fields
    return Profile(
        user_id=_user_id(document),
        name=fields["name"].string_value if "name" in fields else None,
        picture=fields["picture"].string_value if "picture" in fields else None,
    )


def read_privacy(document: Any) -> Privacy:
    fields = document.fields
    return Privacy(
        user_id=_user_id(document),
        blocked=read_blocked(document),
        private_reading=fields["private_reading"].boolean_value,
        added_by=member_of(AddedBy, fields["added_by"].string_value or AddedBy.ANYONE),
        left=_read_left(document),
        erasing=read_access(document).erasing,
    )


def _read_left(document: Any) -> dict[str, datetime]:
    left = document.fields["left"].map_value.fields
    return {id_: plain_time(left[id_].timestamp_value) for id_ in left}
