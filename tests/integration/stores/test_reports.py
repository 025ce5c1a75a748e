"""What all stores promise of reports, see `messaging.stores.reports`."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from messaging.domain.exceptions import MessageNotFound
from messaging.domain.message import Attachment
from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.models import ReportCopyRecord
from messaging.stores.conversations import Store
from messaging.stores.firestore import reports as firestore_reports
from messaging.stores.reports import COPY_LIFETIME, ReportStore
from messaging.stores.sql import reports as sql_reports
from messaging.stores.sql.reports import SqlReportStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import deleting, new_conversation, new_report, sending


async def test_a_report_is_kept_once(reports: ReportStore, store: Store) -> None:
    """With the store's time; whoever reports again gets the first one back."""
    begun = await store.now()

    first, created = await reports.put_report(new_report("ann"), copy=ReportCopy(text="foul"))
    again, created_again = await reports.put_report(
        replace(new_report("ann"), reason="other"), copy=ReportCopy(text="changed")
    )

    assert (created, created_again) == (True, False)
    assert first == again == await reports.get_report(first.id)
    assert first == replace(new_report("ann"), created_at=first.created_at)
    assert first.created_at >= begun
    assert await reports.get_report(new_report("bob").id) is None


async def test_reports_are_listed(reports: ReportStore) -> None:
    """The latest first: all, of a status, or about one author."""
    names = ("ann", "bob", "cid")
    made = [
        (await reports.put_report(new_report(name), copy=ReportCopy(text=name)))[0]
        for name in names
    ]
    other, _ = await reports.put_report(
        new_report("ann", author_id="mallory"), copy=ReportCopy(text="x")
    )
    dismissed = await reports.close_report(made[1].id, ReportStatus.DISMISSED, by="root")
    assert dismissed is not None
    in_order = newest_first([made[0], dismissed, made[2], other])

    first = list(await reports.list_reports(limit=3))
    after = first[-1].created_at, first[-1].id
    assert first + list(await reports.list_reports(limit=3, after=after)) == in_order

    still_open = await reports.list_reports(limit=9, status=ReportStatus.OPEN)
    assert list(still_open) == newest_first([made[0], made[2], other])
    about_eve = await reports.list_reports(limit=9, author_id="eve")
    assert list(about_eve) == newest_first([made[0], dismissed, made[2]])
    by_ann = sorted(
        (one for one in (made[0], dismissed, made[2], other) if one.reporter_id == "ann"),
        key=lambda one: one.id,
    )
    assert len(by_ann) > 1
    first_by_ann = list(await reports.list_reports_by("ann", limit=1))
    rest = await reports.list_reports_by("ann", limit=9, after=first_by_ann[0].id)
    assert first_by_ann + list(rest) == by_ann


async def test_a_report_is_closed(reports: ReportStore) -> None:
    """Who did it and when is written down; what is not there cannot be."""
    made, _ = await reports.put_report(new_report("ann"), copy=ReportCopy(text="foul"))

    closed = await reports.close_report(made.id, ReportStatus.REDACTED, by="root")

    assert closed == await reports.get_report(made.id)
    assert closed is not None
    assert closed.closed_at is not None
    assert closed == replace(
        made, status=ReportStatus.REDACTED, closed_by="root", closed_at=closed.closed_at
    )
    assert await reports.close_report(new_report("bob").id, ReportStatus.BANNED, by="x") is None


async def test_what_was_said_is_kept(reports: ReportStore) -> None:
    """In each report as it was at its moment, and also once that is closed; until it is deleted
    in all reports of the message."""
    ann, bob = new_report("ann"), new_report("bob")
    other = replace(new_report("cid"), message_id=new_report("cid", author_id="x").id)
    for report, text in ((ann, "one"), (bob, "two"), (other, "three")):
        await reports.put_report(report, copy=ReportCopy(text=text))
    await reports.put_report(ann, copy=ReportCopy(text="changed since"))

    await reports.close_report(ann.id, ReportStatus.DISMISSED, by="root")
    assert [await text_of(reports, one) for one in (ann, bob, other)] == ["one", "two", "three"]
    assert await reports.has_copies(ann.message_id)

    assert not await reports.delete_copies(ann.message_id)
    assert not await reports.has_copies(ann.message_id)
    assert await reports.has_copies(other.message_id)
    assert [await text_of(reports, one) for one in (ann, bob, other)] == [None, None, "three"]
    assert await reports.get_report(ann.id) is not None
    await reports.close_report(bob.id, ReportStatus.REDACTED, by="root")
    assert await text_of(reports, bob) is None


