"""Whatever is wrong with a request: one error shape, a stable code, and nothing done."""

import asyncio
import inspect
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
from django.core import signing
from pytest_django.fixtures import Settings

from chat.authentication import issue_development_token
from chat.handler import Handler
from chat.limits.limited import SPENT
from chat.limits.strangers import Strangers
from chat.state import ApplicationState, with_state
from config.application import Application
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from messaging.stores.conversations import Commit, CommitUnknown
from messaging.stores.switching.switchable import Switchable
from tests.integration.chat import Api, Json, ok, operations_at, problem, schema, wrong_fields
from tests.integration.chat.rest.files import PDF, announce, upload
from tests.stalls import Stalls

MakeApi = Callable[[str], Api]
JSON = {"Content-Type": "application/json"}
EXAMPLES: dict[str, Json] = {
    "create_conversation": {"kind": "direct", "participant_ids": ["bob"]},
    "update_conversation": {"title": "Coffee"},
    "add_participants": {"user_ids": ["cid"]},
    "update_participant": {"role": "admin"},
    "update_conversation_preferences": {"notify": "none"},
    "send_message": {"text": "hello", "client_id": "c"},
    "edit_message": {"text": "edited"},
    "mark_read": {"seq": 1},
    "mark_unread": {"seq": 1},
    "set_typing": {"typing": True},
    "update_preferences": {"push_text": False},
    "register_device": {"token": "t", "platform": "web"},
    "report_message": {"conversation_id": "", "message_id": "", "reason": "spam"},
    "announce_attachment": {
        "conversation_id": "",
        "filename": "tea.pdf",
        "content_type": "application/pdf",
        "size": len(PDF),
    },
}
"""A body for every operation that takes one."""
QUERIES: dict[str, dict[str, Any]] = {
    "list_changes": {"since": 0},
    "get_presence": {"user_ids": "bob"},
    "list_users": {"user_ids": "bob"},
    "search_messages": {"q": "tea", "conversation_id": ""},
}
"""A query for every operation that needs one."""


def operations() -> list[tuple[str, str, str]]:
    """(operation id, method, path template) of all operations that need the token of a person."""
    return [
        (operation["operationId"], method.upper(), path)
        for path, item in schema()["paths"].items()
        for method, operation in item.items()
        if {"bearer": []} in operation["security"]
    ]


@pytest.fixture
def search_is_on(settings: Settings) -> None:
    settings.CHAT_SEARCH = "database"


class Attempts:
    """Valid requests of Ann's, in a conversation with Bob that has one message."""

    def __init__(self, ann: Api, bob: Api) -> None:
        self._ann, self._bob = ann, bob
        self._names: dict[str, str] = {}

    async def __call__(self, operation: str, method: str, template: str) -> httpx.Response:
        if not self._names:
            self._names = await self._found()
        ann, names = self._ann, self._names
        path = template.format(**names).removeprefix("/api/v1")
        body, query = EXAMPLES.get(operation), QUERIES.get(operation)
        if body is not None:
            body = {**body, **{name: names[name] for name in body.keys() & names.keys()}}
        if query is not None:
            query = {**query, **{name: names[name] for name in query.keys() & names.keys()}}
        answer = await ann.request(method, path, json=body, params=query)
        if operation == "log_out_everywhere" and answer.is_success:
            ann.sign_in()
        return answer

    async def succeed(self, operation: str, method: str, template: str) -> None:
        """Make a request that succeeds: in a new conversation, if earlier ones have changed too
        much in this one."""
        answer = await self(operation, method, template)
        if not answer.is_success:
            self._names = {}
            answer = await self(operation, method, template)
        assert answer.is_success, answer.text

    async def _found(self) -> dict[str, str]:
        conversation = await self._ann.group(self._bob)
        message = await self._ann.send(conversation)
        file = await announce(self._ann, conversation)
        assert (await upload(self._ann, file, PDF)).is_success
        ok(await self._ann.request("PUT", "/devices/phone", json=EXAMPLES["register_device"]))
        return {
            "conversation_id": conversation,
            "message_id": message["id"],
            "user_id": "bob",
            "device_id": "phone",
            "emoji": "👍",
            "attachment_id": file["attachment"]["id"],
        }


@pytest.fixture
def attempt(ann: Api, bob: Api) -> Attempts:
    return Attempts(ann, bob)


