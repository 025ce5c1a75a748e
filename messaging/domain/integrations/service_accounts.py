"""Service accounts: a team's own back end, or a bot, with tokens of its own.

A token is `svc_<id>_<secret>`. The id finds the token, and may be shown. Only a digest of the whole
token is stored. The secret has 256 random bits, so a fast digest is enough.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from messaging.domain.exceptions import InvalidRequest, ScopeMissing
from messaging.domain.identifiers import SERVICE_PREFIX
from messaging.domain.personal_data.audit import AuditEntry

TOKEN_PREFIX = "svc_"  # noqa: S105  no secret
MAX_TOKENS = 10
"""The tokens of one account that are neither revoked nor expired. Two are enough to rotate."""
MAX_ACCOUNTS = 200
LEASE_SECONDS = 1.0
"""How long an instance uses what it has read about a token. A revocation waits for as long."""
NAME_RULE = "1 to 40 characters of a-z 0-9 and -, beginning with a letter or digit"
DEFAULT_REQUESTS_PER_SECOND = 50
MAX_REQUESTS_PER_SECOND = 1_000

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_TOKEN = re.compile(r"svc_([0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)
_OWN_NAME = "system"
"""`service:system` is the sender of the product's own system messages."""


class Scope(StrEnum):
    """What a service account may do."""

    ACT_AS = "act_as"
    """Act on behalf of a person."""
    SEND = "send"
    """Send messages into any conversation."""
    MANAGE = "manage"
    """Create and change conversations, their people, and profiles."""
    EXPORT = "export"
    """Export and erase the data of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceToken:
    id: str
    digest: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    """None for a token that does not expire."""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """When it was last used, at most a minute ago."""

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    @property
    def valid(self) -> bool:
        return self.revoked_at is None and not self.expired


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    name: str
    scopes: frozenset[Scope]
    requests_per_second: int
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    tokens: tuple[ServiceToken, ...] = ()
    """The valid ones first, then the latest."""

    @property
    def user_id(self) -> str:
        return service_id(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCaller:
    """A service account that makes a request, and the token that it shows."""

    name: str
    token_id: str
    scopes: frozenset[Scope]
    requests_per_second: int

    @property
    def user_id(self) -> str:
        return service_id(self.name)

    def require(self, *scopes: Scope) -> None:
        """Require one of these scopes. Raises ScopeMissing."""
        if self.scopes.isdisjoint(scopes):
            named = " or ".join(sorted(scope.value for scope in scopes))
            raise ScopeMissing(f"This needs the scope {named}. An operator can add it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAction:
    """A request of a service account, for its history."""

    name: str
    token_id: str
    at: datetime
    method: str
    path: str
    status: int
    request_id: str
    person_id: str | None = None
    """The person on whose behalf it was made."""
    audited: tuple[AuditEntry, ...] = ()
    """Its entries in the audit trail."""


def service_id(name: str) -> str:
    """Return the user id of a service account."""
    return f"{SERVICE_PREFIX}{name}"


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def require_name(name: str) -> None:
    """Require a name for a new service account. Raises InvalidRequest."""
    if not is_name(name):
        raise InvalidRequest.of("name", f"The name is not valid. It must be {NAME_RULE}.")
    if name == _OWN_NAME:
        raise InvalidRequest.of("name", "This name is reserved. Use another.", "reserved")


def new_token() -> tuple[str, str]:
    """Return the id of a new token, and the token."""
    id_ = secrets.token_hex(6)
    return id_, f"{TOKEN_PREFIX}{id_}_{secrets.token_hex(32)}"


def token_id(token: str) -> str | None:
    """Return the id in a token; None if it is malformed."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else found[1]


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
