"""Moderation before a message is stored: what the sender, the others and the operators see."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from messaging.domain.integrations.moderation import MODERATION_ID, Fallback, WordAction
from messaging.domain.reports import Report, ReportStatus
from messaging.instruments.outbound_metrics import MODERATED, MODERATION_HOOK_OPEN
from messaging.models import ModerationHookRecord, WordListRecord
from messaging.runtime.instance import Instance
from messaging.services.account import profiles
from tests.integration.chat import Api, Json, ok, problem
from tests.integration.moderation.rules import SECRET, add_words, set_hook
from tests.integration.outbound.hooks import Hook, Received, answer
from tests.outlets import SIGNED_IN_AT

REFUSED = (403, "refused_by_moderation")


def verdict(**fields: Any) -> Callable[[Received], bytes]:
    """Answer every question with this verdict."""
    return lambda _: answer(200, json.dumps(fields).encode())


@pytest.fixture(name="hook")
async def _hook(instance: Instance, settings: Settings) -> AsyncIterator[Hook]:
    """A hook that allows everything, until a test replaces its answer."""
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    async with Hook(verdict(action="allow")).run() as hook:
        yield hook


async def reports(instance: Instance, status: ReportStatus | None = None) -> Sequence[Report]:
    return await instance.reports.list_reports(limit=10, status=status)


def counts() -> Mapping[str, float]:
    """How many texts have got each verdict so far."""
    (metric,) = MODERATED.collect()
    samples = [one for one in metric.samples if one.name == "chat_moderated_total"]
    return {one.labels["verdict"]: one.value for one in samples}


def hook_open() -> float:
    (metric,) = MODERATION_HOOK_OPEN.collect()
    return metric.samples[0].value


def counted(before: Mapping[str, float]) -> Mapping[str, float]:
    """The verdicts since then."""
    return {name: n - before[name] for name, n in counts().items() if n != before[name]}


async def texts(api: Api, conversation: str) -> list[str]:
    page = ok(await api.get(f"/conversations/{conversation}/messages"))
    return [message["text"] for message in page["items"]]


async def test_blocked_words(instance: Instance, ann: Api, bob: Api) -> None:
    """A send, an edit, a title and a name with a blocked word are refused, and nothing is
    stored."""
    group = await ann.group(bob)
    message = await ann.send(group, "fine")
    await add_words(instance, "spam", action=WordAction.BLOCK)

    path = f"/conversations/{group}"
    assert problem(await ann.post(f"{path}/messages", text="SPAM!")) == REFUSED
    assert problem(await ann.patch(f"{path}/messages/{message['id']}", text="spam")) == REFUSED
    assert problem(await ann.patch(path, title="spam")) == REFUSED
    assert problem(await ann.patch("/me", name="Spam")) == REFUSED
    created = await ann.post("/conversations", kind="group", participant_ids=[], title="spam")
    assert problem(created) == REFUSED

    assert await texts(bob, group) == ["fine"]
    assert (await ann.conversation(group))["version"] == 1
    assert await reports(instance) == []


async def test_flagged_words(instance: Instance, ann: Api, bob: Api) -> None:
    """A flagged text is stored, and operators find it among the reports with its text."""
    group = await ann.group(bob)
    await add_words(instance, "casino", action=WordAction.FLAG)

    message = await ann.send(group, "a casino", client_id="once")
    await ann.send(group, "a casino", client_id="once")

    (report,) = await reports(instance)
    assert (report.message_id, report.author_id) == (message["id"], "ann")
    assert (report.reporter_id, report.status) == (MODERATION_ID, ReportStatus.OPEN)
    assert "casino" in report.reason
    copy = await instance.reports.get_copy(report.id)
    assert copy is not None
    assert copy.text == "a casino"


async def test_a_flagged_title_and_name(instance: Instance, ann: Api) -> None:
    group = await ann.group()
    await add_words(instance, "casino", action=WordAction.FLAG)

    ok(await ann.patch(f"/conversations/{group}", title="Casino"))
    ok(await ann.patch("/me", name="Casino"))

    name, title = await reports(instance)
    assert (title.conversation_id, title.message_id, title.author_id) == (group, "", "ann")
    assert (name.conversation_id, name.message_id, name.author_id) == ("", "", "ann")


async def test_a_name_from_a_token(instance: Instance, api: Callable[[str], Api]) -> None:
    """A refused name does not prevent the sign-in."""
    await instance.start()
    await add_words(instance, "spam", action=WordAction.BLOCK)

    await profiles.complete_profile(
        instance, user_id="dan", signed_in_at=SIGNED_IN_AT, offered={"name": "Spam"}
    )

    assert (await profiles.get_profile(instance, user_id="dan")).name is None


async def test_the_question(instance: Instance, ann: Api, bob: Api, hook: Hook) -> None:
    """The hook is asked once, signed by the specification, before the message is stored."""
    group = await ann.group(bob)
    await set_hook(instance, hook.url)

    first = await ann.send(group, "hello", client_id="once")
    again = await ann.send(group, "hello", client_id="once")

    assert first == again
    (asked,) = hook.received
    body: Json = Webhook(SECRET).verify(asked.body, asked.headers)
    assert body["type"] == "moderation.message"
    assert body["data"] == {
        "user_id": "ann",
        "conversation_id": group,
        "message_id": first["id"],
        "client_id": "once",
        "text": "hello",
    }


async def test_the_verdicts(instance: Instance, ann: Api, bob: Api, hook: Hook) -> None:
    group = await ann.group(bob)
    await set_hook(instance, hook.url)
    path = f"/conversations/{group}/messages"

    hook.handle = verdict(action="refuse")
    assert problem(await ann.post(path, text="one")) == REFUSED
    hook.handle = verdict(action="replace", text="***")
    first = await ann.send(group, "two", client_id="two")
    again = await ann.send(group, "two", client_id="two")
    hook.handle = verdict(action="flag", reason="looks\nodd")
    await ann.send(group, "three")
    hook.handle = verdict(action="replace", text="edited ***")
    ok(await ann.patch(f"{path}/{first['id']}", text="four"))

    assert (first["text"], again["text"]) == ("***", "***")
    assert await texts(bob, group) == ["edited ***", "three"]
    (report,) = await reports(instance)
    assert "looks odd" in report.reason


async def test_what_is_refused_anyway_is_not_asked(
    instance: Instance, ann: Api, bob: Api, cid: Api, hook: Hook
) -> None:
    """Neither a stranger nor a wrong request reaches the hook."""
    group = await ann.group(bob)
    message = await ann.send(group)
    await set_hook(instance, hook.url)
    path = f"/conversations/{group}/messages"

    assert problem(await cid.post(path, text="let me in"))[0] == 403
    assert problem(await ann.post(path, text="x", mentions=["cid"]))[0] == 400
    assert problem(await bob.patch(f"{path}/{message['id']}", text="mine"))[0] == 403
    assert problem(await bob.patch(f"/conversations/{group}", title="mine"))[0] == 403
    ok(await ann.patch(f"{path}/{message['id']}", text="hello"))

    assert hook.received == []


async def test_a_refused_message_leaves_no_open_report(
    instance: Instance, ann: Api, bob: Api, hook: Hook
) -> None:
    """Somebody is removed while the hook thinks."""
    group = await ann.group(bob)
    await set_hook(instance, hook.url)

    async def remove(_: Received) -> bytes:
        assert (await ann.delete(f"/conversations/{group}/participants/bob")).is_success
        return answer(200, b'{"action": "flag"}')

    hook.handle = remove
    assert problem(await bob.post(f"/conversations/{group}/messages", text="x"))[0] == 403

    (report,) = await reports(instance)
    assert report.status is ReportStatus.DISMISSED


@pytest.mark.parametrize("fallback", Fallback)
@pytest.mark.parametrize(
    "given",
    [
        answer(500),
        answer(302, b"", "Location: /"),
        answer(200, b""),
        answer(200, b"{"),
        answer(200, b'{"action": "maybe"}'),
        answer(200, b'{"action": "replace"}'),
        answer(200, b'{"action": "replace", "text": "  "}'),
        answer(200, b'{"action": "allow"' + b" " * 70_000 + b"}"),
        b"nonsense\r\n\r\n",
    ],
)
async def test_wrong_answers(
    instance: Instance, ann: Api, hook: Hook, fallback: Fallback, given: bytes
) -> None:
    """The operator's choice applies, and nothing is stored twice."""
    group = await ann.group()
    await set_hook(instance, hook.url, fallback=fallback)
    hook.handle = lambda _: given

    result = await ann.post(f"/conversations/{group}/messages", text="x", client_id="c")

    if fallback is Fallback.REFUSE:
        assert problem(result) == REFUSED
        assert await texts(ann, group) == []
    else:
        assert result.status_code == 201
        assert await texts(ann, group) == ["x"]


