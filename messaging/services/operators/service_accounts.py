"""Operators' actions on service accounts: create, change, issue a token, revoke.

A token is returned once, when it is created. After a revocation or a change returns, no instance
uses what it knew before.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

import structlog

from messaging.domain.exceptions import InvalidRequest
from messaging.domain.integrations.service_accounts import (
    DEFAULT_REQUESTS_PER_SECOND,
    LEASE_SECONDS,
    MAX_REQUESTS_PER_SECOND,
    Scope,
    ServiceAccount,
    ServiceToken,
    new_token,
    require_name,
    token_digest,
)
from messaging.stores.database.service_accounts import ServiceAccountStore

logger = structlog.get_logger(__name__)


async def create_account(
    accounts: ServiceAccountStore,
    *,
    name: str,
    scopes: Collection[Scope],
    by: str,
    expires_at: datetime | None = None,
    requests_per_second: int = DEFAULT_REQUESTS_PER_SECOND,
) -> str:
    """Create a service account, and return its first token. Raises InvalidRequest,
    StoreUnavailable."""
    require_name(name)
    _require_rights(scopes, requests_per_second)
    stored, token = _new_token(by, expires_at)
    await accounts.create(
        ServiceAccount(
            name=name,
            scopes=frozenset(scopes),
            requests_per_second=requests_per_second,
            created_at=stored.created_at,
            created_by=by,
            tokens=(stored,),
        )
    )
    logger.info("service.created", service=name, scopes=_names(scopes), by=by)
    return token


async def issue_token(
    accounts: ServiceAccountStore, *, name: str, by: str, expires_at: datetime | None = None
) -> str:
    """Return another token of an account; the others stay valid until they are revoked. Raises
    InvalidRequest, NotFound, StoreUnavailable."""
    stored, token = _new_token(by, expires_at)
    await accounts.add_token(name, stored)
    logger.info("service.token_issued", service=name, token_id=stored.id, by=by)
    return token


async def change_account(
    accounts: ServiceAccountStore,
    *,
    name: str,
    scopes: Collection[Scope],
    requests_per_second: int,
    by: str,
) -> None:
    """Change the scopes and the rate of an account, on all instances. Raises InvalidRequest,
    NotFound, StoreUnavailable."""
    _require_rights(scopes, requests_per_second)
    await accounts.change(name, scopes=frozenset(scopes), requests_per_second=requests_per_second)
    logger.info("service.changed", service=name, scopes=_names(scopes), by=by)
    await _until_known_everywhere()


async def revoke_token(accounts: ServiceAccountStore, *, name: str, token_id: str, by: str) -> None:
    """Revoke one token on all instances. Idempotent. Raises NotFound, StoreUnavailable."""
    await accounts.revoke(name, token_id)
    logger.info("service.token_revoked", service=name, token_id=token_id, by=by)
    await _until_known_everywhere()


async def revoke_account(accounts: ServiceAccountStore, *, name: str, by: str) -> None:
    """Revoke an account with all its tokens on all instances. Idempotent. Raises NotFound,
    StoreUnavailable."""
    await accounts.revoke(name)
    logger.info("service.revoked", service=name, by=by)
    await _until_known_everywhere()


def _new_token(by: str, expires_at: datetime | None) -> tuple[ServiceToken, str]:
    created_at = datetime.now(UTC)
    if expires_at is not None and expires_at <= created_at:
        raise InvalidRequest.of("expires_at", "This time is in the past. Name a later one.")
    id_, token = new_token()
    stored = ServiceToken(
        id=id_,
        digest=token_digest(token),
        created_at=created_at,
        created_by=by,
        expires_at=expires_at,
    )
    return stored, token


def _require_rights(scopes: Collection[Scope], requests_per_second: int) -> None:
    if not scopes:
        known = ", ".join(scope.value for scope in Scope)
        raise InvalidRequest.of("scopes", f"Name at least one scope: {known}.", "required")
    if not 1 <= requests_per_second <= MAX_REQUESTS_PER_SECOND:
        detail = f"The rate must be from 1 to {MAX_REQUESTS_PER_SECOND} requests a second."
        raise InvalidRequest.of("requests_per_second", detail)


async def _until_known_everywhere() -> None:
    """Wait until what instances have read before has ended (`LEASE_SECONDS`)."""
    await asyncio.sleep(LEASE_SECONDS)


def _names(scopes: Collection[Scope]) -> list[str]:
    """Return what a log line says of the scopes. The repr of an enum is no name."""
    return sorted(scope.value for scope in scopes)