async def test_the_examples_succeed(
    search_is_on: None, attempt: Attempts, subtests: pytest.Subtests
) -> None:
    """What the tests below break is valid when nothing is broken."""
    for operation in operations():
        with subtests.test(operation[0]):
            await attempt.succeed(*operation)


# 401


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b", "Bearer " + "x" * 8193],
)
async def test_no_valid_token(ann: Api, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await ann.client.get("/me", headers=headers)

    assert problem(answer) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_forged_tokens(ann: Api) -> None:
    """Signed with another key or for another purpose, or naming nobody who could exist."""
    salt = "chat.development-token"
    for token in (
        signing.Signer(key="another", sep=".", salt=salt).sign_object("ann"),
        signing.Signer(sep=".", salt="another").sign_object("ann"),
        signing.Signer(sep=".", salt=salt).sign_object("me"),
        signing.Signer(sep=".", salt=salt).sign_object({"user_id": "ann"}),
        signing.Signer(sep=".", salt=salt).sign_object(None),
    ):
        answer = await ann.client.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert problem(answer) == (401, "not_authenticated")


async def test_nobody_gets_in_without_a_token(ann: Api, subtests: pytest.Subtests) -> None:
    """Whoever is not known learns nothing, not even what is wrong with their request."""
    for operation, method, path in operations():
        with subtests.test(operation):
            answer = await ann.client.request(method, f"http://testserver{path}", content=b"{")

            assert problem(answer) == (401, "not_authenticated")


async def test_the_word_bearer_in_any_case(ann: Api) -> None:
    """RFC 9110 11.1."""
    answer = await ann.request("GET", "/me")
    scheme, _, token = answer.request.headers["Authorization"].partition(" ")
    headers = {"Authorization": f"{scheme.upper()}  {token} "}

    assert ok(await ann.request("GET", "/me", headers=headers))["user_id"] == "ann"


# 400: not JSON, and not what was asked for


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"text=hello",
        b'{"text": NaN}',
        b'{"text": Infinity}',
        b"{'text': 'x'}",
        b'{"text": "x"} x',
        b'{"text": "\xff"}',
        b"\xef\xbb\xbf" * 2 + b"{}",
        b"\x00",
        b'{"text": "a\x01b"}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
    ids=range(12),
)
async def test_what_is_not_json(ann: Api, body: bytes) -> None:
    group = await ann.group()

    answer = await ann.request(
        "POST", f"/conversations/{group}/messages", content=body, headers=JSON
    )

    assert problem(answer) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("path", "body"), [("messages", b'{"text": "x"}'), ("read", b'{"seq": 0}')]
)
async def test_a_byte_order_mark_is_skipped(ann: Api, path: str, body: bytes) -> None:
    """RFC 8259 8.1 allows it; some clients' encoders write one."""
    group = await ann.group()

    answer = await ann.request(
        "POST",
        f"/conversations/{group}/{path}",
        content=b"\xef\xbb\xbf" + body,
        headers=JSON,
    )

    assert answer.is_success


FOUNDING = EXAMPLES["create_conversation"]
STRINGS: list[tuple[str, str, Json, str]] = [
    ("POST", "/conversations", {"kind": "\ud800", "participant_ids": []}, "kind"),
    (
        "POST",
        "/conversations",
        {"kind": "group", "participant_ids": ["\ud800"]},
        "participant_ids.0",
    ),
    ("POST", "/conversations", {**EXAMPLES["create_conversation"], "title": "\ud800"}, "title"),
    (
        "POST",
        "/conversations",
        {**EXAMPLES["create_conversation"], "client_id": "\ud800"},
        "client_id",
    ),
    ("PATCH", "/conversations/{id}", {"title": "\ud800"}, "title"),
    ("POST", "/conversations/{id}/participants", {"user_ids": ["bob", "\ud800"]}, "user_ids.1"),
    ("PATCH", "/conversations/{id}/preferences", {"muted_until": "\ud800"}, "muted_until"),
    ("POST", "/conversations/{id}/messages", {"text": "x", "reply_to": "\ud800"}, "reply_to"),
    ("POST", "/conversations/{id}/messages", {"text": "x", "mentions": ["\ud800"]}, "mentions.0"),
    ("POST", "/conversations/{id}/messages", {"text": "x", "client_id": "\ud800"}, "client_id"),
    ("PATCH", "/conversations/{id}/messages/x", {"text": "\ud800"}, "text"),
    ("POST", "/conversations/{id}/read", {"\ud800": 1}, "\ufffd"),
    ("PUT", "/devices/phone", {"token": "\ud800", "platform": "web"}, "token"),
    ("PUT", "/devices/phone", {"token": "t", "platform": "\ud800"}, "platform"),
    ("POST", "/reports", {**EXAMPLES["report_message"], "reason": "\ud800"}, "reason"),
    ("POST", "/reports", {**EXAMPLES["report_message"], "message_id": "\ud800"}, "message_id"),
    ("PATCH", "/me/preferences", {"push_text": "\ud800"}, "push_text"),
    (
        "PATCH",
        "/me/preferences",
        {"quiet_hours": {"time_zone": "\ud800", "from": "22:00", "to": "07:00"}},
        "quiet_hours.time_zone",
    ),
    (
        "PATCH",
        "/me/preferences",
        {"quiet_hours": {"time_zone": "UTC", "from": "\ud800", "to": "07:00"}},
        "quiet_hours.from",
    ),
]


