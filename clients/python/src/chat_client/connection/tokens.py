"""The token of the person: the app's function makes it, REST and the socket share it."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable
from typing import Protocol, TypeAlias

from chat_client.errors import ChatError, NotAuthenticated, Unreachable

_TIMEOUT = 30.0

_log = logging.getLogger("chat_client")


class TokenFunction(Protocol):
    """Returns a token, or None if nobody is signed in. `expired` asks for another one than before.
    An exception is logged, and the client tries again later."""

    def __call__(self, *, expired: bool) -> Awaitable[str | None]: ...


TokenSource: TypeAlias = str | TokenFunction


class Tokens:
    def __init__(self, source: TokenSource) -> None:
        self.current = source.strip() if isinstance(source, str) else ""
        self._make = None if isinstance(source, str) else source
        self.session = object()
        """Identifies the session: a sign-out replaces it. Tokens and answers that were asked for
        before it are not used."""
        self._making: asyncio.Task[str] | None = None
        self._is_making_another = False
        """Whether the call that runs was made with `expired`."""

    @property
    def can_refresh(self) -> bool:
        return self._make is not None

    def forget(self) -> None:
        """Forget the token after a sign-out: the next person has another one."""
        if self._make is not None:
            self.current, self._making = "", None
        self.session = object()

    async def fresh(self, *, expired: bool = False) -> str:
        """Ask for a token. Requests at the same time share one call. Raises NotAuthenticated if
        nobody is signed in, Unreachable if the function fails."""
        if self._make is None:
            return _checked(self.current)
        while expired and self._making is not None and not self._is_making_another:
            await asyncio.wait({self._making})  # it may return the expired token
        if self._making is None:
            self._is_making_another = expired
            self._making = asyncio.ensure_future(self._ask(self._make, expired=expired))
            self._making.add_done_callback(self._made)
        return await asyncio.shield(self._making)

    def _made(self, making: "asyncio.Task[str]") -> None:
        if self._making is making:
            self._making = None
        if not making.cancelled():
            making.exception()  # the callers raise it

    async def _ask(self, make: TokenFunction, *, expired: bool) -> str:
        session = self.session
        try:
            async with asyncio.timeout(_TIMEOUT):
                asked = make(expired=expired)
                token = await asked if inspect.isawaitable(asked) else asked
        except ChatError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            _log.warning("the token function failed: %s", type(error).__name__)
            raise Unreachable("The token function gave no token.") from error
        checked = _checked(token)
        if session is self.session:
            self.current = checked
        return checked


def _checked(token: object) -> str:
    """Return the token without white space around it. Raises NotAuthenticated."""
    found = token.strip() if isinstance(token, str) else ""
    if found and found.isascii() and found.isprintable():
        return found
    text = "Nobody is signed in: there is no token."
    if token:  # its text stays secret
        text = (
            f"This is not a token: {type(token).__name__}, but no text of visible ASCII characters."
        )
    raise NotAuthenticated(text, code="not_authenticated", status=401)
