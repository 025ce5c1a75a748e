"""The examination of the search index, and of all followers."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.checkpoints import Checkpoints
from messaging.followers.registry import Registration, list_registered
from messaging.search.finding import try_query
from messaging.search.follower import FOLLOWER
from messaging.search.index import is_shared
from messaging.stores import make_stores

_BEHIND_SECONDS = 60


async def examine_search() -> Sequence[Finding]:
    """Run a query of the index, and look at how far each follower has come."""
    if not is_shared():
        text = "Search is unavailable: DATABASE_URL is a file, and each instance has its own."
        return [problem(text, "Set DATABASE_URL to a PostgreSQL, or set CHAT_SEARCH=off.")]
    stores = make_stores()
    findings: list[Finding] = []
    try:
        if settings.CHAT_SEARCH == "off":
            findings.append(ok("Search is off."))
        else:
            watch = Stopwatch()
            await stores.index.read("search", try_query)
            findings.append(ok(f"A search takes {watch.ms}."))
        return [*findings, *await stores.index.read("follow", _followers)]
    except (StoreUnavailable, DatabaseError) as error:
        text = f"The tables of search cannot be read: {error.__cause__ or error}"
        return [warning(text, "See the findings about the database. Run `manage.py migrate`.")]
    finally:
        await stores.close()


def _followers(database: BaseDatabaseWrapper) -> Sequence[Finding]:
    registered = list_registered(database)
    findings = [found for one in registered for found in _behind(database, one)]
    if settings.CHAT_SEARCH != "off" and FOLLOWER not in {one.name for one in registered}:
        findings.append(ok("The index is empty: no instance has started yet."))
    return findings


def _behind(database: BaseDatabaseWrapper, registered: Registration) -> Sequence[Finding]:
    name, now = registered.name, datetime.now(UTC)
    if registered.walking_since is not None:
        minutes = (now - registered.walking_since).total_seconds() / 60
        text = f"The follower {name} has read what is stored for {minutes:.0f} minutes."
        remedy = "Wait until it is complete. A running instance does it"
        if name == FOLLOWER:
            remedy += ", and `manage.py rebuild_search` shows its progress"
        return [warning(text, f"{remedy}.")]
    oldest = Checkpoints(name, owner="").oldest_due(database)
    seconds = 0.0 if oldest is None else (now - oldest).total_seconds()
    if seconds < _BEHIND_SECONDS:
        return []
    text = f"The follower {name} is {seconds:.0f} seconds behind."
    return [warning(text, "Look for the action follower.failed in the logs of the instances.")]