async def test_a_lone_surrogate_is_refused_with_the_fields_name(
    ann: Api, subtests: pytest.Subtests
) -> None:
    """Refused in every string, with the field's name."""
    group = await ann.group()
    for method, path, body, field in STRINGS:
        with subtests.test(f"{method} {path} {field}"):
            answer = await ann.request(
                method, path.format(id=group), content=json.dumps(body).encode(), headers=JSON
            )

            assert field in [name for name, _ in wrong_fields(answer)]


GROWING: list[tuple[str, str, Json, list[tuple[str, str]]]] = [
    (
        "POST",
        "/conversations",
        {"kind": "group", "participant_ids": [1] * 32_000},
        [("participant_ids", "max_length")],
    ),
    (
        "POST",
        "/conversations",
        {"kind": "group", "participant_ids": [1] * 1_000},
        [(f"participant_ids.{index}", "invalid") for index in range(20)],
    ),
    (
        "POST",
        "/conversations/{id}/participants",
        {"user_ids": ["x" * 129] * 400},
        [(f"user_ids.{index}", "max_length") for index in range(20)],
    ),
    (
        "POST",
        "/conversations/{id}/messages",
        {"text": "hi", "mentions": [None] * 10_000},
        [("mentions", "max_length")],
    ),
    (
        "POST",
        "/conversations/{id}/messages",
        {"text": "hi", "mentions": [f"stranger-{number}" for number in range(1_000)]},
        [(f"mentions.{index}", "not_a_participant") for index in range(20)],
    ),
    (
        "POST",
        "/conversations/{id}/read",
        {f"{number:05}": 1 for number in range(5_000)},
        [(f"{number:05}", "unknown") for number in range(20)],
    ),
    ("POST", "/conversations/{id}/read", {"x" * 60_000: 1}, [("x" * 200, "unknown")]),
    (
        "PUT",
        "/devices/phone",
        {"token": "t", "platform": "x" * 60_000},
        [("platform", "invalid_choice")],
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "named"), GROWING, ids=range(len(GROWING)))
async def test_a_refusal_does_not_grow(
    ann: Api, method: str, path: str, body: Json, named: list[tuple[str, str]]
) -> None:
    """With the number or the size of the mistakes: at most twenty are named."""
    group = await ann.group()

    answer = await ann.request(method, path.format(id=group), json=body)

    assert wrong_fields(answer) == named
    assert len(answer.content) < 4_096


async def test_a_query_is_bounded(ann: Api) -> None:
    """The number of its parameters, wrong ones as well, and of the people it names."""
    unknown = await ann.request("GET", "/conversations", params={f"{n:02}": n for n in range(50)})
    many = await ann.request("GET", "/conversations", params={str(n): n for n in range(51)})
    more = await ann.request("GET", "/conversations", params={str(n): n for n in range(1_001)})
    people = await ann.get("/presence", user_ids=",".join(["x"] * 301))
    nobody = await ann.get("/presence", user_ids="," * 300)

    assert wrong_fields(unknown) == [(f"{n:02}", "unknown") for n in range(20)]
    assert problem(many) == problem(more) == (400, "invalid_request")
    assert wrong_fields(people) == wrong_fields(nobody) == [("user_ids", "max_length")]
    assert max(len(answer.content) for answer in (unknown, many, more, people)) < 4_096