async def test_what_was_said_is_kept_for_ninety_days(
    reports: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the report was closed; one that is open keeps it."""
    assert timedelta(days=90) == COPY_LIFETIME
    for module in (sql_reports, firestore_reports):
        monkeypatch.setattr(module, "COPY_LIFETIME", timedelta(seconds=-1))
    for name in ("ann", "bob"):
        await reports.put_report(new_report(name), copy=ReportCopy(text=name))

    await reports.close_report(new_report("ann").id, ReportStatus.DISMISSED, by="root")

    assert await text_of(reports, new_report("ann")) is None
    assert await text_of(reports, new_report("bob")) == "bob"
    assert await reports.has_copies(new_report("bob").message_id)
    await reports.close_report(new_report("bob").id, ReportStatus.DISMISSED, by="root")
    assert not await reports.has_copies(new_report("bob").message_id)


async def test_the_files_of_a_message_are_kept_too(reports: ReportStore) -> None:
    """Their records; of a message without files there are none."""
    files = (
        Attachment(
            id="a", filename="Zoë 👩‍🚀.png", content_type="image/png", size=7, width=2, height=3
        ),
        Attachment(id="b", filename="b.pdf", content_type="application/pdf", size=2**40),
    )
    copy = ReportCopy(text="", attachments=files)
    await reports.put_report(new_report("ann"), copy=copy)
    await reports.put_report(new_report("bob"), copy=ReportCopy(text="foul"))

    assert await reports.get_copy(new_report("ann").id) == copy
    assert await reports.get_copy(new_report("bob").id) == ReportCopy(text="foul")
    assert set(await reports.delete_copies(new_report("ann").message_id)) == {"a", "b"}


async def test_what_is_deleted_by_now_is_not_copied(reports: ReportStore, store: Store) -> None:
    """Otherwise the copy would come after the redaction that was to take it away. Whoever has
    reported before gets that report back."""
    group = await store.create_conversation(new_conversation("ann", "eve"))
    message = (await store.commit(sending(group, "foul", sender="eve"))).last_message
    assert message is not None
    ann, bob = (
        replace(new_report(name), conversation_id=group.id, message_id=message.id)
        for name in ("ann", "bob")
    )
    first, _ = await reports.put_report(ann, copy=ReportCopy(text="foul"))
    before = await store.get_conversation(group.id)
    assert before is not None
    await store.commit(deleting(before, message))

    with pytest.raises(MessageNotFound):
        await reports.put_report(bob, copy=ReportCopy(text="foul"))
    assert await reports.get_report(bob.id) is None
    assert await reports.get_copy(bob.id) is None
    assert await reports.put_report(ann, copy=ReportCopy(text="foul")) == (first, False)


async def test_a_redaction_at_the_same_moment_takes_every_copy_away(
    reports: ReportStore, store: Store
) -> None:
    group = await store.create_conversation(new_conversation("ann", "eve"))
    message = (await store.commit(sending(group, "foul", sender="eve"))).last_message
    before = await store.get_conversation(group.id)
    assert message is not None
    assert before is not None
    wanted = [
        replace(new_report(f"user-{n}"), conversation_id=group.id, message_id=message.id)
        for n in range(6)
    ]

    async def redact() -> None:
        await store.commit(deleting(before, message))
        await reports.delete_copies(message.id)

    async def report(one: Report) -> None:
        with suppress(MessageNotFound):
            await reports.put_report(one, copy=ReportCopy(text="foul"))

    await asyncio.gather(*map(report, wanted[:3]), redact(), *map(report, wanted[3:]))

    assert [await text_of(reports, one) for one in wanted] == [None] * 6


@pytest.mark.parametrize("act", ["report", "close"])
async def test_on_sql_copies_that_expired_are_deleted(
    database_store: SqlStore, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """With the next report that comes or is closed; open ones, and those whose time is not over,
    stay. On Firestore a time-to-live policy does it."""
    reports = SqlReportStore(database_store)
    for name in ("ann", "bob", "cid"):
        await reports.put_report(new_report(name), copy=ReportCopy(text=name))
    await reports.close_report(new_report("bob").id, ReportStatus.DISMISSED, by="root")
    monkeypatch.setattr(sql_reports, "COPY_LIFETIME", timedelta(seconds=-1))
    await reports.close_report(new_report("ann").id, ReportStatus.DISMISSED, by="root")
    monkeypatch.undo()

    if act == "report":
        await reports.put_report(new_report("dan"), copy=ReportCopy(text="dan"))
    else:
        await reports.close_report(new_report("cid").id, ReportStatus.DISMISSED, by="root")

    kept = await database_store.calls.read(
        "get_copy",
        lambda database: set(
            ReportCopyRecord.objects.using(database.alias).values_list("report_id", flat=True)
        ),
    )
    assert new_report("ann").id not in kept
    assert {new_report("bob").id, new_report("cid").id} <= kept


async def text_of(reports: ReportStore, report: Report) -> str | None:
    copy = await reports.get_copy(report.id)
    return None if copy is None else copy.text


def newest_first(reports: list[Report]) -> list[Report]:
    return sorted(reports, key=lambda report: (report.created_at, report.id), reverse=True)
