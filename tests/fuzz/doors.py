"""The doors through which a text comes in: REST and the socket of one person."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.frames import read_frame
from tests.fuzz.texts import made

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a door says to a text: the field that it names with a code, or what came of the text."""

    refused: str | None
    shown: str | None = None


class Doors:
    """One person's REST and socket, to the same server."""

    def __init__(self, rest: httpx.AsyncClient, socket: Any) -> None:
        self._rest = rest
        self._socket = socket
        self._count = 0

    async def request(self, method: str, path: str, body: Any) -> Json:
        """The answer; `errors` where it was refused. Lone surrogates are written as JSON can."""
        try:
            content = json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            content = json.dumps(body).encode()
        answer = await self._rest.request(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {200, 201, 400, 403, 404}, (body, answer.text)
        return {"status": answer.status_code, **answer.json()}

    async def command(self, kind: str, **fields: Any) -> Json:
        """The answer to a command, which has the command's own id."""
        self._count += 1
        frame = {"id": f"c{self._count}", "type": kind, **fields}
        try:
            text = json.dumps(frame, ensure_ascii=False)
            text.encode()
        except UnicodeEncodeError:
            text = json.dumps(frame)
        await self._socket.send(text)
        while True:
            async with asyncio.timeout(20):
                answer = read_frame(await self._socket.recv())
            if "event_id" not in answer:
                assert answer["id"] == frame["id"], (frame, answer)
                return answer

    async def by_rest(self, method: str, path: str, field: str, text: str, **more: Any) -> Verdict:
        return _verdict(await self.request(method, path, {field: text, **more}), field)

    async def by_socket(self, conversation_id: str, text: str) -> Verdict:
        fields = {"conversation_id": conversation_id, "text": text, "client_id": uuid4().hex}
        answer = await self.command("message.send", **fields)
        if answer["type"] == "reply":
            return Verdict(None, answer["data"]["message"]["text"])
        return _verdict(answer, "text")


def _verdict(answer: Json, field: str) -> Verdict:
    if answer["status"] < 400:
        return Verdict(None, answer[field])
    assert answer["status"] == 400, answer
    assert answer["code"] == "invalid_request"
    (error,) = answer["errors"]
    assert error["field"] == field
    assert error["detail"]
    return Verdict(error["code"])


async def group(doors: Doors, *people: str, title: str = "Tea") -> str:
    body = {"kind": "group", "participant_ids": people, "title": title}
    id_: str = (await doors.request("POST", "/conversations", body))["id"]
    return id_


def names(answer: Json, field: str) -> bool:
    """Whether the answer refuses this field as malformed, and no other."""
    if answer.get("status") != 400:
        return False
    fields = {error["field"] for error in answer["errors"]}
    assert all(each == field or each.startswith(f"{field}.") for each in fields), answer
    return True


async def accepted(ann: Doors, count: int) -> Sequence[str]:
    """Those of so many texts that a message may have; at most two thirds of them."""
    path = f"/conversations/{await group(ann)}/messages"
    answers = [(text, await ann.request("POST", path, {"text": text})) for text in made(count)]
    return [text for text, answer in answers if answer["status"] == 201][: count * 2 // 3]
