"""Firebase Cloud Messaging (https://firebase.google.com/docs/cloud-messaging).

firebase-admin's asynchronous client runs on its own event loop in a thread, because it fetches its
access tokens by blocking calls. Its synchronous client is unusable: urllib3 waits for a Retry-After
of any length, and then sends outdated pushes.

Not promised: firebase-admin's asynchronous client does not use HTTPS_PROXY.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import firebase_admin
import structlog
from django.conf import settings
from firebase_admin import exceptions, messaging

from messaging.domain.health import Condition
from messaging.domain.recipients import Platform, TokenKind
from messaging.notifications.push.protocol import SENT, Push, PushResult, Status

logger = structlog.get_logger(__name__)

_BATCH = 100
_HTTP_SECONDS = 10
_BATCH_SECONDS = 40.0
"""firebase-admin retries up to five times if FCM answers 500 or 503, within about ten seconds."""

# FCM's rule if it names no time itself:
# https://firebase.google.com/docs/cloud-messaging/scale-fcm#handling-retries
_THROTTLED_SECONDS = 60.0
_UNAVAILABLE_SECONDS = 10.0
_MAX_RETRY_SECONDS = 900.0

_GONE = (messaging.UnregisteredError, messaging.SenderIdMismatchError)
_UNAVAILABLE = (
    exceptions.UnavailableError,
    exceptions.DeadlineExceededError,
    exceptions.InternalError,
)

_app_numbers = itertools.count(1)


class FcmPushBackend:
    """Uses Google's application default credentials."""

    def __init__(self) -> None:
        self._app = firebase_admin.initialize_app(
            options={"projectId": settings.GOOGLE_CLOUD_PROJECT, "httpTimeout": _HTTP_SECONDS},
            name=f"notifications-{next(_app_numbers)}",
        )
        self.condition = Condition.OK
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fcm", daemon=True)
        self._thread.start()

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        batches = [pushes[start : start + _BATCH] for start in range(0, len(pushes), _BATCH)]
        answers = await asyncio.gather(*(self._hand_over(batch) for batch in batches))
        return [result for answer in answers for result in answer]

    async def try_out(self) -> None:
        """Let FCM validate a push without sending it.

        Raises firebase-admin's FirebaseError. InvalidArgumentError means success: the token of this
        push is invalid on purpose.
        """
        push = messaging.Message(data={"type": "doctor"})
        push.token = "doctor"  # noqa: S105  none, which FCM looks at last
        trying = asyncio.run_coroutine_threadsafe(
            messaging.send_each_async([push], dry_run=True, app=self._app), self._loop
        )
        answer = await asyncio.wrap_future(trying)
        if answer.responses[0].exception is not None:
            raise answer.responses[0].exception

    async def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._thread.join()
        firebase_admin.delete_app(self._app)  # closes its connections on a loop of its own
        self._loop.run_until_complete(asyncio.sleep(0))  # the work that this left on our loop
        self._loop.close()

    async def _hand_over(self, batch: Sequence[Push]) -> Sequence[PushResult]:
        sending = asyncio.run_coroutine_threadsafe(self._send_batch(batch), self._loop)
        results = await asyncio.wrap_future(sending)
        away = all(result.status is Status.LATER for result in results)
        self.condition = Condition.DEGRADED if away else Condition.OK
        return results

    async def _send_batch(self, batch: Sequence[Push]) -> Sequence[PushResult]:
        """Send a batch; runs in the thread."""
        messages = [_message(push) for push in batch]
        try:
            async with asyncio.timeout(_BATCH_SECONDS):
                answer = await messaging.send_each_async(messages, dry_run=False, app=self._app)
        except TimeoutError:
            return [_later("unanswered", _UNAVAILABLE_SECONDS)] * len(batch)
        except exceptions.FirebaseError as error:
            # Nothing was sent: most likely no access token is available.
            logger.error("push.refused", reason=str(error))
            return [_later("no_access", _UNAVAILABLE_SECONDS)] * len(batch)
        return [_result(response.exception) for response in answer.responses]


