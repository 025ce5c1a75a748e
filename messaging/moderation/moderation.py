"""The moderation of an instance: it keeps the rules in memory, and judges texts by them.

Every instance reads the rules again after a few seconds, so that a change in the admin holds
everywhere soon. While the database does not answer, the last known rules hold.

Not promised: an instance that has never reached the database since its start has no rules.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import RefusedByModeration, StoreUnavailable
from messaging.domain.integrations.moderation import (
    NO_RULES,
    HookSettings,
    Judgement,
    Rules,
    Submission,
    WordAction,
    WordList,
)
from messaging.instruments.outbound_metrics import MODERATED
from messaging.outbound.addresses import parse_networks
from messaging.stores.database.moderation import Fingerprint, ModerationStore

if TYPE_CHECKING:
    from messaging.moderation.hook import Hook
    from messaging.moderation.words import WordFinder
    from messaging.outbound.client import OutboundClient

logger = structlog.get_logger(__name__)

REFRESH_SECONDS = 5.0
_FIRST_SECONDS = 1.0
"""How long a start waits for the rules."""


class Moderation:
    def __init__(self, store: ModerationStore) -> None:
        self.active = False
        """Whether there is any rule. Nothing is judged without one."""
        self._store = store
        self._known: Fingerprint | None = None
        self._words: WordFinder | None = None
        self._hook: Hook | None = None
        self._client: OutboundClient | None = None
        self._refreshing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the rules, and read them again from time to time."""
        changed = None
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(_FIRST_SECONDS):
                changed = await self._read_changed()
        if changed is not None:
            await self._apply(*changed)
        self._task = start_task(repeat(self._step, failed="moderation.refresh_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        if self._client is not None:
            await self._client.close()

    async def refresh(self) -> None:
        """Read the rules if they have changed. Raises StoreUnavailable."""
        async with self._refreshing:  # rules that were read earlier do not replace later ones
            changed = await self._read_changed()
            if changed is not None:
                await self._apply(*changed)

    async def judge(self, submission: Submission) -> Judgement:
        """Return the judgement on a text. Raises RefusedByModeration."""
        flags = self._find_words(submission.text)
        judgement = Judgement(text=submission.text)
        if self._hook is not None:
            judgement = await self._hook.judge(submission)
        flags = (*flags, *judgement.flags)
        replaced = judgement.text != submission.text
        MODERATED.labels("replace" if replaced else "flag" if flags else "allow").inc()
        return Judgement(text=judgement.text, flags=flags)

    def _find_words(self, text: str) -> tuple[str, ...]:
        """Return why the word lists flag a text. Raises RefusedByModeration."""
        if self._words is None:
            return ()
        flags: dict[str, str] = {}
        for word_list, word in self._words.find(text):
            if word_list.action is WordAction.BLOCK:
                MODERATED.labels("refuse").inc()
                raise RefusedByModeration
            flags.setdefault(word_list.name, word)
        return tuple(f"The word list {name!r} contains {word!r}." for name, word in flags.items())

    async def _step(self) -> None:
        await asyncio.sleep(REFRESH_SECONDS)
        with suppress(StoreUnavailable):  # it is logged there
            await self.refresh()

    async def _read_changed(self) -> tuple[Fingerprint, Rules] | None:
        """Return the rules with their fingerprint, or None if they have not changed. Raises
        StoreUnavailable."""
        found = await self._store.fingerprint()
        if found == self._known:
            return None
        return found, (await self._store.read_rules() if found else NO_RULES)

    async def _apply(self, found: Fingerprint, rules: Rules) -> None:
        lists = rules.word_lists
        # Thousands of words take long enough to hold up the event loop.
        self._words = await asyncio.to_thread(_make_finder, lists) if lists else None
        if self._hook is not None and self._hook.settings != rules.hook:
            self._hook.retire()
            self._hook = None
        if self._hook is None and rules.hook is not None:
            self._hook = self._make_hook(rules.hook)
        self.active = bool(rules)
        self._known = found
        logger.info("moderation.rules_read", lists=len(lists), hook=bool(rules.hook))
        if self._client is not None:
            await self._client.prepare()

    def _make_hook(self, hook: HookSettings) -> "Hook":
        """Import the client too: most installations have no hook."""
        from messaging.moderation.hook import Hook  # noqa: PLC0415
        from messaging.outbound.client import OutboundClient  # noqa: PLC0415

        if self._client is None:
            networks = parse_networks(settings.CHAT_OUTBOUND_ALLOWED_NETWORKS)
            self._client = OutboundClient(listed=networks)
        return Hook(hook, self._client)


def _make_finder(lists: Sequence[WordList]) -> "WordFinder":
    from messaging.moderation.words import WordFinder  # noqa: PLC0415

    return WordFinder(lists)
