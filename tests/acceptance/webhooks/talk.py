"""What people say in a storm: messages, edits and reactions, repeated until they are answered."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import httpx

from tests.clients.rest import Data, Refused, Rest

_AT_ONCE = 8
_PAUSE_SECONDS = 0.2
BOT = "service:shop"


@dataclass
class Talk:
    """A conversation whose two people take turns."""

    id: str
    people: Sequence[Rest]
    messages: int
    """How many they send, one after the other."""
    sent: list[str] = field(default_factory=list)
    """The ids of those that were acknowledged."""

    def __post_init__(self) -> None:
        self._numbers = iter(range(self.messages))

    async def proceed(self, share: int) -> None:
        """Send some of the messages. Each sixth is for the bot; each fifth is edited, and each
        seventh gets a reaction."""
        for number in islice(self._numbers, share):
            await self._say(number)

    async def version(self) -> int:
        version: int = (await self.people[0].get_conversation(self.id))["version"]
        return version

    async def shown(self) -> dict[str, Data]:
        """All messages in the store, by id, without the fields of one person."""
        found = await self.people[0].history(self.id)
        return {
            message["id"]: {
                name: value for name, value in message.items() if name != "my_reactions"
            }
            for message in found
        }

    @property
    def questions(self) -> int:
        """How many of the messages are for the bot."""
        return sum(map(_is_for_the_bot, range(self.messages)))

    async def _say(self, number: int) -> None:
        author, other = self.people[number % 2], self.people[(number + 1) % 2]
        text = f"message {number}"
        said = "/roll 2d6" if _is_for_the_bot(number) else text
        message = await until_answered(partial(author.send, self.id, said, client_id=text))
        self.sent.append(message["id"])
        path = f"/conversations/{self.id}/messages/{message['id']}"
        if number % 5 == 4:
            edit = {"text": f"{text}, edited"}
            await until_answered(partial(author.request, "PATCH", path, edit))
        if number % 7 == 6:
            await until_answered(partial(other.request, "PUT", f"{path}/reactions/👍"))


def _is_for_the_bot(number: int) -> bool:
    return number % 6 == 5


def answers_in(messages: Mapping[str, Data]) -> list[str]:
    """The ids of the messages that the bot has answered, one for each answer."""
    texts = (one for one in messages.values() if one["kind"] == "text")
    return [one["reply_to"] for one in texts if one["sender_id"] == BOT]


async def proceed(talks: Sequence[Talk], share: int) -> None:
    """Let all conversations go on by so many messages, a few conversations at a time."""
    waiting: Iterator[Talk] = iter(talks)

    async def some() -> None:
        for talk in waiting:
            await talk.proceed(share)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def until_answered(request: Callable[[], Awaitable[Any]]) -> Any:
    """Repeat a request until it is answered, as clients do after 503: it is safe to repeat."""
    while True:
        try:
            return await request()
        except httpx.TransportError:
            pass  # its connection was idle for too long: a worker was started
        except Refused as refused:
            if refused.status != 503:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
