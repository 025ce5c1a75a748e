"""Firebase Cloud Messaging through the real firebase-admin, over HTTP to a loopback server."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import pytest_asyncio
from django.test import override_settings

from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.notifications.push.fcm import FcmPushBackend
from messaging.notifications.push.protocol import SENT, Push, PushResult, Status
from tests.notifications.fcm_server import PROJECT, Answer, FcmServer, redirect, refusal

PHONE = Device(
    id="phone",
    token="token-1",
    token_kind=TokenKind.TOKEN,
    platform=Platform.ANDROID,
    registered_at=datetime(2026, 1, 31, tzinfo=UTC),
)
PUSH = Push(
    user_id="bob",
    device=PHONE,
    tag="conversation-1",
    title="Tea",
    body="Are you coming?",
    badge=3,
    link="https://chat.example/c/conversation-1",
    data={"type": "message", "seq": "7"},
)


@pytest_asyncio.fixture
async def backend(
    fcm: FcmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FcmPushBackend]:
    for name, value in fcm.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    redirect(fcm.url)
    with override_settings(GOOGLE_CLOUD_PROJECT=PROJECT):
        backend = FcmPushBackend()
    yield backend
    await backend.close()


async def test_what_fcm_is_asked_for(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """A tag on every platform, so that a repeat takes the place of the first."""
    assert await backend.send([PUSH]) == [SENT]

    assert [one.message for one in fcm.arrived] == [
        {
            "token": "token-1",
            "data": {"type": "message", "seq": "7"},
            "notification": {"title": "Tea", "body": "Are you coming?"},
            "android": {
                "priority": "high",
                "collapse_key": "conversation-1",
                "notification": {"tag": "conversation-1"},
            },
            "apns": {
                "headers": {
                    "apns-push-type": "alert",
                    "apns-priority": "10",
                    "apns-collapse-id": "conversation-1",
                },
                "payload": {"aps": {"badge": 3, "sound": "default", "thread-id": "conversation-1"}},
            },
        }
    ]
    assert fcm.arrived[0].headers["Authorization"] == "Bearer t"
    assert fcm.token_requests == 1


WEB = replace(PUSH, device=replace(PHONE, platform=Platform.WEB))


async def test_a_browser_gets_data_only(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """Firebase's SDK shows a `notification` by itself, beside the one that the page's handler
    shows."""
    assert await backend.send([WEB]) == [SENT]

    assert [one.message for one in fcm.arrived] == [
        {
            "token": "token-1",
            "data": {
                "type": "message",
                "seq": "7",
                "title": "Tea",
                "body": "Are you coming?",
                "link": "https://chat.example/c/conversation-1",
            },
            "webpush": {"headers": {"Urgency": "high"}},
        }
    ]


async def test_a_quiet_push_has_no_sound(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """On any platform: it takes the place of a notification that rang."""
    await backend.send([replace(PUSH, quiet=True), replace(WEB, quiet=True)])

    arrived = [one.message for one in fcm.arrived]  # sent at once, in either order
    phone, browser = sorted(arrived, key=lambda message: "android" not in message)
    assert phone["android"]["priority"] == "normal"
    assert phone["android"]["notification"]["notification_priority"] == "PRIORITY_LOW"
    assert "sound" not in phone["apns"]["payload"]["aps"]
    assert phone["apns"]["payload"]["aps"]["interruption-level"] == "passive"
    assert browser["data"]["quiet"] == "true"
    assert browser["webpush"]["headers"] == {"Urgency": "normal"}


async def test_an_installation_id(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """Takes the place of a token."""
    device = replace(PHONE, token="fid-1", token_kind=TokenKind.INSTALLATION_ID)

    assert await backend.send([replace(PUSH, device=device)]) == [SENT]

    assert fcm.arrived[0].message["fid"] == "fid-1"
    assert "token" not in fcm.arrived[0].message


async def test_a_push_that_shows_nothing(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """Data only, in the background."""
    assert await backend.send([replace(PUSH, title=None, data={"type": "clear"})]) == [SENT]

    message = fcm.arrived[0].message
    assert message.keys() == {"token", "data", "android", "apns"}
    assert message["apns"]["payload"] == {"aps": {"content-available": 1}}


@pytest.mark.parametrize(
    ("answer", "status", "reason", "retry_after"),
    [
        (refusal(404, "NOT_FOUND", "UNREGISTERED"), Status.GONE, "unregistered", 0),
        (
            refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
            *(Status.GONE, "sender_id_mismatch", 0),
        ),
        (
            refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", Retry_After="90"),
            *(Status.LATER, "quota_exceeded", 90),
        ),
        (refusal(429, "RESOURCE_EXHAUSTED"), Status.LATER, "resource_exhausted", 60),
        (refusal(429, "RESOURCE_EXHAUSTED", Retry_After="86400"), Status.LATER, None, 900),
        (
            refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
            *(Status.FAILED, "invalid_argument", 0),
        ),
        (
            refusal(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
            *(Status.FAILED, "third_party_auth_error", 0),
        ),
        (refusal(403, "PERMISSION_DENIED"), Status.FAILED, "permission_denied", 0),
        (refusal(404, "NOT_FOUND"), Status.FAILED, "not_found", 0),
        (Answer(418, {"teapot": True}), Status.FAILED, "unknown", 0),
    ],
)
async def test_what_fcm_answers(
    fcm: FcmServer,
    backend: FcmPushBackend,
    answer: Answer,
    status: Status,
    reason: str | None,
    retry_after: float,
) -> None:
    """Every code; its neighbour in the batch does not suffer."""
    fcm.answers["token-1"] = answer
    neighbour = replace(PUSH, device=replace(PHONE, token="token-2"))

    result, other = await backend.send([PUSH, neighbour])

    assert (result.status, result.retry_after) == (status, retry_after)
    assert reason is None or result.reason == reason
    assert other == SENT


async def test_fcm_is_unavailable(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """firebase-admin tries for some seconds of its own, whatever Retry-After says; then the job
    waits for that long."""
    fcm.answers["token-1"] = refusal(503, "UNAVAILABLE", "UNAVAILABLE", Retry_After="30")
    fcm.answers["token-2"] = refusal(500, "INTERNAL", "INTERNAL")
    other = replace(PUSH, device=replace(PHONE, token="token-2"))

    assert await backend.send([PUSH, other]) == [
        PushResult(status=Status.LATER, reason="unavailable", retry_after=30),
        PushResult(status=Status.LATER, reason="internal", retry_after=10),
    ]
    assert len(fcm.arrived) == 2 * 5


async def test_fcm_is_unavailable_for_a_moment(fcm: FcmServer, backend: FcmPushBackend) -> None:
    fcm.answers["token-1"] = [refusal(503, "UNAVAILABLE"), Answer()]

    assert await backend.send([PUSH]) == [SENT]


async def test_retry_after_may_be_a_date(fcm: FcmServer, backend: FcmPushBackend) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    fcm.answers["token-1"] = refusal(429, "RESOURCE_EXHAUSTED", Retry_After=date)

    (result,) = await backend.send([PUSH])

    assert 100 < result.retry_after <= 120


async def test_nobody_is_there(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """A connection that is refused, and a token endpoint that refuses: later."""
    fcm.token_status = 400
    assert [result.status for result in await backend.send([PUSH] * 2)] == [Status.LATER] * 2
    assert fcm.arrived == []


async def test_many_at_once(fcm: FcmServer, backend: FcmPushBackend) -> None:
    """More than a batch; the answers are in the order of the pushes. Nothing of it holds up the
    event loop."""
    fcm.answers["token-150"] = refusal(404, "NOT_FOUND", "UNREGISTERED")
    pushes = [
        replace(PUSH, device=replace(PHONE, token=f"token-{number}")) for number in range(250)
    ]
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    results = await backend.send(pushes)
    watching.cancel()

    assert [result.status for result in results] == [
        Status.GONE if number == 150 else Status.SENT for number in range(250)
    ]
    assert longest < 0.1