async def test_a_rule_that_ends(instance: Instance, ann: Api) -> None:
    """Without rules nothing is judged any more."""
    group = await ann.group()
    await add_words(instance, "spam", action=WordAction.BLOCK)
    assert problem(await ann.post(f"/conversations/{group}/messages", text="spam")) == REFUSED

    await WordListRecord.objects.all().adelete()
    await instance.moderation.refresh()

    await ann.send(group, "spam")
    assert not instance.moderation.active


async def test_a_change_by_an_instance_whose_clock_is_behind(instance: Instance, ann: Api) -> None:
    """It holds as any other change does."""
    group = await ann.group()
    await add_words(instance, "spam", action=WordAction.BLOCK)
    await add_words(instance, "casino", action=WordAction.FLAG)

    await WordListRecord.objects.filter(action="block").aupdate(
        words="eggs", changed_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    await instance.moderation.refresh()

    assert problem(await ann.post(f"/conversations/{group}/messages", text="eggs")) == REFUSED
    await ann.send(group, "spam")


async def test_the_count_of_verdicts(instance: Instance, ann: Api, hook: Hook) -> None:
    """A text counts once, and besides as unanswered if the hook gives no verdict."""
    group = await ann.group()
    path = f"/conversations/{group}/messages"
    await add_words(instance, "casino", action=WordAction.FLAG)
    await set_hook(instance, hook.url, fallback=Fallback.REFUSE)

    before = counts()
    hook.handle = verdict(action="replace", text="***")
    await ann.send(group, "a casino")
    assert counted(before) == {"replace": 1}

    before = counts()
    hook.handle = lambda _: answer(500)
    assert problem(await ann.post(path, text="hello")) == REFUSED
    assert counted(before) == {"unanswered": 1, "refuse": 1}


async def test_a_failing_hook_that_is_removed(instance: Instance, ann: Api, hook: Hook) -> None:
    """Nothing is reported as failing afterwards."""
    group = await ann.group()
    await set_hook(instance, hook.url)
    hook.handle = lambda _: answer(500)
    for _ in range(5):
        await ann.send(group)
    assert hook_open() == 1

    await ModerationHookRecord.objects.all().adelete()
    await instance.moderation.refresh()

    assert hook_open() == 0
