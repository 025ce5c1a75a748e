"""When moderation judges the title of a conversation."""

from collections.abc import Sequence

import pytest
from pytest_django.fixtures import Settings

from messaging.domain.exceptions import ConversationNotFound, PermissionDenied
from messaging.domain.identifiers import random_id
from messaging.domain.integrations.moderation import WordAction
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.reports import Report
from messaging.runtime.instance import Instance
from messaging.services.back_end import conversations
from tests.integration.chat import Api, problem
from tests.integration.moderation.rules import add_words


async def reports(instance: Instance) -> Sequence[Report]:
    return await instance.reports.list_reports(limit=10, status=None)


async def test_a_title_after_the_quota(instance: Instance, ann: Api, settings: Settings) -> None:
    """Is not judged. A refused title takes nothing from the quota."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 1}
    await add_words(instance, "spam", action=WordAction.BLOCK)
    await add_words(instance, "casino", action=WordAction.FLAG)
    for title in ("spam", "spam"):
        answer = await ann.post("/conversations", kind="group", participant_ids=[], title=title)
        assert problem(answer) == (403, "refused_by_moderation")

    await ann.group(title="Casino")
    answer = await ann.post("/conversations", kind="group", participant_ids=[], title="Casino")

    assert problem(answer) == (429, "rate_limited")
    assert len(await reports(instance)) == 1


async def test_a_title_by_a_service(instance: Instance, ann: Api, bob: Api) -> None:
    """Is judged only if the conversation may have it, and does not have it yet."""
    direct, group = await ann.direct(bob), await ann.group(title="Casino")
    await add_words(instance, "casino", action=WordAction.FLAG)
    shop = ServiceCaller(
        name="shop", token_id="1", scopes=frozenset({Scope.MANAGE}), requests_per_second=10
    )

    async def rename(conversation_id: str, title: str) -> None:
        await conversations.update_conversation(
            instance, service=shop, conversation_id=conversation_id, changes={"title": title}
        )

    with pytest.raises(ConversationNotFound):
        await rename(random_id(), "Casino")
    with pytest.raises(PermissionDenied):
        await rename(direct, "Casino")
    await rename(group, "Casino")
    assert await reports(instance) == []

    await rename(group, "The casino")
    assert len(await reports(instance)) == 1