def _result(error: exceptions.FirebaseError | None) -> PushResult:
    """Return the result for FCM's answer:
    https://firebase.google.com/docs/cloud-messaging/error-codes"""
    if error is None:
        return SENT
    reason = _reason(error)
    if isinstance(error, _GONE):
        return PushResult(status=Status.GONE, reason=reason)
    if isinstance(error, exceptions.ResourceExhaustedError):
        return _later(reason, _retry_after(error) or _THROTTLED_SECONDS)
    if isinstance(error, _UNAVAILABLE):
        return _later(reason, _retry_after(error) or _UNAVAILABLE_SECONDS)
    logger.error("push.failed", reason=reason)
    return PushResult(status=Status.FAILED, reason=reason)


def _reason(error: exceptions.FirebaseError) -> str:
    """Return FCM's own error code if there is one, else that of Google's APIs, in lower case."""
    named = {
        messaging.UnregisteredError: "unregistered",
        messaging.SenderIdMismatchError: "sender_id_mismatch",
        messaging.QuotaExceededError: "quota_exceeded",
        messaging.ThirdPartyAuthError: "third_party_auth_error",
    }
    return named.get(type(error)) or str(error.code).lower()


def _later(reason: str, seconds: float) -> PushResult:
    return PushResult(
        status=Status.LATER, reason=reason, retry_after=min(seconds, _MAX_RETRY_SECONDS)
    )


def _retry_after(error: exceptions.FirebaseError) -> float | None:
    """Read Retry-After: seconds, or a date (RFC 9110 10.2.3)."""
    value = error.http_response.headers.get("Retry-After") if error.http_response else None
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 1.0)
    except ValueError:
        return None


def _message(push: Push) -> messaging.Message:
    if push.device.platform is Platform.WEB:
        message = messaging.Message(data=_web_data(push), webpush=_webpush(push))
    else:
        message = messaging.Message(
            data=dict(push.data),
            notification=_notification(push),
            android=_android(push),
            apns=_apns(push),
        )
    if push.device.token_kind is TokenKind.INSTALLATION_ID:
        message.fid = push.device.token
    else:
        # Not with the constructor, which warns: registration tokens are deprecated.
        message.token = push.device.token
    return message


def _notification(push: Push) -> Any:
    if push.title is None:
        return None
    return messaging.Notification(title=push.title, body=push.body)


def _android(push: Push) -> Any:
    if push.title is None:
        return messaging.AndroidConfig(priority="normal")
    return messaging.AndroidConfig(
        priority="normal" if push.quiet else "high",
        collapse_key=push.tag,
        notification=messaging.AndroidNotification(
            tag=push.tag, priority="low" if push.quiet else None
        ),
    )


def _apns(push: Push) -> Any:
    """Return the APNs options:
    https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns"""
    if push.title is None:
        return messaging.APNSConfig(
            headers={"apns-push-type": "background", "apns-priority": "5"},
            payload=messaging.APNSPayload(aps=messaging.Aps(content_available=True)),
        )
    return messaging.APNSConfig(
        headers={
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-collapse-id": push.tag,
        },
        payload=messaging.APNSPayload(
            aps=messaging.Aps(
                badge=push.badge,
                sound=None if push.quiet else "default",
                thread_id=push.tag,
                custom_data={"interruption-level": "passive"} if push.quiet else None,
            )
        ),
    )


def _web_data(push: Push) -> dict[str, str]:
    """Return the data that a service worker shows. There is no `notification` beside it: Firebase's
    SDK would show that itself, and the page's own `onBackgroundMessage` handler would show a second
    one (https://firebase.google.com/docs/cloud-messaging/js/receive)."""
    shown = {"title": push.title, "body": push.body} if push.title is not None else {}
    return {
        **push.data,
        **shown,
        **({"link": push.link} if push.link else {}),
        **({"quiet": "true"} if push.quiet else {}),
    }


def _webpush(push: Push) -> Any:
    """Return the web push options: https://www.rfc-editor.org/rfc/rfc8030#section-5.3"""
    rings = push.title is not None and not push.quiet
    return messaging.WebpushConfig(headers={"Urgency": "high" if rings else "normal"})
