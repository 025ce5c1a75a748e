"""Limits sign-in attempts to the admin in front of Django.

An attempt beyond its rates gets a small page, before Django's sessions, forms and templates cost
anything. All others go one by one through `SignInLine`. The form counts them
(`chat.admin.sign_in`), after Django's CSRF check: otherwise another site could use up an operator's
attempts.

One limit is per account *and* address, the other per address over all accounts, so a stranger at
another address uses up neither. Both hold over all instances with Redis
(`messaging.redis.rate_limits`), otherwise per instance.
"""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase, parse_cookie

from chat.limits.body_limit import ReadAhead
from chat.limits.sign_in_line import Attempt, SignInLine
from chat.request_ids import request_id_of
from messaging.domain.exceptions import RateLimited
from messaging.domain.identifiers import random_id
from messaging.instruments.metrics import OPERATOR_SIGN_INS
from messaging.redis.rate_limits import Rate, Rates

logger = structlog.get_logger(__name__)

ATTEMPTS = Rate(name="operator-sign-ins", per_second=1 / 60, burst=5)
"""Five at once, then one a minute: 1,440 passwords a day."""
ATTEMPTS_OF_ADDRESS = Rate(name="operator-sign-ins-of-address", per_second=1 / 6, burst=20)
"""Twenty at once for an office, then ten a minute: each may use another account."""

_OF_ACCOUNT = "There were too many attempts to sign in to this account from your address."
_OF_ADDRESS = "There were too many attempts to sign in from your address."
_OF_ALL = "There are too many attempts to sign in."

ATTEMPT = "chat.sign_in_attempt"
"""In the scope of an attempt: the `Attempt` that holds the slot."""

_PATH = "/admin/login/"
_MAX_FIELDS = 20
_BROWSER = "operator_browser"
"""The cookie of a browser in which a person has signed in. It grants no access: it only gives
precedence over strangers."""
_BROWSER_SECONDS = 180 * 24 * 3_600
_SIGNED_IN = 302
_REFUSAL_SECONDS = 1.0

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Too many attempts to sign in</title></head>
<body>
<h1>Too many attempts to sign in</h1>
<p>{detail} Retry in {seconds} seconds.</p>
<p><a href="">Sign in</a></p>
</body>
</html>
"""

Scope = Mapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Refused(RateLimited):
    """There is no room for an attempt. `reason` is a sentence that names the exhausted limit."""

    def __init__(self, retry_after: float, reason: str) -> None:
        super().__init__(retry_after)
        self.reason = reason


def is_attempt(scope: Scope) -> bool:
    """Return whether this request contains a password."""
    return bool(scope["path"] == _PATH and scope["method"] == "POST")


class SignIns:
    """The attempts to sign in to one application."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._line = SignInLine()

    async def carry_out(
        self,
        application: Callable[..., Awaitable[None]],
        scope: Scope,
        body: ReadAhead,
        send: Send,
        address: str,
    ) -> None:
        """Pass the attempt to Django when its turn comes, or answer 429."""
        account = account_of(address, _username(scope, body))
        browser = _browser(scope)
        try:
            await self._require_attempts(account, address)
            async with self._line.place(browser or address, known=browser is not None) as attempt:

                async def judged(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        attempt.failed = attempt.judged and message["status"] != _SIGNED_IN
                    await send(message)

                await application({**scope, ATTEMPT: attempt}, body.receive, judged)
        except RateLimited as refused:
            body.forget()
            # While holding a slot of the address, so that each address is refused at most twice a
            # second.
            await asyncio.sleep(_REFUSAL_SECONDS)
            detail = refused.reason if isinstance(refused, Refused) else _OF_ALL
            await _answer(scope, send, refused.retry_after, detail, address)

    async def take(self, account: str, address: str) -> None:
        """Count one attempt. Without room, count nothing. Raises Refused."""
        wait = await self._rates.take(ATTEMPTS, account)
        if wait > 0:
            raise Refused(wait, _OF_ACCOUNT)
        wait = await self._rates.take(ATTEMPTS_OF_ADDRESS, address)
        if wait > 0:
            await self._rates.give_back(ATTEMPTS, account, count=1)
            raise Refused(wait, _OF_ADDRESS)

    async def forget(self, account: str, address: str) -> None:
        """Give back all attempts at this account, and one of the address: the password was
        right."""
        await self._rates.give_back(ATTEMPTS, account, count=ATTEMPTS.burst)
        await self._rates.give_back(ATTEMPTS_OF_ADDRESS, address, count=1)

    async def _require_attempts(self, account: str, address: str) -> None:
        """Require room for one more attempt. Raises Refused."""
        for rate, key, reason in (
            (ATTEMPTS, account, _OF_ACCOUNT),
            (ATTEMPTS_OF_ADDRESS, address, _OF_ADDRESS),
        ):
            wait = await self._rates.seconds_until_room(rate, key)
            if wait > 0:
                raise Refused(wait, reason)


def account_of(address: str, username: str) -> str:
    """Return the key of an account's attempts from an address. It is a digest, because a person may
    have typed the password into the name field."""
    return hashlib.sha256(f"{address} {username}".encode()).hexdigest()


def note_judged(scope: Scope) -> None:
    """Note that the password of this attempt is compared. If it is wrong, the attempt counts as a
    failure."""
    attempt = scope.get(ATTEMPT)
    if isinstance(attempt, Attempt):
        attempt.judged = True


def remember_browser(response: HttpResponseBase) -> None:
    """Give the browser that gets this answer precedence next time."""
    response.set_cookie(
        _BROWSER,
        signing.dumps(random_id(), salt=_BROWSER),
        max_age=_BROWSER_SECONDS,
        path=_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _username(scope: Scope, body: ReadAhead) -> str:
    """Return the name in the form. It is empty for another kind of form, whose account the form
    itself counts."""
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if not kind.lower().startswith(b"application/x-www-form-urlencoded"):
        return ""
    try:
        fields = parse_qsl(body.content().decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return ""
    return dict(fields).get("username", "")


def _browser(scope: Scope) -> str | None:
    """Return the id of a browser in which a person has signed in before."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    cookie = parse_cookie("; ".join(lines)).get(_BROWSER)
    try:
        return str(signing.loads(cookie or "", salt=_BROWSER, max_age=_BROWSER_SECONDS))
    except signing.BadSignature:
        return None


async def _answer(scope: Scope, send: Send, wait: float, detail: str, address: str) -> None:
    OPERATOR_SIGN_INS.labels("limited").inc()
    logger.warning("operator.sign_in_limited", address=address)
    seconds = math.ceil(wait)
    page = _PAGE.format(detail=detail, seconds=seconds).encode()
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page)),
        "Retry-After": str(seconds),
        "X-Request-ID": request_id_of(scope),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 429, "headers": lines})
    await send({"type": "http.response.body", "body": page})
