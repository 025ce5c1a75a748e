"""Texts in the admin's forms follow the rules of all texts; the error stands at the field."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User

from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.admin import Operator, text_of
from tests.integration.chat import Api


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    """On SQL: forms are the same on every store."""
    async with new_instance() as instance:
        yield instance


BLANK = ["\u200b", " \u2060 ", "\u00ad", "\u3164"]
DISGUISED = ["\u202egood", "a\u2066b", "\U000e0041x"]
ODD = [*BLANK, *DISGUISED, "a\x07b"]


def errors_of(html: str, field: str) -> str:
    """What the page says at a field."""
    begin = html.rindex('class="errorlist"', 0, html.index(f'name="{field}"'))
    return html[begin : html.index(f'name="{field}"')]


async def test_a_reason_to_look_has_to_be_readable(ann: Api, root: Operator) -> None:
    group = await ann.group()

    for reason in ODD:
        answer = await root.post(f"message/?conversation={group}", {"look": "1", "reason": reason})

        assert answer.status_code == 200
        said = errors_of(answer.text, "reason")
        assert any(word in said for word in ("blank", "required", "Remove", "control")), reason
    assert not await sync_to_async(LogEntry.objects.filter(object_id=group).exists)()


async def test_lines_of_a_reason_end_as_everywhere(ann: Api, root: Operator) -> None:
    """A browser sends CRLF. Neither that counts twice, nor is it kept."""
    group = await ann.group()
    lines = "\r\n".join(["x"] * 250)

    await root.post(f"message/?conversation={group}", {"look": "1", "reason": lines})

    entry = await sync_to_async(LogEntry.objects.get)(object_id=group)
    assert entry.change_message.endswith("x\nx")
    assert "\r" not in entry.change_message


async def test_the_id_of_a_person_has_to_be_one(ann: Api, root: Operator) -> None:
    group = await ann.group()

    for user in ("no id", "__x__", "\u200b", "a" * 129):
        answer = await root.act("conversation/", "expel", group, user=user)

        assert answer.status_code == 200
        assert errors_of(answer.text, "user"), user
        assert 'name="confirmed"' in answer.text


async def test_names_of_operators_and_groups_have_to_be_readable(root: Operator) -> None:
    user = root.user
    form: dict[str, Any] = {
        "username": user.username,
        "first_name": "\u202eRoot",
        "last_name": "Root",
        "email": "",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }

    refused = await root.post(f"../auth/user/{user.pk}/change/", form)
    assert errors_of(refused.text, "first_name")
    accepted = await root.post(f"../auth/user/{user.pk}/change/", {**form, "first_name": "Ann B."})
    assert "changed successfully" in text_of(accepted)
    assert (await sync_to_async(User.objects.get)(pk=user.pk)).first_name == "Ann B."

    for name in ("\u200b", "night\u202eshift"):
        answer = await root.post("../auth/group/add/", {"name": name})
        assert errors_of(answer.text, "name")
    await root.post("../auth/group/add/", {"name": "Night shift"})
    assert await sync_to_async(Group.objects.filter(name="Night shift").exists)()