@pytest.mark.parametrize("body", [b"[]", b"[1]", b'"text"', b"1", b"null", b"true"])
async def test_what_is_not_an_object(ann: Api, body: bytes) -> None:
    group = await ann.group()

    answer = await ann.request(
        "POST", f"/conversations/{group}/messages", content=body, headers=JSON
    )

    assert problem(answer) == (400, "invalid_request")


async def test_bodies_are_needed_and_known(ann: Api, bob: Api, subtests: pytest.Subtests) -> None:
    """A missing field is named, an unknown one is refused, for every operation."""
    group = await ann.group(bob)
    message = (await ann.send(group))["id"]
    names = {"conversation_id": group, "message_id": message, "user_id": "bob"}
    for operation, method, template in operations():
        if operation not in EXAMPLES.keys() - {"set_typing"}:
            continue
        with subtests.test(operation):
            path = template.format(**names, device_id="phone").removeprefix("/api/v1")
            example = EXAMPLES[operation]
            unknown = await ann.request(method, path, json={**example, "colour": "red"})
            assert wrong_fields(unknown) == [("colour", "unknown")]
            if operation not in ("update_conversation_preferences", "update_preferences"):
                missing = await ann.request(method, path)
                assert {code for _, code in wrong_fields(missing)} == {"required"}


# 404, 405, 406, 413, 415


@pytest.mark.parametrize(
    "path",
    ["/", "", "/nothing", "/me/", "/conversations/", "/blocks/", "/reports/"],
)
async def test_paths_that_do_not_exist(ann: Api, path: str) -> None:
    """What is not built yet is one of them."""
    assert problem(await ann.get(f"http://testserver/api/v1{path}")) == (404, "not_found")


async def test_methods_that_are_not_allowed(ann: Api, subtests: pytest.Subtests) -> None:
    """The answer names those that are."""
    for template in sorted(schema()["paths"]):
        path = template.format(
            conversation_id=random_id(),
            message_id=random_id(),
            attachment_id=random_id(),
            user_id="bob",
            device_id="phone",
            job_id=random_id(),
            emoji="👍",
        )
        exist = {method.upper() for method in operations_at(path)}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - exist:
            with subtests.test(f"{method} {template}"):
                answer = await ann.request(method, f"http://testserver{path}")
                assert problem(answer) == (405, "method_not_allowed")
                allowed = set(answer.headers["Allow"].split(", "))
                assert allowed - {"HEAD", "OPTIONS"} == exist


@pytest.mark.parametrize("accepted", ["text/html", "application/xml", "image/*"])
async def test_only_json_is_answered(ann: Api, accepted: str) -> None:
    answer = await ann.request("GET", "/me", headers={"Accept": accepted})

    assert problem(answer) == (406, "not_acceptable")


@pytest.mark.parametrize("accepted", ["*/*", "application/json", "application/*", "text/html, */*"])
async def test_json_is_accepted(ann: Api, accepted: str) -> None:
    ok(await ann.request("GET", "/me", headers={"Accept": accepted}))


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", ""],
)
async def test_only_json_is_read(ann: Api, content_type: str) -> None:
    group = await ann.group()

    answer = await ann.request(
        "POST",
        f"/conversations/{group}/messages",
        content=b'{"text": "hello"}',
        headers={"Content-Type": content_type},
    )

    assert problem(answer) == (415, "unsupported_media_type")
    assert await ann.version(group) == 0


def body_of(size: int) -> bytes:
    """A valid request of so many bytes, most of them in vain."""
    body = b'{"text": "hello"%s}'
    return body % (b" " * (size - len(body) + 2))


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    """Its length is not announced."""
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize("chunked", [False, True])
async def test_too_large_by_one_byte(ann: Api, chunked: bool) -> None:
    """64 KiB are fine."""
    group = await ann.group()
    limit = 64 * 1024
    for size, expected in ((limit, 201), (limit + 1, 413), (3 * 1024 * 1024, 413)):
        body = body_of(size)
        answer = await ann.request(
            "POST",
            f"/conversations/{group}/messages",
            content=in_chunks(body) if chunked else body,
            headers=JSON,
        )
        assert answer.status_code == expected
        if expected == 413:
            assert answer.json()["code"] == "payload_too_large"
    assert await ann.version(group) == 1


# 500: a fault of ours


