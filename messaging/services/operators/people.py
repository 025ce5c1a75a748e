"""Operators' actions on people: ban, lift a ban, log out."""

from datetime import datetime

import structlog

from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.identifiers import is_stored_user_id
from messaging.domain.people import FOREVER
from messaging.domain.reports import Report, ReportStatus
from messaging.runtime.instance import Instance
from messaging.services import sessions
from messaging.services.rules.carried_through import carried_through

logger = structlog.get_logger(__name__)


async def ban_person(instance: Instance, *, person_id: str, until: datetime = FOREVER) -> None:
    """Ban a person until a time.

    Their requests are refused from now on, and their sockets are closed on every instance. The call
    waits for the instances for up to a second. A second ban replaces the end of the first. Raises
    InvalidRequest, StoreUnavailable.
    """
    await _set_ban(instance, person_id, until)


async def unban_person(instance: Instance, *, person_id: str) -> None:
    """Lift a ban. Raises InvalidRequest, StoreUnavailable."""
    await _set_ban(instance, person_id, None)


async def log_out_person(instance: Instance, *, person_id: str) -> None:
    """Revoke all sign-ins of a person and close their sockets, as the person could. Raises
    InvalidRequest, StoreUnavailable."""
    _require_person_id(person_id)
    await sessions.log_out_everywhere(instance, user_id=person_id)


@carried_through
async def _set_ban(instance: Instance, person_id: str, until: datetime | None) -> None:
    _require_person_id(person_id)
    await instance.apply_access(await instance.people.set_ban(person_id, until=until))
    logger.info(
        "person.unbanned" if until is None else "person.banned",
        person_id=person_id,
        until=until and until.isoformat(),
    )


def _require_person_id(person_id: str) -> None:
    if not is_stored_user_id(person_id):
        raise InvalidRequest.of("person_id", "The user id is not valid.")


async def close_report(
    instance: Instance, *, report_id: str, status: ReportStatus, by: str
) -> Report:
    """Record an operator's decision on a report. Raises NotFound, StoreUnavailable."""
    closed = await instance.reports.close_report(report_id, status, by=by)
    if closed is None:
        raise NotFound
    logger.info("report.closed", report_id=report_id, status=status.value, by=by)
    return closed
