"""The stores of a management command: those of the kind that is in force."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from django.conf import settings
from django.core.management.base import CommandError

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.stores import Stores, make_stores
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import FormerStore, Phase, Report
from messaging.stores.switching.placement import kind_in_force

_REPORT_SECONDS = 5.0


@contextmanager
def former_store_refused() -> Iterator[None]:
    """Turn FormerStore into the error of a command."""
    try:
        yield
    except FormerStore as error:
        raise CommandError(str(error)) from None


@asynccontextmanager
async def opened_stores(*, writer: str = "") -> AsyncIterator[Stores]:
    """Give the stores, and close them in the end. `writer` is the name of a command that writes: a
    move of the store waits for its end, and it does not begin during a move.

    Raises CommandError, StoreUnavailable.
    """
    stores = first = make_stores()
    moves, boot_id = MoveStore(first.database), random_id()
    try:
        with former_store_refused():
            kind = await kind_in_force(first.database)
        if kind != settings.CHAT_STORE:
            stores = make_stores(kind, beside=first)
        if not writer:
            yield stores
            return
        report = Report(boot_id=boot_id, name=writer, role="command", setting=kind, kind=kind)
        move = await moves.report(report)
        try:
            if move.phase is not Phase.IDLE or (move.in_force or kind) != kind:
                raise CommandError(
                    f"The store is being moved to {move.target}. Run this command after that; "
                    "`manage.py move_store --status` shows it."
                )
            reporting = start_task(_keep_reporting(moves, report))
            try:
                yield stores
            finally:
                await stop_tasks(reporting)
        finally:
            with suppress(StoreUnavailable):
                await moves.leave(boot_id)
    finally:
        if stores is not first:
            await stores.conversations.close()
        await first.close()


async def _keep_reporting(moves: MoveStore, report: Report) -> None:
    """Report again and again: only a command that has ended is silent."""
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        with suppress(StoreUnavailable):
            await moves.report(report)
