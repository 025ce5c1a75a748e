"""Who may do what: everything that can be asked for, asked by those who may not.

The services, endpoints and commands are found, not listed: a new one that forgets to ask fails
here, and one whose arguments are not known here has to be taught first.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from chat.errors import problem_of
from chat.payloads.renderers import render_json
from chat.socket import commands
from chat.socket.frames import ReceivedCommand
from chat.state import ApplicationState
from messaging import services
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import (
    ConversationNotFound,
    MessagingError,
    NotAParticipant,
    ScopeMissing,
)
from messaging.domain.integrations.service_accounts import ServiceCaller
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.services.sync import SyncStatus
from tests.commits import CommitLog
from tests.integration.chat import Api, problem
from tests.integration.chat.rest.test_refusals import EXAMPLES, QUERIES, operations
from tests.outlets import Outlet, make_connection
from tests.unit.messaging import edit, remove, send

MakeApi = Callable[[str], Api]

ARGUMENTS: dict[str, Any] = {
    "text": "hello",
    "title": "Coffee",
    "limit": 10,
    "q": "hello",
    "sender_id": None,
    "before": None,
    "after": None,
    "since": 0,
    "seq": 1,
    "typing": True,
    "user_ids": ["cid"],
    "participant_id": "bob",
    "role": Role.MEMBER,
    "changes": {},
    "client_id": "1",
    "reason": "spam",
    "message_ids": ["a" * 26],
    "attachment_ids": ["a" * 26],
    "cursor": None,
    "filename": "tea.jpg",
    "content_type": "image/jpeg",
    "size": 1,
    "pinned": True,
    "emoji": "👍",
    "present": True,
}
"""For the services, by the name of the parameter."""
CHANGES: dict[str, Any] = {
    "messages.edit_message": {"text": "hello"},
    "conversations.update_conversation": {"title": "Coffee"},
}
"""The `changes` of services that take at least one."""

FIELDS: dict[str, Any] = {
    "message.send": {"text": "hello", "client_id": "1"},
    "message.edit": {"text": "hello", "message_id": "a" * 26},
    "message.delete": {"message_id": "a" * 26},
    "reaction.add": {"message_id": "a" * 26, "emoji": "👍"},
    "reaction.remove": {"message_id": "a" * 26, "emoji": "👍"},
    "receipt.read": {"seq": 1},
    "receipt.delivered": {"seq": 1},
    "typing.start": {},
    "typing.stop": {},
}
"""Of the commands about one conversation, besides its id."""

FOR_NO_DOOR = ("copying.", "exchange.", "operators.", "rules.")
"""The rooms of the services that act for no participant: neither views nor commands may import
them, as import-linter sees to."""
OF_SERVICE_ACCOUNTS = "back_end."
"""The room of what service accounts do by themselves, as their scopes allow."""
ABOUT_NOBODY_ELSE = {"activity", "auth.refresh", "ping"}
ABOUT_SEVERAL = {"conversation.sync"}


def public_services() -> Iterator[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Everything that the doors may call and that has to be waited for, by module and name, in all
    rooms."""
    for info in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        place = info.name.removeprefix(f"{services.__name__}.")
        if f"{place}.".startswith(FOR_NO_DOOR):
            continue
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            if (
                inspect.iscoroutinefunction(function)
                and function.__module__ == module.__name__
                and not name.startswith("_")
            ):
                yield f"{place}.{name}", function


def parameters_of(service: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(service).parameters)


OF_CONVERSATIONS = {
    name: service
    for name, service in public_services()
    if "conversation_id" in parameters_of(service) and not name.startswith(OF_SERVICE_ACCOUNTS)
}
"""The services that are about one conversation."""


def test_the_services_of_every_room_are_found() -> None:
    """Those of a room inside the folder as well."""
    found = {name for name, _ in public_services()}

    assert {"messages.send_message", "account.conversation_preferences.set_preferences"} <= found
    assert not any(name.startswith(FOR_NO_DOOR) for name in found)