async def test_a_fault_says_nothing_of_what_is_inside(
    search_is_on: None,
    attempt: Attempts,
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    subtests: pytest.Subtests,
) -> None:
    """Every operation answers `internal_error`, and the next request is served."""

    async def fail(*args: object, **options: object) -> None:
        raise RuntimeError("SELECT secret FROM users")

    for operation in operations():
        with subtests.test(operation[0]):
            await attempt.succeed(*operation)

            with monkeypatch.context() as faulty:
                break_store(faulty, instance, fail)
                answer = await attempt(*operation)

            assert problem(answer) == (500, "internal_error")
            assert "secret" not in answer.text
            assert "RuntimeError" not in answer.text
            assert (await attempt(*operation)).status_code < 500


def break_store(
    monkeypatch: pytest.MonkeyPatch, instance: Instance, fault: Callable[..., Any]
) -> None:
    """Put a fault in the place of everything that the stores do."""

    async def faulty_pages(*args: object, **options: object) -> AsyncIterator[None]:
        yield await fault()

    instance.cache.clear()
    stores = (instance.store, instance.store.attachments, instance.store.reactions)
    for store in (*stores, instance.people, instance.recipients, instance.reports):
        kind = type(cast("Switchable", store).target)
        for name in dir(kind):
            method = getattr(kind, name)
            if not name.startswith("_") and name != "close" and not isinstance(method, property):
                given = fault if inspect.iscoroutinefunction(method) else faulty_pages
                monkeypatch.setattr(store, name, given)


# 503: the store is away


