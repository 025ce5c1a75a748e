"""The operators' rules, as the admin stores them."""

from asgiref.sync import sync_to_async

from messaging.domain.integrations.moderation import Fallback, WordAction
from messaging.models import ModerationHookRecord, WordListRecord
from messaging.runtime.instance import Instance

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the specification


async def add_words(instance: Instance, *words: str, action: WordAction) -> None:
    """Add a word list. It holds at once."""
    await sync_to_async(WordListRecord.objects.create)(
        name=f"{action.value}: {words[0]}", action=action.value, words="\n".join(words)
    )
    await instance.moderation.refresh()


async def set_hook(instance: Instance, url: str, *, fallback: Fallback = Fallback.ALLOW) -> None:
    """Set the hook. It holds at once."""
    await sync_to_async(ModerationHookRecord.objects.update_or_create)(
        id=ModerationHookRecord.ONLY,
        defaults={"url": url, "fallback": fallback.value, "secret": SECRET},
    )
    await instance.moderation.refresh()
