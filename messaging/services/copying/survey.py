"""Reports how far a copy is behind its source, without writing into it."""

from dataclasses import dataclass, field

from messaging.concurrency.retries import retried
from messaging.exchange.lines import encode
from messaging.services.copying.people import (
    get_people,
    get_reports,
    list_people,
    list_reports,
)
from messaging.services.copying.placement import may_be_copied
from messaging.stores import Stores
from messaging.stores.catalogue import Place
from messaging.stores.damage import UNREADABLE
from messaging.stores.exchange import is_shell

_PAGE = 200


@dataclass(slots=True, kw_only=True)
class Survey:
    may_be_copied: bool = False
    """Whether the target is empty, or a copy of the source."""
    conversations: int = 0
    missing: int = 0
    """The conversations that are not in the copy, or not completely."""
    behind: int = 0
    """The conversations whose fields differ. Positions are not compared."""
    ahead: int = 0
    people: int = 0
    """The people who are missing or differ."""
    reports: int = 0
    damaged: list[str] = field(default_factory=list)
    """The conversations that cannot be read in one of the stores."""


async def survey(source: Stores, target: Stores) -> Survey:
    """Compare two stores. Raises StoreUnavailable, UnreadableRecords."""
    found = Survey(may_be_copied=await may_be_copied(source, target))
    after = ""
    while ids := await retried(
        source.conversations.list_conversation_ids, after=after, limit=_PAGE
    ):
        for id_ in ids:
            try:
                await _compare(found, source, target, id_)
            except UNREADABLE:
                found.damaged.append(id_)
        after = ids[-1]
    await _compare_people(found, source, target)
    await _compare_reports(found, source, target)
    return found


async def _compare(found: Survey, source: Stores, target: Stores, id_: str) -> None:
    there = await retried(source.conversations.get_conversation, id_)
    if there is None or is_shell(there):
        return
    here = await retried(target.conversations.get_conversation, id_)
    found.conversations += 1
    if here is None or is_shell(here):
        found.missing += 1
    elif here.version > there.version:
        found.ahead += 1
    elif encode(here) != encode(there):
        found.behind += 1


async def _compare_people(found: Survey, source: Stores, target: Stores) -> None:
    after = ""
    while page := await list_people(source, after):
        here = await get_people(target, [one.user_id for one in page])
        for person in page:
            known = here.get(person.user_id)
            found.people += known is None or encode(known) != encode(person)
        after = page[-1].user_id


async def _compare_reports(found: Survey, source: Stores, target: Stores) -> None:
    after: Place | None = None
    while page := await list_reports(source, after):
        here = await get_reports(target, [one.report.id for one in page])
        for full in page:
            known = here.get(full.report.id)
            found.reports += known is None or encode(known) != encode(full)
        last = page[-1].report
        after = (last.created_at, last.id)