async def test_the_store_cannot_be_reached(
    search_is_on: None,
    attempt: Attempts,
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    subtests: pytest.Subtests,
) -> None:
    """Every operation says so, and when to try again."""

    async def fail(*args: object, **options: object) -> None:
        raise StoreUnavailable

    for operation in operations():
        with subtests.test(operation[0]):
            await attempt.succeed(*operation)

            with monkeypatch.context() as faulty:
                break_store(faulty, instance, fail)
                answer = await attempt(*operation)

            assert problem(answer) == (503, "store_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert (await attempt(*operation)).status_code < 500


async def test_a_request_has_one_deadline(state: ApplicationState, ann: Api) -> None:
    """What it has waited in front of its view is no longer left for the store."""
    assert (await ann.get("/me")).status_code == 200

    handler = await asyncio.to_thread(Handler)  # which reads files

    async def late_application(scope: Any, receive: Any, send: Any) -> None:
        await handler({**with_state(scope, state), SPENT: 60.0}, receive, send)

    authorization = {"Authorization": f"Bearer {issue_development_token('ann')}"}
    transport = httpx.ASGITransport(app=late_application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        late = await client.get("/api/v1/me", headers=authorization)

    assert problem(late) == (503, "store_unavailable")


async def test_a_404_of_a_person_counts_for_them_and_not_for_their_address(
    instance: Instance, settings: Settings
) -> None:
    settings.CHAT_RATE_LIMITS = True
    strangers = Strangers(rate=Rate(name="few", per_second=1 / 3_600, burst=3))
    state = ApplicationState(instance, strangers=strangers)
    requests = Rate(name="requests", per_second=1 / 3_600, burst=10)
    state.person_rates = replace(state.person_rates, requests=requests)
    transport = httpx.ASGITransport(app=Application(instance, state=state))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver/api/v1"
    ) as client:
        ann = Api(client, "ann")
        answers = [await ann.get("/nothing") for _ in range(12)]
        forged = await ann.request("GET", "/me", headers={"Authorization": "forged"})

    assert [answer.status_code for answer in answers] == [404] * 10 + [429] * 2
    assert forged.status_code == 401


async def test_the_store_hangs(
    attempt: Attempts, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every operation answers within five seconds; nothing half-done stays behind."""
    await attempt("get_me", "GET", "/api/v1/me")
    released = asyncio.Event()

    async def hang(*args: object, **options: object) -> None:
        await released.wait()
        raise StoreUnavailable

    with monkeypatch.context() as faulty:
        break_store(faulty, instance, hang)
        stalls = Stalls()
        started = time.monotonic()
        answers = await asyncio.gather(*(attempt(*operation) for operation in operations()))
        assert time.monotonic() - started - await stalls.seconds() < 5
        assert {problem(answer) for answer in answers} == {(503, "store_unavailable")}
        released.set()
        await instance.writer.drain()
    for operation in operations():
        assert (await attempt(*operation)).status_code < 500


@pytest.mark.parametrize("hangs", [True, False])
async def test_an_answer_that_was_lost(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """The commit was applied, its answer never came: it is found out in time, or sending again
    with the same client_id settles it; there is one message."""
    group = await ann.group(bob)
    path, body = f"/conversations/{group}/messages", {"text": "hello", "client_id": "c"}
    commit, released = instance.store.commit, asyncio.Event()

    async def commit_and_lose(what: Commit) -> None:
        await commit(what)
        if hangs:
            await released.wait()
        raise CommitUnknown

    with monkeypatch.context() as faulty:
        faulty.setattr(instance.store, "commit", commit_and_lose)
        first = await ann.post(path, **body)
        released.set()
    retried = ok(await ann.post(path, **body))

    assert first.status_code == (503 if hangs else 201)
    history = ok(await bob.get(path))["items"]
    assert history == [retried]
    assert (await bob.conversation(group))["seq"] == 1


# Beside the API


async def test_health(ann: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token: alive while it answers, ready while the store does."""

    async def health(what: str) -> httpx.Response:
        return await ann.client.get(f"http://testserver/health/{what}")

    live, ready = await health("live"), await health("ready")
    assert (live.status_code, ready.status_code) == (200, 200)
    assert ready.json()["status"] == "ok"
    assert ready.json()["checks"] == {
        "store": "ok",
        "redis": "unused",
        "clock": "ok",
        "tokens": "ok",
        "queue": "unused",
        "push": "unused",
    }

    async def fail() -> None:
        raise StoreUnavailable

    monkeypatch.setattr(instance.store, "now", fail)
    assert (await health("live")).status_code == 200


async def test_not_ready_without_the_store(
    application: Application, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, with what is missing."""

    async def fail() -> None:
        raise StoreUnavailable

    monkeypatch.setattr(instance.store, "now", fail)
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["checks"]["store"]) == (503, "unavailable")


async def test_request_ids(ann: Api) -> None:
    """A sound one is taken over, so that a proxy's log and ours can be matched; an odd one is
    replaced."""
    given = await ann.request("GET", "/me", headers={"X-Request-ID": "abc-123"})
    odd = await ann.request("GET", "/me", headers={"X-Request-ID": "x" * 65})
    none = await ann.request("GET", "/me")

    assert given.headers["X-Request-ID"] == "abc-123"
    assert len({answer.headers["X-Request-ID"] for answer in (given, odd, none)}) == 3
    assert len(odd.headers["X-Request-ID"]) <= 64


async def test_several_request_ids_count_as_none(ann: Api) -> None:
    """It is unknown which one a proxy has logged."""
    answer = await ann.client.get("/me", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])

    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert answer.headers["X-Request-ID"] not in {"a", "b"}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/api/v1/me", {}),
        ("GET", "/api/v1/nothing", {}),
        (
            "OPTIONS",
            "/api/v1/me",
            {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"},
        ),
        ("GET", "/health/live", {"Accept": "a" * 1_025}),
        ("GET", "/admin/login/?%00", {}),
        ("GET", "/nothing", {}),
        ("GET", "/health/live", {}),
        ("GET", "/metrics", {}),
    ],
)
async def test_every_answer_has_the_request_id(
    application: Application, method: str, path: str, headers: dict[str, str]
) -> None:
    """Whichever part answers."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.request(method, path, headers={**headers, "X-Request-ID": "mine"})

    assert answer.headers["X-Request-ID"] == "mine"
    if answer.headers.get("Content-Type") == "application/problem+json":
        assert answer.json()["request_id"] == "mine"


@pytest.mark.parametrize(("origin", "allowed"), [("https://a.example", True), ("null", False)])
async def test_pages_of_other_origins(
    ann: Api, settings: Settings, origin: str, allowed: bool
) -> None:
    """Browsers may read answers on the allowed origins, refusals included."""
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example"]
    preflight = await ann.client.options(
        "/me", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}
    )
    refused = await ann.client.get("/me", headers={"Origin": origin})

    for answer in (preflight, refused):
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed


async def test_the_one_error_shape(ann: Api) -> None:
    """RFC 9457, with all that the contract names."""
    answer = await ann.post("/conversations", kind="group", participant_ids=["bob", 7])

    document = answer.json()
    assert document == {
        "type": document["type"],
        "title": "Invalid request",
        "status": 400,
        "code": "invalid_request",
        "detail": f"participant_ids.1: {document['errors'][0]['detail']}",
        "request_id": answer.headers["X-Request-ID"],
        "errors": [{"field": "participant_ids.1", **dict(list(document["errors"][0].items())[1:])}],
    }
    assert json.loads(answer.content) == document
