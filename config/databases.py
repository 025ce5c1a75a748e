"""Turns `DATABASE_URL` into Django's setting, with the options that the product needs."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env

_SQLITE: dict[str, Any] = {
    # An acknowledged message survives a power cut (synchronous=FULL); readers do not wait for
    # the writer (WAL); a writer takes its lock at once instead of failing half-way (IMMEDIATE).
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    "timeout": 3,  # seconds; below the store's, to tell a lock from a lost answer
}

# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_POSTGRES: dict[str, Any] = {
    "connect_timeout": 2,  # seconds; libpq's minimum, and below the store's own timeout
    # Keepalives, so that an idle connection too detects a server that disappeared.
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    # Prepare statements whose values are sent apart from them: those of the sends. Django's own
    # cursors write the values into the statement, so theirs are not prepared.
    "prepare_threshold": 0,
}

_KINDS = {
    "sqlite": _SQLITE,
    **dict.fromkeys(("postgres", "postgresql", "psql", "pgsql"), _POSTGRES),
}


def database(url: str) -> dict[str, Any]:
    """Return an entry of Django's setting `DATABASES`. Options in the URL override ours. Raises
    ImproperlyConfigured for unsupported databases."""
    scheme = url.partition("://")[0]
    if scheme not in _KINDS:
        # Do not show the whole URL: it may contain a password.
        hint = "Use sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME."
        raise ImproperlyConfigured(
            f"DATABASE_URL begins with {scheme!r}, which is not supported. {hint}"
        )
    settings: dict[str, Any] = env.env.db_url_config(url)
    ours = _KINDS[scheme]
    settings["OPTIONS"] = {**ours, **settings.get("OPTIONS", {})}
    return settings
