"""Reports: a participant tells operators of a message."""

from typing import Any

import httpx
import pytest

from messaging.domain.identifiers import random_id
from messaging.domain.reports import ReportStatus
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, Json, problem, wrong_fields


async def report(person: Api, message: Json, reason: Any = "It is spam.") -> httpx.Response:
    return await person.post(
        "/reports",
        message_id=message["id"],
        conversation_id=message["conversation_id"],
        reason=reason,
    )


async def test_a_message_is_reported(ann: Api, bob: Api, instance: Instance) -> None:
    """Operators find who, what, about whom and why."""
    message = await bob.send(await ann.group(bob))

    answer = await report(ann, message)

    assert answer.status_code == 201
    assert answer.json()["reason"] == "It is spam."
    (listed,) = await instance.reports.list_reports(limit=10, status=ReportStatus.OPEN)
    assert listed.id == answer.json()["id"]
    assert listed.message_id == message["id"]
    assert listed.conversation_id == message["conversation_id"]
    assert (listed.reporter_id, listed.author_id) == ("ann", "bob")


async def test_once_per_person_and_message(ann: Api, bob: Api, cid: Api) -> None:
    """Whoever reports it again finds the first report; somebody else makes another."""
    message = await bob.send(await ann.group(bob, cid))
    first = await report(ann, message)

    again = await report(ann, message, "It still is.")
    other = await report(cid, message)

    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["id"] != first.json()["id"]) == (201, True)


async def test_only_participants_report(ann: Api, bob: Api, cid: Api) -> None:
    """In a group and in a direct conversation; of the latter others learn nothing."""
    in_group = await bob.send(await ann.group(bob))
    direct = await bob.send(await ann.direct(bob))

    assert problem(await report(cid, in_group)) == (403, "not_a_participant")
    assert problem(await report(cid, direct)) == (404, "conversation_not_found")


async def test_only_what_is_there_is_reported(ann: Api, bob: Api) -> None:
    """Not a message that never was, is of another conversation, or was deleted."""
    group = await ann.group(bob)
    message = await bob.send(group)
    elsewhere = {"id": message["id"], "conversation_id": await ann.group(bob)}
    await bob.delete(f"/conversations/{group}/messages/{message['id']}")

    for one in ({**message, "id": random_id()}, {**message, "id": "x"}, elsewhere, message):
        assert problem(await report(ann, one)) == (404, "message_not_found")


async def test_a_repeated_report_finds_the_first_once_the_message_is_deleted(
    ann: Api, bob: Api, cid: Api
) -> None:
    """As before it was deleted. Somebody who had not reported it cannot any more."""
    group = await ann.group(bob, cid)
    message = await bob.send(group)
    elsewhere = {"id": message["id"], "conversation_id": await ann.group(bob)}
    first = await report(ann, message)
    await bob.delete(f"/conversations/{group}/messages/{message['id']}")

    again = await report(ann, message, "It still is.")

    assert (again.status_code, again.json()) == (200, first.json())
    assert problem(await report(cid, message)) == (404, "message_not_found")
    assert problem(await report(ann, elsewhere)) == (404, "message_not_found")


@pytest.mark.parametrize(
    ("reason", "code"),
    [(" ", "blank"), ("x" * 1001, "max_length"), ("\x07", "invalid_characters"), (1, "invalid")],
)
async def test_a_reason_that_cannot_be_read(ann: Api, reason: Any, code: str) -> None:
    message = await ann.send(await ann.group())

    assert wrong_fields(await report(ann, message, reason)) == [("reason", code)]
