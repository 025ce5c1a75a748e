"""Copies people and reports. They have no versions, so all of them are compared.

People and reports that cannot be read end a copy: nothing is left out of it.
"""

from collections.abc import Mapping, Sequence

from messaging.concurrency.retries import retried
from messaging.exchange.lines import encode
from messaging.exchange.records import FullReport, Person
from messaging.services.exchange.dumping import readable
from messaging.stores import Stores
from messaging.stores.catalogue import Place

_PAGE = 200


async def copy_people(source: Stores, target: Stores) -> int:
    """Make the people of the copy equal to those of the source. Return how many were written or
    removed. Raises StoreUnavailable, UnreadableRecords."""
    changed, after = 0, ""
    while page := await list_people(source, after):
        here = await get_people(target, [one.user_id for one in page])
        for person in page:
            known = here.get(person.user_id)
            if known is None or encode(known) != encode(person):
                await retried(target.copying.write_person, person)
                changed += 1
        after = page[-1].user_id
    return changed + await _remove_people(source, target)


async def _remove_people(source: Stores, target: Stores) -> int:
    """Remove the people whom the source does not know any more."""
    removed, after = 0, ""
    while page := await list_people(target, after):
        ids = [one.user_id for one in page]
        there = await get_people(source, ids)
        for user_id in ids:
            if user_id not in there:
                await retried(target.copying.remove_person, user_id)
                removed += 1
        after = ids[-1]
    return removed


async def copy_reports(source: Stores, target: Stores) -> int:
    """Make the reports of the copy equal to those of the source, which removes none. Return how
    many were written. Raises StoreUnavailable, UnreadableRecords."""
    changed = 0
    after: Place | None = None
    while page := await list_reports(source, after):
        here = await get_reports(target, [one.report.id for one in page])
        for full in page:
            known = here.get(full.report.id)
            if known is None or encode(known) != encode(full):
                await retried(target.copying.write_report, full)
                changed += 1
        last = page[-1].report
        after = (last.created_at, last.id)
    return changed


async def list_people(stores: Stores, after: str) -> Sequence[Person]:
    """Return the next people by id. Raises StoreUnavailable, UnreadableRecords."""
    return await readable(
        f"In the {stores.kind} store, the person after {after!r} or one of the next {_PAGE - 1}",
        retried(stores.exchange.list_full_people, after=after, limit=_PAGE),
    )


async def get_people(stores: Stores, user_ids: Sequence[str]) -> Mapping[str, Person]:
    """Return those of the people who are known, by id. Raises as `list_people`."""
    return await readable(
        f"In the {stores.kind} store, {_one_of('person', user_ids)}",
        retried(stores.copying.get_full_people, user_ids),
    )


async def list_reports(stores: Stores, after: Place | None) -> Sequence[FullReport]:
    """Return the next reports, the latest first. Raises StoreUnavailable, UnreadableRecords."""
    before = "" if after is None else f" before {after[1]}"
    return await readable(
        f"In the {stores.kind} store, one of the latest {_PAGE} reports{before}",
        retried(stores.exchange.list_full_reports, limit=_PAGE, after=after),
    )


async def get_reports(stores: Stores, report_ids: Sequence[str]) -> Mapping[str, FullReport]:
    """Return those of the reports that exist, by id. Raises as `list_reports`."""
    return await readable(
        f"In the {stores.kind} store, {_one_of('report', report_ids)}",
        retried(stores.copying.get_full_reports, report_ids),
    )


def _one_of(noun: str, ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return f"the {noun} {ids[0]!r}"
    return f"one of {len(ids)} {noun}s from {ids[0]!r} to {ids[-1]!r}"