def test_all_others_act_for_whoever_asks() -> None:
    """Their first argument beside the instance says who that is."""
    others = {
        name: parameters_of(service)
        for name, service in public_services()
        if name not in OF_CONVERSATIONS and not name.startswith(OF_SERVICE_ACCOUNTS)
    }

    assert others
    for name, parameters in others.items():
        assert len(parameters) > 1, name
        assert parameters[0] == "instance", name
        assert parameters[1] in {"user_id", "connection"}, name


async def test_service_accounts_need_a_scope(instance: Instance, subtests: pytest.Subtests) -> None:
    """Each function of their room says which, before it reads anything."""
    found = {name: one for name, one in public_services() if name.startswith(OF_SERVICE_ACCOUNTS)}
    nobody = ServiceCaller(name="bot", token_id="0" * 12, scopes=frozenset(), requests_per_second=1)
    given = {
        **ARGUMENTS,
        "instance": instance,
        "service": nobody,
        "conversation_id": "a" * 26,
        "message_id": "a" * 26,
        "owner_id": "ann",
        "person_id": "bob",
        "job_id": "a" * 26,
        "job": None,
        "participant_ids": ["bob"],
        "kind": ConversationKind.GROUP,
    }

    assert found
    for name, function in found.items():
        with subtests.test(name):
            assert parameters_of(function)[:2] == ["instance", "service"]
            parameters = inspect.signature(function).parameters
            needed = [key for key, one in parameters.items() if one.default is one.empty]
            with pytest.raises(ScopeMissing):
                await function(**{key: given[key] for key in needed})


@pytest_asyncio.fixture(params=["a stranger", "somebody removed"])
async def outsider(request: pytest.FixtureRequest, api: MakeApi) -> Api:
    """Somebody who is in none of the conversations below, or not any more."""
    return api("eve" if request.param == "a stranger" else "rem")


@pytest_asyncio.fixture(params=["group", "direct"])
async def names(request: pytest.FixtureRequest, ann: Api, bob: Api, api: MakeApi) -> dict[str, str]:
    """A conversation of ann's and bob's, and a message in it."""
    if request.param == "group":
        rem = api("rem")
        id_ = await ann.group(bob, rem)
        await rem.send(id_, "I was here")
        assert (await ann.delete(f"/conversations/{id_}/participants/rem")).status_code == 204
    else:
        id_ = await ann.direct(bob)
    message = await ann.send(id_, "between us")
    return {"kind": request.param, "conversation_id": id_, "message_id": message["id"]}


def refusal_in(names: dict[str, str]) -> tuple[type[MessagingError], int]:
    """Of a direct conversation nobody else learns that it is there."""
    return (NotAParticipant, 403) if names["kind"] == "group" else (ConversationNotFound, 404)


# Outsiders


async def test_services_refuse_outsiders(
    names: dict[str, str], outsider: Api, instance: Instance, subtests: pytest.Subtests
) -> None:
    for name, service in OF_CONVERSATIONS.items():
        with subtests.test(name):
            given = {**ARGUMENTS, **names, "instance": instance, "user_id": outsider.user_id}
            parameters = inspect.signature(service).parameters
            needed = [key for key, one in parameters.items() if one.default is one.empty]
            given["changes"] = CHANGES.get(name, {})
            arguments = {key: given[key] for key in needed}
            assert "user_id" in arguments, "who asks?"

            if service.__name__ == "sync_conversation":  # for sockets: there it is a status
                changes = await service(**arguments)
                assert changes.status is SyncStatus.FORBIDDEN
                assert (changes.messages, changes.conversation) == ((), None)
                continue
            with pytest.raises(refusal_in(names)[0]):
                await service(**arguments)


