"""What operators do to conversations and messages, as their people see it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from messaging.domain.exceptions import (
    ConversationNotFound,
    MessageNotFound,
    NotFound,
    PermissionDenied,
)
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.services import conversations, sessions
from messaging.services.operators import conversations as operators_conversations
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, problem
from tests.outlets import SIGNED_IN_AT, Outlet

Watch = Callable[[str], Awaitable[list[Json]]]


@pytest.fixture
def watch(instance: Instance) -> Watch:
    """The events that somebody's socket gets from now on."""

    async def watch(user_id: str) -> list[Json]:
        events: list[Json] = []
        await sessions.open_session(
            instance,
            user_id=user_id,
            signed_in_at=SIGNED_IN_AT,
            outlet=Outlet(lambda frame: events.append(read_frame(frame))),
        )
        events.clear()
        return events

    return watch


def types(events: list[Json]) -> list[str]:
    return [event["type"] for event in events]


async def test_a_redacted_message_is_gone_at_once(
    instance: Instance, ann: Api, bob: Api, watch: Watch
) -> None:
    """For whoever looks on, and whoever looks later; redacting it again is no change."""
    group = await ann.group(bob)
    message = await bob.send(group, "something foul")
    events = await watch("ann")

    for _ in range(2):
        await operators_conversations.redact_message(
            instance, conversation_id=group, message_id=message["id"]
        )

    assert types(events) == ["message.deleted"]
    shown = ok(await ann.get(f"/conversations/{group}/messages/{message['id']}"))
    assert (shown["text"], shown["deleted_at"] is None) == (None, False)
    assert (await ann.conversation(group))["last_message"]["text"] is None
    assert await ann.version(group) == 2


async def test_what_cannot_be_redacted(instance: Instance, ann: Api) -> None:
    group = await ann.group()

    with pytest.raises(MessageNotFound):
        await operators_conversations.redact_message(
            instance, conversation_id=group, message_id=random_id()
        )
    with pytest.raises(ConversationNotFound):
        await operators_conversations.redact_message(
            instance, conversation_id=random_id(), message_id=random_id()
        )


async def test_in_a_frozen_group_members_do_not_write(
    instance: Instance, ann: Api, bob: Api, watch: Watch
) -> None:
    """Neither send nor edit, until it is undone; owners do, and everybody goes on reading."""
    group = await ann.group(bob)
    message = await bob.send(group)
    events = await watch("bob")

    for _ in range(2):
        await operators_conversations.set_frozen(instance, conversation_id=group, frozen=True)

    sent = await bob.post(f"/conversations/{group}/messages", text="hello?")
    assert problem(sent) == (403, "permission_denied")
    edited = await bob.patch(f"/conversations/{group}/messages/{message['id']}", text="x")
    assert problem(edited) == (403, "permission_denied")
    await ann.send(group, "Calm down, please.")
    ok(await bob.get(f"/conversations/{group}/messages"))
    assert types(events) == ["conversation.updated", "message.created"]

    await operators_conversations.set_frozen(instance, conversation_id=group, frozen=False)
    await bob.send(group, "sorry")


async def test_a_retry_of_what_was_sent_before_the_freeze(
    instance: Instance, ann: Api, bob: Api
) -> None:
    """Is answered with the message that is there."""
    group = await ann.group(bob)
    message = await bob.send(group, client_id="1")
    await operators_conversations.set_frozen(instance, conversation_id=group, frozen=True)

    assert await bob.send(group, client_id="1") == message


async def test_in_a_frozen_direct_conversation_nobody_writes(
    instance: Instance, ann: Api, bob: Api
) -> None:
    direct = await ann.direct(bob)
    await operators_conversations.set_frozen(instance, conversation_id=direct, frozen=True)

    for person in (ann, bob):
        answer = await person.post(f"/conversations/{direct}/messages", text="hello")
        assert problem(answer) == (403, "permission_denied")


async def test_somebody_is_expelled(instance: Instance, ann: Api, bob: Api, watch: Watch) -> None:
    """They are told, and the others; the last owner only after everybody else."""
    group = await ann.group(bob)
    events = await watch("bob")
    with pytest.raises(PermissionDenied):
        await operators_conversations.expel_participant(
            instance, conversation_id=group, participant_id="ann"
        )

    await operators_conversations.expel_participant(
        instance, conversation_id=group, participant_id="bob"
    )

    assert types(events) == ["participant.removed"]
    assert problem(await bob.get(f"/conversations/{group}")) == (403, "not_a_participant")
    with pytest.raises(NotFound):
        await operators_conversations.expel_participant(
            instance, conversation_id=group, participant_id="bob"
        )


async def test_a_group_gets_another_owner(instance: Instance, ann: Api, bob: Api) -> None:
    """So that the first can go."""
    group = await ann.group(bob)

    await operators_conversations.assign_role(
        instance, conversation_id=group, participant_id="bob", role=Role.OWNER
    )
    await operators_conversations.expel_participant(
        instance, conversation_id=group, participant_id="ann"
    )

    people = (await bob.conversation(group))["participants"]
    assert [(one["user_id"], one["role"]) for one in people] == [("bob", "owner")]


async def test_a_group_is_deleted(ann: Api, bob: Api, watch: Watch, instance: Instance) -> None:
    """Everybody loses it at once, and what was said is gone; doing it again is fine."""
    founded: dict[str, Any] = {"kind": "group", "participant_ids": ["bob"], "client_id": "1"}
    group = (await ann.post("/conversations", **founded)).json()["id"]
    await bob.send(group, "one")
    events = [await watch("ann"), await watch("bob")]

    for _ in range(2):
        await operators_conversations.delete_conversation(instance, conversation_id=group)

    for seen in events:
        assert types(seen) == ["participant.removed"]
    for person in (ann, bob):
        assert problem(await person.get(f"/conversations/{group}")) == (403, "not_a_participant")
        assert ok(await person.get("/conversations"))["items"] == []
    assert list(await instance.store.list_latest_messages(group, limit=10)) == []
    shell = await instance.store.get_conversation(group)
    assert shell is not None
    assert (shell.version, shell.title, shell.last_message) == (2, None, None)


async def test_a_direct_conversation_is_not_deleted(instance: Instance, ann: Api, bob: Api) -> None:
    """Its people are fixed: they could never talk again."""
    direct = await ann.direct(bob)

    with pytest.raises(PermissionDenied):
        await operators_conversations.delete_conversation(instance, conversation_id=direct)

    own = await conversations.get_conversation(instance, user_id="ann", conversation_id=direct)
    assert len(own.conversation.participants) == 2
