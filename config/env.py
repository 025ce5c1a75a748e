"""Reads the environment once. Every name and default is part of the public contract."""

import json
import multiprocessing
import os
import platform
import re

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}
_MAX_DAYS = 36_500


def _switch(name: str, *, default: bool) -> bool:
    """Return a boolean setting. Raises ImproperlyConfigured for any other value."""
    value: str = env.str(name, default="on" if default else "off").strip().lower()
    if value not in _SWITCHES:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")
    return _SWITCHES[value]


def _whole_number(name: str, *, default: int) -> int:
    """Return an integer setting. Raises ImproperlyConfigured for any other value."""
    value: str = env.str(name, default="").strip() or str(default)
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number.") from error


def _days(name: str) -> int:
    """Return a number of days; 0 if there is none. Raises ImproperlyConfigured for any other
    value."""
    days = _whole_number(name, default=0)
    if not 0 <= days <= _MAX_DAYS:
        raise ImproperlyConfigured(
            f"{name} is {days}. Set it to a number of days from 1 to {_MAX_DAYS}, or unset it."
        )
    return days


def _items(name: str) -> list[str]:
    """Return the items of a comma-separated list, without spaces around them."""
    return [item.strip() for item in env.str(name, default="").split(",") if item.strip()]


def _texts(name: str, keys: frozenset[str]) -> dict[str, str]:
    """Return a JSON object that has a text for each of these keys; an empty one if it is unset.
    Raises ImproperlyConfigured for any other value."""
    value: str = env.str(name, default="").strip()
    if not value:
        return {}
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), str) and found[key] for key in keys
    ):
        raise ImproperlyConfigured(
            f"{name} is not complete. Set it to a JSON object with {', '.join(sorted(keys))}."
        )
    return {key: found[key] for key in keys}


DEBUG: bool = _switch("DEBUG", default=False)
SECRET_KEY: str = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS: list[str] = _items("ALLOWED_HOSTS")
# Browsers send origins without a trailing /, but an address bar shows one.
ALLOWED_ORIGINS: list[str] = [origin.removesuffix("/") for origin in _items("ALLOWED_ORIGINS")]

DATABASE_URL: str = env.str("DATABASE_URL", default="sqlite:///db.sqlite3")
DATABASE_CONNECTIONS: int = _whole_number("DATABASE_CONNECTIONS", default=8)
CHAT_STORE: str = env.str("CHAT_STORE", default="sql")
GOOGLE_CLOUD_PROJECT: str = env.str("GOOGLE_CLOUD_PROJECT", default="")
REDIS_URL: str = env.str("REDIS_URL", default="")
REDIS_SENTINELS: list[str] = _items("REDIS_SENTINELS")
REDIS_SENTINEL_MASTER: str = env.str("REDIS_SENTINEL_MASTER", default="")
CHAT_MAX_BEACONS: int = _whole_number("CHAT_MAX_BEACONS", default=100)
CHAT_LINK_KEYS: list[str] = [key.strip() for key in env.list("CHAT_LINK_KEYS", default=[])]
CHAT_LINK_SIGNATURES: str = env.str(
    "CHAT_LINK_SIGNATURES", default="accept" if CHAT_LINK_KEYS else "off"
).lower()

CHAT_AUTH: str = env.str("CHAT_AUTH", default="firebase")
FIREBASE_AUTH_EMULATOR_HOST: str = env.str("FIREBASE_AUTH_EMULATOR_HOST", default="")
NOTIFICATION_QUEUE_URL: str = env.str("NOTIFICATION_QUEUE_URL", default="")
PUSH_BACKEND: str = env.str("PUSH_BACKEND", default="log")
TRUSTED_PROXIES: int = _whole_number("TRUSTED_PROXIES", default=0)
CHAT_FILES: str = env.str("CHAT_FILES", default="local")
CHAT_FILES_DIR: str = env.str("CHAT_FILES_DIR", default="")
CHAT_FILES_BUCKET: str = env.str("CHAT_FILES_BUCKET", default="")
CHAT_FILES_TYPES: list[str] = [name.lower() for name in _items("CHAT_FILES_TYPES")]
CHAT_CLAMD: str = env.str("CHAT_CLAMD", default="")
CHAT_OUTBOUND_ALLOWED_NETWORKS: list[str] = _items("CHAT_OUTBOUND_ALLOWED_NETWORKS")
CHAT_ERASURE_KEY: str = env.str("CHAT_ERASURE_KEY", default="")
CHAT_LOG_RETENTION_DAYS: int = _whole_number("CHAT_LOG_RETENTION_DAYS", default=0)
CHAT_RETENTION_DIRECT_DAYS: int = _days("CHAT_RETENTION_DIRECT_DAYS")
CHAT_RETENTION_GROUP_DAYS: int = _days("CHAT_RETENTION_GROUP_DAYS")
CHAT_SEARCH: str = env.str("CHAT_SEARCH", default="database")
CHAT_TRACES: str = env.str("CHAT_TRACES", default="off").strip().lower()
CHAT_RATE_LIMITS: bool = _switch("CHAT_RATE_LIMITS", default=True)
CHAT_DEMO: bool = _switch("CHAT_DEMO", default=False)
CHAT_DEMO_FIREBASE: dict[str, str] = _texts(
    "CHAT_DEMO_FIREBASE",
    frozenset({"apiKey", "appId", "messagingSenderId", "projectId", "vapidKey"}),
)

LOG_FORMAT: str = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOG_LEVEL: str = env.str("LOG_LEVEL", default="info").upper()


def _instance_id() -> str:
    """Return `INSTANCE_ID`, or host name and process id. Worker processes of one server
    (`--workers`, gunicorn) inherit the same environment, so each of them adds its process id."""
    named = env.str("INSTANCE_ID", default="") or platform.node()
    server = os.environ.get("SERVER_SOFTWARE", "")
    is_worker = multiprocessing.parent_process() is not None or server.startswith("gunicorn")
    if named == os.environ.get("INSTANCE_ID") and not is_worker:
        return named
    return f"{named}-{os.getpid()}"


INSTANCE_ID: str = _instance_id()

_OF_A_SERVICE = re.compile(r"CHAT(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT.*)|PORT(_[0-9]+_.*)?)")
"""Variables that Kubernetes sets for each service whose name begins with `chat`
(https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables)."""

UNKNOWN: list[str] = sorted(
    name
    for name in os.environ
    if name.startswith("CHAT_") and name not in globals() and not _OF_A_SERVICE.fullmatch(name)
)
"""Names that look like settings of this product, but are not."""
