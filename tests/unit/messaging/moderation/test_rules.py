"""What a change of the rules leaves behind."""

from datetime import UTC, datetime

from messaging.domain.integrations.moderation import NO_RULES, Fallback, HookSettings, Rules
from messaging.domain.integrations.secrets import Secrets
from messaging.instruments.outbound_metrics import MODERATION_HOOK_OPEN
from messaging.moderation.moderation import Moderation
from messaging.stores.database.moderation import Fingerprint, ModerationStore


class Stored(ModerationStore):
    """Rules as the test sets them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    async def fingerprint(self) -> Fingerprint:
        return (("hook", 1, datetime(2026, 1, 1, tzinfo=UTC)),) if self.rules else ()

    async def read_rules(self) -> Rules:
        return self.rules


async def test_a_hook_that_was_removed_is_not_shown_as_away() -> None:
    """Nothing would ask it again, and the alert would never end."""
    secrets = Secrets(present="s")
    hook = HookSettings(url="https://192.0.2.1/", secrets=secrets, fallback=Fallback.ALLOW)
    stored = Stored(Rules(hook=hook))
    moderation = Moderation(stored)
    await moderation.refresh()
    MODERATION_HOOK_OPEN.set(1)

    stored.rules = NO_RULES
    await moderation.refresh()
    await moderation.stop()

    (metric,) = MODERATION_HOOK_OPEN.collect()
    assert metric.samples[0].value == 0
