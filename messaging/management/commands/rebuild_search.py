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
from messaging.search.follower import SearchFollower
from messaging.stores import make_stores

_WAIT_SECONDS = 0.5


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
    stores = make_stores()
    store, calls = stores.conversations, stores.index
    following = Following(
        store=store,
        epochs=StoredEpoch(stores.epochs),
        calls=calls,
        owner=f"rebuild-{secrets.token_hex(8)}",
    )
    runner = following.add_local(SearchFollower())
    try:
        registered = await runner.register()
        if registered.walk_after is None or anew:
            await following.rebuild(SearchFollower.name)
        else:
            show("Continuing the unfinished rebuild.")
        conversations, waits = 0, False
        while (await runner.register()).walk_after is not None:
            step = await runner.walk()
            if step is None:  # an instance does this step, or a process that was killed did
                if not waits:
                    show("Another process is at work. Waiting for it, a minute at most.")
                waits = True
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            waits = False
            conversations += step.visited
            await runner.catch_up()
            show(f"{conversations} conversations, {runner.handled} messages.")
        await runner.catch_up()
        show("The index is complete.")
    finally:
        await calls.close()
        await store.close()