async def test_endpoints_refuse_outsiders(
    names: dict[str, str], outsider: Api, subtests: pytest.Subtests
) -> None:
    """Whatever is asked for, and nothing of what was said is in the answer."""
    for operation, method, path in operations():
        if "{conversation_id}" not in path:
            continue
        with subtests.test(operation):
            where = path.format(**names, user_id="bob", emoji="👍").removeprefix("/api/v1")
            body, query = EXAMPLES.get(operation), QUERIES.get(operation)

            answer = await outsider.request(method, where, json=body, params=query)

            refusal, status = refusal_in(names)
            assert problem(answer) == (status, refusal.code)
            assert "between us" not in answer.text


async def test_commands_refuse_outsiders(
    names: dict[str, str], outsider: Api, instance: Instance, subtests: pytest.Subtests
) -> None:
    for kind in sorted(commands.COMMANDS.keys() - ABOUT_NOBODY_ELSE):
        with subtests.test(kind):
            await _refuses(kind, names, outsider, instance)


async def _refuses(kind: str, names: dict[str, str], outsider: Api, instance: Instance) -> None:
    connection = make_connection("c", outsider.user_id, Outlet(lambda frame: None))
    state = ApplicationState(instance)
    id_ = names["conversation_id"]
    if kind in ABOUT_SEVERAL:
        command = ReceivedCommand(id=1, type=kind, fields={"conversations": {id_: 0}})
        answer = render_json(await commands.handle(state, command, connection))
        assert orjson.loads(answer)["conversations"][id_]["status"] == "forbidden"
        assert b"between us" not in answer
        return
    if kind == "receipts.sync":
        command = ReceivedCommand(id=1, type=kind, fields={"since": "2026-01-01T00:00:00Z"})
        assert (await commands.handle(state, command, connection))["items"] == []
        return
    if kind == "presence.watch":
        command = ReceivedCommand(id=1, type=kind, fields={"user_ids": ["ann", "bob"]})
        assert await commands.handle(state, command, connection) == {"items": []}
        return
    command = ReceivedCommand(id=1, type=kind, fields={**FIELDS[kind], "conversation_id": id_})
    with pytest.raises(MessagingError) as refused:
        await commands.handle(state, command, connection)
    assert problem_of(refused.value).status == refusal_in(names)[1]


@pytest.mark.parametrize(
    "path",
    [
        *("/messages", "/messages?before=2", "/messages?after=1", "/messages?around=2"),
        *("/messages/{old}", "/messages/{later}", "/receipts"),
    ],
)
async def test_what_follows_a_removal_is_read_by_nobody_who_left(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Also not where another instance removed them and none of it was heard of here yet."""
    monkeypatch.setattr(instance.cache, "get_fresh", instance.cache.get)  # however slow this is
    group = await ann.group(bob)
    old = await ann.send(group, "for both")
    assert (await bob.get(f"/conversations/{group}/messages")).status_code == 200  # read, and kept
    elsewhere = Writer(instance.store, ConversationCache(), CommitLog())
    await elsewhere.submit(group, remove("ann", "bob"))
    later = (await elsewhere.submit(group, send(group, "ann", "not for bob"))).message
    assert later is not None
    await elsewhere.submit(group, edit("ann", old["id"], "not for bob either"))

    answer = await bob.get(f"/conversations/{group}{path.format(old=old['id'], later=later.id)}")

    assert problem(answer) == (403, "not_a_participant")


# What belongs to the server


@pytest.mark.parametrize(
    "field",
    [
        "sender_id",
        "seq",
        "version",
        "id",
        "created_at",
        "conversation_id",
        "edited_at",
        "deleted_at",
    ],
)
async def test_what_the_server_owns_cannot_be_set(ann: Api, field: str) -> None:
    group = await ann.group()

    answer = await ann.post(f"/conversations/{group}/messages", text="x", **{field: "bob"})

    assert problem(answer) == (400, "invalid_request")
    assert re.search(field, answer.text)
