"""A conversation in which somebody sends before each read of it: an erasure and an export end."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import JobState
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.exported import PersonExport
from messaging.personal_data.parts import Parts
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services import messages
from tests.integration.chat import Api
from tests.integration.stores.restless import BeforeReads

MakeApi = Callable[[str], Api]
_MOST = 100
"""The sends after which the test gives up."""


def restless(instance: Instance, conversation_id: str, user_id: str) -> Parts:
    """What the jobs use of an instance."""
    sent = 0

    async def send(*arguments: object) -> None:
        nonlocal sent
        if conversation_id in arguments:
            sent += 1
            assert sent < _MOST
            await messages.send_message(
                instance, user_id=user_id, conversation_id=conversation_id, text="on and on"
            )

    parts = instance.jobs.parts
    return replace(
        parts,
        store=BeforeReads(parts.store, send),
        exchange=BeforeReads(parts.exchange, send),
    )


async def test_an_erasure_ends(instance: Instance, api: MakeApi) -> None:
    """The person leaves first, so that nothing of them comes later."""
    eve, ann = api("eve"), api("ann")
    group = await ann.group(eve)
    for number in range(5):
        await eve.send(group, f"text {number}")
    parts = restless(instance, group, "ann")
    jobs = Jobs(parts, owner="test", erasure=Erasure(parts, settle_seconds=0))
    asked = await request_erasure(
        instance.database, person_id="eve", by=Actor(kind=ActorKind.COMMAND, name="test")
    )
    done = await jobs.run_one(asked.id)
    assert done is not None
    assert done.state is JobState.DONE
    assert done.counts["messages"] == 5


async def test_an_export_ends(instance: Instance, api: MakeApi) -> None:
    """It has what there was when it came to the conversation."""
    eve, ann = api("eve"), api("ann")
    group = await ann.group(eve)
    for number in range(5):
        await eve.send(group, f"text {number}")
    lines: list[bytes] = []
    exported = await PersonExport(restless(instance, group, "eve"), "eve", write=lines.append).run()
    texts = [one["text"] for line in lines if (one := orjson.loads(line)).get("text")]
    assert texts[:5] == [f"text {number}" for number in range(5)]
    assert exported.messages >= 5
