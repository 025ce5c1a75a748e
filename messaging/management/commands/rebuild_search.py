"""`manage.py rebuild_search`: build the search index anew from the store."""

import asyncio
import secrets
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.epoch import StoredEpoch
from messaging.followers.following import Following
from messaging.followers.runner import Runner
from messaging.management.stores import opened_stores
from messaging.search.follower import SearchFollower

_WAIT_SECONDS = 0.5
_MAX_FAILURES, _RETRY_SECONDS = 10, 2.0


class Command(BaseCommand):
    help = (
        "Builds the search index anew from the store, while the instances go on. It reads every "
        "message once; on Firestore each of these reads is billed. Stop it at any time: the next "
        "call, or a running instance, continues."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anew", action="store_true", help="begin again, even if a rebuild is not finished"
        )

    def handle(self, *args: Any, anew: bool, **options: Any) -> None:
        try:
            asyncio.run(_rebuild(anew=anew, show=self.stdout.write))
        except StoreUnavailable:
            raise CommandError(
                "The database does not answer. Run `manage.py doctor`, then this command again: it "
                "continues."
            ) from None


async def _rebuild(*, anew: bool, show: Callable[[str], object]) -> None:
    async with opened_stores(writer="rebuild_search") as stores:
        following = Following(
            store=stores.conversations,
            epochs=StoredEpoch(stores.epochs),
            calls=stores.index,
            owner=f"rebuild-{secrets.token_hex(8)}",
        )
        runner = following.add_local(SearchFollower())
        registered = await runner.register()
        if registered.walk_after is None or anew:
            await following.rebuild(SearchFollower.name)
        else:
            show("Continuing the unfinished rebuild.")
        await _Progress(runner, show).finish()


class _Progress:
    """Runs the steps of the walk, and shows how far it has come."""

    def __init__(self, runner: Runner, show: Callable[[str], object]) -> None:
        self._runner = runner
        self._show = show
        self._conversations = 0
        self._waits = False

    async def finish(self) -> None:
        """Raises StoreUnavailable if the database does not answer several times in a row."""
        failures = 0
        while True:
            try:
                if await self._step():
                    return
                failures = 0
            except StoreUnavailable:
                failures += 1
                if failures == _MAX_FAILURES:
                    raise
                self._show("The database does not answer. Trying again.")
                await asyncio.sleep(_RETRY_SECONDS)

    async def _step(self) -> bool:
        """Run one step, and return whether the index is complete."""
        if (await self._runner.register()).walk_after is None:
            await self._runner.catch_up()
            self._show("The index is complete.")
            return True
        step = await self._runner.walk()
        if step is None:  # an instance does this step, or a process that was killed did
            if not self._waits:
                self._show("Another process is at work. Waiting for it, a minute at most.")
            self._waits = True
            await asyncio.sleep(_WAIT_SECONDS)
            return False
        self._waits = False
        self._conversations += step.visited
        await self._runner.catch_up()
        self._show(f"{self._conversations} conversations, {self._runner.handled} messages.")
        return False
