"""Who may do what: everything that can be asked for, asked by those who may not.

The services, endpoints and commands are found, not listed: a new one that forgets to ask fails
here, and one whose arguments are not known here has to be taught first.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chat import commands
from chat.errors import problem_of
from chat.frames import Command
from messaging import services
from messaging.entities import Role
from messaging.exceptions import ConversationNotFound, MessagingError, NotAParticipant
from messaging.instance import Instance
from messaging.services.sync import SyncStatus
from tests.integration.chat import Api, problem
from tests.integration.chat.test_rest_refusals import EXAMPLES, QUERIES, operations
from tests.outlets import Outlet, make_connection

MakeApi = Callable[[str], Api]

ARGUMENTS: dict[str, Any] = {
    "text": "hello",
    "title": "Coffee",
    "limit": 10,
    "since": 0,
    "seq": 1,
    "typing": True,
    "user_ids": ["cid"],
    "participant_id": "bob",
    "role": Role.MEMBER,
    "changes": {},
    "client_id": "1",
    "reason": "spam",
}
"""For the services, by the name of the parameter."""

FIELDS: dict[str, Any] = {
    "message.send": {"text": "hello", "client_id": "1"},
    "receipt.read": {"seq": 1},
    "receipt.delivered": {"seq": 1},
    "typing.start": {},
    "typing.stop": {},
}
"""Of the commands about one conversation, besides its id."""

OF_OPERATORS = {"moderation", "supervision", "verification"}
"""The services that act for no participant: only the admin and commands call them."""
ABOUT_NOBODY_ELSE = {"activity", "auth.refresh", "ping"}
ABOUT_SEVERAL = {"conversation.sync"}


def services_of_conversations() -> list[Any]:
    """Every public function of the services that is about one conversation."""
    found = []
    for info in pkgutil.iter_modules(services.__path__, f"{services.__name__}."):
        module = importlib.import_module(info.name)
        found += [
            pytest.param(function, id=f"{info.name.rpartition('.')[2]}.{name}")
            for name, function in vars(module).items()
            if inspect.iscoroutinefunction(function)
            and function.__module__ == module.__name__
            and not name.startswith("_")
            and info.name.rpartition(".")[2] not in OF_OPERATORS
            and "conversation_id" in inspect.signature(function).parameters
        ]
    return found


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


@pytest.mark.parametrize("service", services_of_conversations())
async def test_services_refuse_outsiders(
    service: Callable[..., Awaitable[Any]], names: dict[str, str], outsider: Api
) -> None:
    given = {**ARGUMENTS, **names, "user_id": outsider.user_id}
    parameters = inspect.signature(service).parameters
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    arguments = {name: given[name] for name in needed}
    assert "user_id" in arguments, "who asks?"

    if service.__name__ == "sync_conversation":  # for sockets: there it is a status
        changes = await service(**arguments)
        assert changes.status is SyncStatus.FORBIDDEN
        assert (changes.messages, changes.conversation) == ((), None)
        return
    with pytest.raises(refusal_in(names)[0]):
        await service(**arguments)


@pytest.mark.parametrize(
    ("operation", "method", "path"), [one for one in operations() if "{conversation_id}" in one[2]]
)
async def test_endpoints_refuse_outsiders(
    operation: str, method: str, path: str, names: dict[str, str], outsider: Api
) -> None:
    """Whatever is asked for, and nothing of what was said is in the answer."""
    where = path.format(**names, user_id="bob").removeprefix("/api/v1")
    body, query = EXAMPLES.get(operation), QUERIES.get(operation)

    answer = await outsider.request(method, where, json=body, params=query)

    refusal, status = refusal_in(names)
    assert problem(answer) == (status, refusal.code)
    assert "between us" not in answer.text


@pytest.mark.parametrize("kind", sorted(commands._COMMANDS))
async def test_commands_refuse_outsiders(
    kind: str, names: dict[str, str], outsider: Api, instance: Instance
) -> None:
    connection = make_connection("c", outsider.user_id, Outlet(lambda frame: None))
    id_ = names["conversation_id"]
    if kind in ABOUT_NOBODY_ELSE:
        return
    if kind in ABOUT_SEVERAL:
        command = Command(id=1, type=kind, fields={"conversations": {id_: 0}})
        answer = await commands.handle(command, connection)
        assert answer["conversations"][id_]["status"] == "forbidden"
        assert "between us" not in str(answer)
        return
    if kind == "presence.watch":
        command = Command(id=1, type=kind, fields={"user_ids": ["ann", "bob"]})
        assert await commands.handle(command, connection) == {"items": []}
        return
    command = Command(id=1, type=kind, fields={**FIELDS[kind], "conversation_id": id_})
    with pytest.raises(MessagingError) as refused:
        await commands.handle(command, connection)
    assert problem_of(refused.value).status == refusal_in(names)[1]


# Roles

OWNER, ADMIN, MEMBER = "owner", "admin", "member"
GROUP = "/conversations/{id}"

RIGHTS: list[tuple[str, str, str, dict[str, Any] | None, dict[str, bool]]] = [
    ("rename", "PATCH", GROUP, {"title": "New"}, {OWNER: True, ADMIN: True, MEMBER: False}),
    (
        *("add a member", "POST", f"{GROUP}/participants", {"user_ids": ["new"]}),
        {OWNER: True, ADMIN: True, MEMBER: False},
    ),
    (
        "add an admin",
        *("POST", f"{GROUP}/participants", {"user_ids": ["new"], "role": "admin"}),
        {OWNER: True, ADMIN: False, MEMBER: False},
    ),
    (
        *("remove a member", "DELETE", f"{GROUP}/participants/other-member", None),
        {OWNER: True, ADMIN: True, MEMBER: False},
    ),
    (
        *("remove an admin", "DELETE", f"{GROUP}/participants/other-admin", None),
        {OWNER: True, ADMIN: False, MEMBER: False},
    ),
    (
        *("remove an owner", "DELETE", f"{GROUP}/participants/other-owner", None),
        {OWNER: True, ADMIN: False, MEMBER: False},
    ),
    (
        *("promote a member", "PATCH", f"{GROUP}/participants/other-member", {"role": "admin"}),
        {OWNER: True, ADMIN: False, MEMBER: False},
    ),
    (
        *("promote oneself", "PATCH", f"{GROUP}/participants/me", {"role": "owner"}),
        {OWNER: True, ADMIN: False, MEMBER: False},
    ),
    (
        *("delete another's message", "DELETE", f"{GROUP}/messages/{{message}}", None),
        {OWNER: True, ADMIN: True, MEMBER: False},
    ),
    (
        *("edit another's message", "PATCH", f"{GROUP}/messages/{{message}}", {"text": "x"}),
        {OWNER: False, ADMIN: False, MEMBER: False},
    ),
    ("delete one's own", "DELETE", f"{GROUP}/messages/{{own}}", None, dict.fromkeys(Role, True)),
    ("send", "POST", f"{GROUP}/messages", {"text": "x"}, dict.fromkeys(Role, True)),
    ("read", "GET", f"{GROUP}/messages", None, dict.fromkeys(Role, True)),
    ("mark as read", "POST", f"{GROUP}/read", {"seq": 1}, dict.fromkeys(Role, True)),
    ("type", "POST", f"{GROUP}/typing", {}, dict.fromkeys(Role, True)),
    ("leave", "DELETE", f"{GROUP}/participants/me", None, dict.fromkeys(Role, True)),
]
"""What, how, and which roles may."""


@pytest.mark.parametrize("role", [OWNER, ADMIN, MEMBER])
@pytest.mark.parametrize(
    ("method", "path", "body", "may"), [row[1:] for row in RIGHTS], ids=[row[0] for row in RIGHTS]
)
async def test_what_a_role_may(
    api: MakeApi, role: str, method: str, path: str, body: Any, may: dict[str, bool]
) -> None:
    """Over REST; the socket has of these only sending, typing and reading, which all may."""
    founder, person = api("other-owner"), api("person")
    group = await founder.group(api("other-member"), api("writer"))
    for user_id, given in (("other-admin", "admin"), ("person", role)):
        answer = await founder.post(
            f"/conversations/{group}/participants", user_ids=[user_id], role=given
        )
        assert answer.status_code == 200
    others = await api("writer").send(group, "the writer's")
    own = await person.send(group, "my own")

    where = path.format(id=group, message=others["id"], own=own["id"])
    asked: httpx.Response = await person.request(method, where, json=body)

    if may[role]:
        assert asked.is_success, asked.text
    else:
        assert problem(asked) == (403, "permission_denied")


@pytest.mark.parametrize("kind", sorted(FIELDS))
@pytest.mark.parametrize("role", [OWNER, ADMIN, MEMBER])
async def test_what_any_role_may_on_the_socket(
    ann: Api, instance: Instance, api: MakeApi, role: str, kind: str
) -> None:
    group = await ann.group()
    await ann.post(f"/conversations/{group}/participants", user_ids=["bob"], role=role)
    await ann.send(group)
    connection = make_connection("c", "bob", Outlet(lambda frame: None))
    command = Command(id=1, type=kind, fields={**FIELDS[kind], "conversation_id": group})

    await commands.handle(command, connection)


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
