"""Service accounts, their tokens and their history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Prefetch, Q, QuerySet, When
from django.db.transaction import atomic

from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.integrations.service_accounts import (
    MAX_ACCOUNTS,
    MAX_TOKENS,
    Scope,
    ServiceAccount,
    ServiceAction,
    ServiceToken,
)
from messaging.models import ServiceAccountRecord, ServiceActionRecord, ServiceTokenRecord
from messaging.models.lengths import USER_ID_LENGTH
from messaging.models.service_accounts import METHOD_LENGTH, REQUEST_ID_LENGTH
from messaging.stores.database.audit import write_entries
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

_SHOWN_TOKENS = 50
MAX_ACTIONS = 1_000_000
"""The latest actions of all accounts that are kept."""


class ServiceAccountStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls, *, max_actions: int = MAX_ACTIONS) -> None:
        self._calls = calls
        self._max_actions = max_actions

    async def create(self, account: ServiceAccount) -> None:
        """Create an account. Raises InvalidRequest if the name is taken, or above `MAX_ACCOUNTS`
        accounts."""
        await self._calls.write("create_service_account", _create, account)

    async def get(self, name: str) -> ServiceAccount | None:
        """Return an account with its tokens, at most 50: the valid ones, then the latest."""
        return await self._calls.read("get_service_account", _get, name)

    async def list_accounts(self) -> Sequence[ServiceAccount]:
        """Return all accounts by name, each with its tokens as `get` returns them."""
        return await self._calls.read("list_service_accounts", _list)

    async def find(self, token_id: str) -> ServiceAccount | None:
        """Return the account of a token, with this token alone."""
        return await self._calls.read("find_service_token", _find, token_id)

    async def add_token(self, name: str, token: ServiceToken) -> None:
        """Add a token. Raises NotFound, and InvalidRequest above `MAX_TOKENS` valid ones."""
        await self._calls.write("add_service_token", _add_token, name, token)

    async def change(
        self, name: str, *, scopes: frozenset[Scope], requests_per_second: int
    ) -> None:
        """Change the scopes and the rate of an account. Raises NotFound."""
        await self._calls.write(
            "change_service_account", _change, name, scopes, requests_per_second
        )

    async def revoke(self, name: str, token_id: str | None = None) -> None:
        """Revoke one token, or the account with all its tokens. Idempotent. Raises NotFound."""
        await self._calls.write("revoke_service_account", _revoke, name, token_id)

    async def record(self, actions: Sequence[ServiceAction], used: Mapping[str, datetime]) -> None:
        """Add actions to the history and to the audit trail, and note when tokens were last used,
        by their ids."""
        await self._calls.write(
            "record_service_actions", _record, actions, used, most=self._max_actions
        )

    async def list_actions(
        self, name: str, *, limit: int, before: int | None = None
    ) -> Sequence[tuple[int, ServiceAction]]:
        """Return the latest actions of an account, each with its number; only those below a number
        if there is one."""
        return await self._calls.read("list_service_actions", _list_actions, name, limit, before)

    async def close(self) -> None:
        """Give back connections and threads; the next call opens new ones."""
        await self._calls.close()


def _create(database: BaseDatabaseWrapper, account: ServiceAccount) -> None:
    records = ServiceAccountRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        if records.count() >= MAX_ACCOUNTS:
            detail = f"There are at most {MAX_ACCOUNTS} service accounts."
            raise InvalidRequest.of("name", detail, "too_many")
        _, created = records.get_or_create(
            name=account.name,
            defaults={
                "scopes": sorted(account.scopes),
                "requests_per_second": account.requests_per_second,
                "created_at": account.created_at,
                "created_by": account.created_by,
            },
        )
        if not created:
            raise InvalidRequest.of("name", "A service account has this name. Use another.")
        for token in account.tokens:
            _insert_token(database, account.name, token)


def _insert_token(database: BaseDatabaseWrapper, name: str, token: ServiceToken) -> None:
    ServiceTokenRecord.objects.using(database.alias).create(
        id=token.id,
        account_id=name,
        digest=token.digest,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
    )


def _get(database: BaseDatabaseWrapper, name: str) -> ServiceAccount | None:
    record = _with_tokens(database).filter(name=name).first()
    return None if record is None else _account(record, record.shown_tokens)


def _list(database: BaseDatabaseWrapper) -> Sequence[ServiceAccount]:
    records = _with_tokens(database).order_by("name")[:MAX_ACCOUNTS]
    return [_account(record, record.shown_tokens) for record in records]


def _with_tokens(database: BaseDatabaseWrapper) -> QuerySet[Any]:
    """Return the accounts, each with `shown_tokens`, which its class does not name."""
    valid_first = Case(When(_valid(database), then=0), default=1)
    tokens = ServiceTokenRecord.objects.using(database.alias)
    shown = tokens.order_by(valid_first, "-created_at", "id")[:_SHOWN_TOKENS]
    records = ServiceAccountRecord.objects.using(database.alias)
    return records.prefetch_related(Prefetch("tokens", queryset=shown, to_attr="shown_tokens"))


def _valid(database: BaseDatabaseWrapper) -> Q:
    """Return the condition that a token is neither revoked nor expired."""
    ends = Q(expires_at__isnull=True) | Q(expires_at__gt=now(database))
    return ends & Q(revoked_at__isnull=True)


def _find(database: BaseDatabaseWrapper, token_id: str) -> ServiceAccount | None:
    records = ServiceTokenRecord.objects.using(database.alias).select_related("account")
    record = records.filter(id=token_id).first()
    return None if record is None else _account(record.account, [record])


def _add_token(database: BaseDatabaseWrapper, name: str, token: ServiceToken) -> None:
    with atomic(using=database.alias):
        account = _locked(database, name)
        if account.revoked_at is not None:
            raise InvalidRequest.of("name", "This service account was revoked. Create another.")
        tokens = ServiceTokenRecord.objects.using(database.alias).filter(account_id=name)
        if tokens.filter(_valid(database)).count() >= MAX_TOKENS:
            detail = f"An account has at most {MAX_TOKENS} valid tokens. Revoke one first."
            raise InvalidRequest.of("tokens", detail, "too_many")
        _insert_token(database, name, token)


def _change(
    database: BaseDatabaseWrapper, name: str, scopes: frozenset[Scope], requests_per_second: int
) -> None:
    with atomic(using=database.alias):
        account = _locked(database, name)
        account.scopes = sorted(scopes)
        account.requests_per_second = requests_per_second
        account.save(update_fields=["scopes", "requests_per_second"])


def _revoke(database: BaseDatabaseWrapper, name: str, token_id: str | None) -> None:
    with atomic(using=database.alias):
        account = _locked(database, name)
        at = now(database)
        tokens = ServiceTokenRecord.objects.using(database.alias).filter(account_id=name)
        if token_id is not None:
            tokens = tokens.filter(id=token_id)
            if not tokens.exists():
                raise NotFound(f"The service account has no token {token_id!r}.")
        elif account.revoked_at is None:
            account.revoked_at = at
            account.save(update_fields=["revoked_at"])
        tokens.filter(revoked_at__isnull=True).update(revoked_at=at)


def _locked(database: BaseDatabaseWrapper, name: str) -> ServiceAccountRecord:
    records = ServiceAccountRecord.objects.using(database.alias).select_for_update()
    found = records.filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no service account {name!r}.")
    return found


def _record(
    database: BaseDatabaseWrapper,
    actions: Sequence[ServiceAction],
    used: Mapping[str, datetime],
    *,
    most: int,
) -> None:
    records = ServiceActionRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        created = records.bulk_create(
            ServiceActionRecord(
                name=action.name,
                token_id=action.token_id,
                at=action.at,
                method=_storable(action.method)[:METHOD_LENGTH],
                path=_storable(action.path),
                status=action.status,
                request_id=_storable(action.request_id)[:REQUEST_ID_LENGTH],
                person_id=_storable(action.person_id or "")[:USER_ID_LENGTH],
            )
            for action in actions
        )
        if audited := [entry for action in actions for entry in action.audited]:
            write_entries(database, audited)
        if created:
            records.filter(id__lte=created[-1].id - most).delete()
        tokens = ServiceTokenRecord.objects.using(database.alias)
        # All instances lock the tokens in one order, so that none waits for another in a circle.
        for token_id, at in sorted(used.items()):
            earlier = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
            tokens.filter(earlier, id=token_id).update(last_used_at=at)


def _storable(text: str) -> str:
    """Return a text from a client without what PostgreSQL refuses."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _list_actions(
    database: BaseDatabaseWrapper, name: str, limit: int, before: int | None
) -> Sequence[tuple[int, ServiceAction]]:
    records = ServiceActionRecord.objects.using(database.alias).filter(name=name)
    if before is not None:
        records = records.filter(id__lt=before)
    return [(record.id, _action(record)) for record in records.order_by("-id")[:limit]]


def _action(record: ServiceActionRecord) -> ServiceAction:
    return ServiceAction(
        name=record.name,
        token_id=record.token_id,
        at=record.at,
        method=record.method,
        path=record.path,
        status=record.status,
        request_id=record.request_id,
        person_id=record.person_id or None,
    )


def _account(record: ServiceAccountRecord, tokens: Sequence[ServiceTokenRecord]) -> ServiceAccount:
    known = frozenset(scope.value for scope in Scope)
    return ServiceAccount(
        name=record.name,
        scopes=frozenset(Scope(one) for one in record.scopes if one in known),
        requests_per_second=record.requests_per_second,
        created_at=record.created_at,
        created_by=record.created_by,
        revoked_at=record.revoked_at,
        tokens=tuple(map(_token, tokens)),
    )


def _token(record: ServiceTokenRecord) -> ServiceToken:
    return ServiceToken(
        id=record.id,
        digest=record.digest,
        created_at=record.created_at,
        created_by=record.created_by,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
        last_used_at=record.last_used_at,
    )
