"""Copies people and reports. They have no versions, so all of them are compared."""

from messaging.exchange.lines import encode
from messaging.services.exchange.retries import retried
from messaging.stores import Stores
from messaging.stores.catalogue import Place

_PAGE = 200


async def copy_people(source: Stores, target: Stores) -> int:
    """Make the people of the copy equal to those of the source. Return how many were written or
    removed. Raises StoreUnavailable."""
    changed, after = 0, ""
    while page := await retried(source.exchange.list_full_people, after=after, limit=_PAGE):
        here = await retried(target.copying.get_full_people, [one.user_id for one in page])
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
    while page := await retried(target.exchange.list_full_people, after=after, limit=_PAGE):
        ids = [one.user_id for one in page]
        there = await retried(source.copying.get_full_people, ids)
        for user_id in ids:
            if user_id not in there:
                await retried(target.copying.remove_person, user_id)
                removed += 1
        after = ids[-1]
    return removed


async def copy_reports(source: Stores, target: Stores) -> int:
    """Make the reports of the copy equal to those of the source, which removes none. Return how
    many were written. Raises StoreUnavailable."""
    changed = 0
    after: Place | None = None
    while page := await retried(source.exchange.list_full_reports, limit=_PAGE, after=after):
        here = await retried(target.copying.get_full_reports, [one.report.id for one in page])
        for full in page:
            known = here.get(full.report.id)
            if known is None or encode(known) != encode(full):
                await retried(target.copying.write_report, full)
                changed += 1
        last = page[-1].report
        after = (last.created_at, last.id)
    return changed
