"""The receipt of an erasure: what was removed, and what stays and why. It has no personal data."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from messaging.domain.integrations.webhooks import RETRIED_FOR
from messaging.domain.personal_data.jobs import REVOCATION_LIFETIME, Job
from messaging.notifications.options import get_options
from messaging.wire.representations import timestamp

FORMAT = 1


def receipt_of(
    job: Job, *, at: datetime, open_reports: int, banned: bool, moved: bool
) -> dict[str, Any]:
    """Return the receipt of a job that is finished. `open_reports` is how many still keep their
    copy, `banned` whether a ban of an operator stays, and `moved` whether the store was ever moved
    to another kind."""
    until = timestamp(at + REVOCATION_LIFETIME)
    stays = [
        _stays(
            "the user id in direct conversations, and in the notifications of their messages",
            "A direct conversation consists of its two people, and its id is derived from theirs.",
        ),
        _stays(
            "the user id in decisions about notifications that were made while their group was "
            "being deleted",
            "No conversation leads to them any more. They expire.",
            until=timestamp(at + get_options().kept_time),
        ),
        _stays("the user id in the texts of other people", "These texts belong to their authors."),
        _stays("the user id in the block lists of other people", "Otherwise the block would end."),
        _stays(
            "titles, pictures and metadata of groups with other people",
            "They belong to the group, and do not show who wrote them.",
        ),
        _stays(
            "the time up to which earlier sign-ins are revoked, and the user id of this job and of "
            "its event user.erased",
            "Tokens that were issued before the erasure must stay invalid until they expire, and "
            "the event tells endpoints who was erased. If an endpoint has not got it by then, the "
            "user id stays until it has, for seven days at most.",
            until=until,
        ),
        _stays(
            "written logs",
            "Log lines contain user ids, and neither texts nor tokens. They are outside of this "
            "product.",
            **_log_retention(at),
        ),
        _stays(
            "backups, and freed pages of the database until they are overwritten",
            "They are outside of this product. After a restore, manage.py new_epoch applies this "
            "erasure again.",
        ),
        _stays(
            "jobs of pushes and webhooks in the queue",
            "They contain ids only, and do nothing any more for this person.",
            until=timestamp(at + RETRIED_FOR),
        ),
    ]
    if open_reports:
        stays.append(
            _stays(
                "the copies, files and reasons of open reports",
                "Operators have still to decide about them. Once a report is closed, its copy is "
                "deleted after 90 days.",
                count=open_reports,
            )
        )
    if banned:
        stays.append(
            _stays("the ban of the user id", "It protects the other people until it ends.")
        )
    if moved:
        stays.append(
            _stays(
                "everything in the store of the other kind, from or to which `manage.py "
                "move_store` has moved the store",
                "An erasure changes the store in use. The other one keeps what it had until its "
                "data is deleted.",
            )
        )
    return {
        "format": FORMAT,
        "job_id": job.id,
        "erased_id": job.erased_id,
        "requested_at": timestamp(job.requested_at),
        "erased_at": timestamp(at),
        "removed": dict(sorted(job.counts.items())),
        "stays": stays,
    }


def _stays(what: str, why: str, **details: Any) -> dict[str, Any]:
    return {"what": what, "why": why, **details}


def _log_retention(at: datetime) -> dict[str, Any]:
    days: int = settings.CHAT_LOG_RETENTION_DAYS
    return {"until": timestamp(at + timedelta(days=days))} if days else {}
