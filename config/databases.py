"""What `DATABASE_URL` names, with the options that the product wants of each kind of database."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env

_SQLITE: dict[str, Any] = {
    # An acknowledged message survives a power cut (synchronous=FULL); readers do not wait for
    # the writer (WAL); a writer takes its lock at once instead of failing half-way (IMMEDIATE).
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    "timeout": 3,  # seconds; below the store's own, so that a lock is told from a lost answer
}

# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_POSTGRES: dict[str, Any] = {
    "connect_timeout": 2,  # seconds; the least that libpq takes, and below the store's own
    # A server that went away without a word is noticed by a connection at rest, too.
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}

_KINDS = {
    "sqlite": _SQLITE,
    **dict.fromkeys(("postgres", "postgresql", "psql", "pgsql"), _POSTGRES),
}


def database(url: str) -> dict[str, Any]:
    """One entry of Django's setting `DATABASES`; options in the URL come before ours. Raises
    ImproperlyConfigured for databases that the product does not know."""
    scheme = url.partition("://")[0]
    if scheme not in _KINDS:
        # Not the whole URL: it may have a password in it.
        hint = "Use sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME."
        raise ImproperlyConfigured(f"DATABASE_URL begins with {scheme!r}. {hint}")
    settings: dict[str, Any] = env.env.db_url_config(url)
    ours = _KINDS[scheme]
    settings["OPTIONS"] = {**ours, **settings.get("OPTIONS", {})}
    return settings
