"""The examination of the store: each kind of query, and a write."""

import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import RESERVED_PREFIXES, random_id
from messaging.domain.reports import ReportStatus
from messaging.runtime.readiness import MAX_SKEW_SECONDS, Answering, Readiness
from messaging.stores import Stores, make_stores
from messaging.stores.conversations import Store
from messaging.stores.database.service_accounts import ServiceAccountStore
from messaging.stores.switching.move import FormerStore
from messaging.stores.switching.placement import kind_in_force

Asking = Callable[[], Coroutine[Any, Any, Any]]

_KINDS = ("sql", "firestore")
_SHOWN = 20
_LOOKED_AT = 200


async def examine_store() -> Sequence[Finding]:
    """Run each kind of query. A missing index fails only its own kind, even on an empty store."""
    if settings.CHAT_STORE not in _KINDS:
        remedy = f"Set CHAT_STORE to {' or '.join(_KINDS)}."
        return [problem("The store was not examined: CHAT_STORE has an unsupported value.", remedy)]
    stores = make_stores(await _kind_in_use())
    store = stores.conversations
    try:
        watch = Stopwatch()
        unreadable = await _tried("reading", store.now)
        if unreadable is not None:
            return [unreadable]
        findings = [ok(f"A read takes {watch.ms} ({stores.kind})."), *await clock(store)]
        for operation, ask in _queries(stores).items():
            refused = await _tried(operation, ask)
            if refused is not None:
                findings.append(refused)
        findings += await _reserved_ids(stores)
        watch = Stopwatch()
        unwritable = await _tried("writing", lambda: _write(store))
        return [*findings, unwritable or ok(f"A write and a delete take {watch.ms}.")]
    finally:
        await stores.close()


async def _kind_in_use() -> str:
    """Return the kind of store that is in force. Where that cannot be told, or an instance would
    refuse to use it, return the one of `CHAT_STORE`."""
    stores = make_stores()
    try:
        return await kind_in_force(stores.database)
    except (FormerStore, StoreUnavailable, DatabaseError):
        return str(settings.CHAT_STORE)
    finally:
        await stores.close()


async def clock(store: Answering, wall_clock: Callable[[], float] = time.time) -> Sequence[Finding]:
    """Compare this machine's clock with the store's. The store's clock dates everything."""
    readiness = Readiness(store, wall_clock=wall_clock)
    await readiness.store()
    skew = readiness.skew
    if skew is None or abs(skew) <= MAX_SKEW_SECONDS:
        return []
    direction = "behind" if skew < 0 else "ahead of"
    text = f"The clock of this machine is {abs(skew):.0f} seconds {direction} the store's."
    return [problem(text, "Synchronise it with NTP.")]


def _queries(stores: Stores) -> Mapping[str, Asking]:
    """Return at least one query for each index in firestore.indexes.json."""
    store, catalogue, reports = stores.conversations, stores.catalogue, stores.reports
    nobody, soon = random_id(), datetime.now(UTC) + timedelta(hours=1)
    return {
        "lists of conversations": lambda: store.list_conversations("doctor", limit=1),
        "changed conversations": lambda: store.list_changed_conversations(since=soon),
        "pages of messages": lambda: store.list_messages(nobody, first_seq=1, last_seq=2),
        "latest messages": lambda: store.list_latest_messages(nobody, limit=1),
        "changed messages": lambda: store.list_changed_messages(nobody, since=0, until=1, limit=1),
        "read positions": lambda: store.list_read_positions(nobody),
        "changed positions": lambda: store.list_changed_positions("doctor", since=soon, limit=1),
        "changed access": lambda: stores.people.list_changed_access(since=soon),
        "conversations in the admin": lambda: catalogue.list_conversations(limit=1),
        "frozen conversations": lambda: catalogue.list_frozen(limit=1),
        "banned people": lambda: catalogue.list_banned(limit=1),
        "failed notifications": lambda: catalogue.list_failed(limit=1),
        "shared files": lambda: store.attachments.list_shared(nobody, first_seq=1, limit=1),
        "files to remove": lambda: store.attachments.list_due(limit=1),
        "reactions": lambda: store.reactions.list_reactions(nobody, nobody, "👍", limit=1),
        "open reports": lambda: reports.list_reports(limit=1, status=ReportStatus.OPEN),
        "reports of a person": lambda: reports.list_reports(limit=1, author_id="doctor"),
        "reports by a person": lambda: reports.list_reports_by("doctor", limit=1),
        "conversations of a person": lambda: stores.erasure.list_positions(nobody, limit=1),
        # There are none: nothing is removed.
        "reactions of a person": lambda: stores.erasure.remove_reactions(nobody),
    }


async def _reserved_ids(stores: Stores) -> Sequence[Finding]:
    """Find people with reserved user ids, among stored people and in the latest conversations.
    Service accounts are no people.

    This takes at most a few hundred reads."""
    found: set[str] = set()
    try:
        for prefix in RESERVED_PREFIXES:
            listed = await stores.catalogue.list_people(limit=_SHOWN, after=prefix)
            found |= {one.user_id for one in listed if one.user_id.startswith(prefix)}
        for conversation in await stores.catalogue.list_conversations(limit=_LOOKED_AT):
            people = conversation.participants
            found |= {one for one in people if one.startswith(RESERVED_PREFIXES)}
        found -= await _service_ids(stores)
    except Exception:  # noqa: BLE001 - the failing query is reported above
        return []
    if not found:
        return []
    shown = ", ".join(sorted(found)[:_SHOWN])
    more = ", …" if len(found) > _SHOWN else ""
    remedy = (
        "Their tokens are refused. Give these people other ids, and remove the old ids from groups."
    )
    return [warning(f"Reserved user ids are in use: {shown}{more}.", remedy)]


async def _service_ids(stores: Stores) -> set[str]:
    """Return the ids of the service accounts; none if the database cannot be read, which has an
    examination of its own."""
    try:
        return {
            account.user_id
            for account in await ServiceAccountStore(stores.database).list_accounts()
        }
    except Exception:  # noqa: BLE001 - see above
        return set()


async def _write(store: Store) -> None:
    """Write and delete the note of an instance that has lost Redis."""
    boot_id = f"doctor-{secrets.token_hex(4)}"
    await store.put_link_note(boot_id)
    await store.delete_link_note(boot_id)


async def _tried(operation: str, ask: Asking) -> Finding | None:
    """Return a finding if the query fails, otherwise None."""
    try:
        await ask()
    except Exception as error:  # noqa: BLE001 - it is explained to the operator
        return _explained(operation, error)
    return None


def _explained(operation: str, error: Exception) -> Finding:
    if settings.CHAT_STORE == "firestore":
        from messaging.doctor.firestore import explained  # noqa: PLC0415 - takes a second

        finding = explained(operation, error)
        if finding is not None:
            return finding
    reason = f"{type(error).__name__}: {error.__cause__ or error}"
    return problem(
        f"The store fails at {operation}: {reason}", "See the findings about the database."
    )
