"""Tries: one act of one person, again and again until its outcome is known."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from tests.chaos.ledger import Ledger
from tests.clients.known import Violation, Wrong
from tests.clients.rest import Refused

_RETRY_SECONDS = 0.3
_LONGEST_SECONDS = 120.0


class Answer:
    """What came of an act that may have taken several tries."""

    def __init__(self) -> None:
        self.data: Any = None
        self.refused: Refused | None = None
        self.unsure = False
        """Whether a try that went unanswered may have been carried out, now or later."""

    @property
    def done(self) -> bool:
        return self.refused is None


class Tries:
    """What all acts of a crowd have in common."""

    def __init__(self, ledger: Ledger, chance: random.Random) -> None:
        self.busy: set[str] = set()
        """What is just being changed: one change after the other, or nobody could say what the
        outcome has to be."""
        self.left_alone: set[str] = set()
        """What was changed by tries of which one went unanswered: it may be carried out long after
        the one that was answered, and would undo whatever came in between."""
        self._ledger = ledger
        self._chance = chance

    def free(self, what: str) -> bool:
        """Whether this may be changed."""
        return what not in self.busy and what not in self.left_alone

    async def change(self, what: str, attempt: Callable[[], Awaitable[Any]]) -> Answer:
        self.busy.add(what)
        try:
            answer = await self.until_known(attempt)
        finally:
            self.busy.discard(what)
        if answer.unsure:
            self.left_alone.add(what)
        return answer

    async def until_known(self, attempt: Callable[[], Awaitable[Any]]) -> Answer:
        """Try until there is an answer that says what happened, or the time is over."""
        answer = Answer()
        end = time.perf_counter() + _LONGEST_SECONDS
        while time.perf_counter() < end:
            try:
                answer.data = await attempt()
            except Refused as refused:
                if refused.code == "internal_error":
                    self.wrong(str(refused))
                if 400 <= refused.status < 500 and refused.status != 429:
                    answer.refused = refused
                    return answer
                answer.unsure = True
            except httpx.ConnectError:
                pass  # nobody heard of it
            except (httpx.HTTPError, ConnectionClosed, TimeoutError):
                answer.unsure = True
            else:
                return answer
            await asyncio.sleep(_RETRY_SECONDS * self._chance.uniform(0.5, 1.5))
        self.wrong(f"there is no answer within {_LONGEST_SECONDS:.0f} seconds")
        answer.refused = Refused(0, "given_up")
        answer.unsure = True
        return answer

    def expect(self, answer: Answer, *codes: str) -> None:
        """The only reasons for which this may be refused."""
        assert answer.refused is not None
        if answer.refused.code not in codes:
            self.wrong(f"refused for no reason: {answer.refused}")

    def wrong(self, text: str, wrong: Wrong = Wrong.BROKEN) -> None:
        self._ledger.answered_wrongly.append(Violation(wrong, text))
