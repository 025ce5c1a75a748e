"""What people do with messages: say, repeat, edit, delete and read them, and type."""

import random
import time
from collections import defaultdict, deque
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.chaos.crowd import Crowd, Room
from tests.chaos.ledger import Sent
from tests.chaos.trying import Tries
from tests.clients.known import Wrong
from tests.clients.rest import Data, Refused, Rest

_RECENT = 50
_WORDS = ("yes", "no", "maybe", "lunch", "deploy", "👋", "Grüße", "日本語", "rollback", "coffee")
_OUT = "not_a_participant"


class Messages:
    def __init__(self, crowd: Crowd, tries: Tries, chance: random.Random) -> None:
        self._crowd = crowd
        self._ledger = crowd.ledger
        self._tries = tries
        self._chance = chance
        self._recent: defaultdict[str, deque[Sent]] = defaultdict(lambda: deque(maxlen=_RECENT))

    async def send(
        self,
        room: Room,
        sender: str,
        *,
        by_socket: bool = False,
        text: str = "",
        rest: Rest | None = None,
    ) -> Sent:
        """A message; its outcome is known when this returns. It goes by a socket where there is
        one and it is asked for, or by a `rest` of the sender's that is not the usual one."""
        client_id = f"{self._chance.getrandbits(64):016x}"
        words = text or " ".join(self._chance.choices(_WORDS, k=self._chance.randint(1, 8)))
        sent = Sent(client_id, room.id, sender, f"{client_id} {words}", time.perf_counter())
        self._ledger.sends[client_id] = sent
        await self._send(sent, by_socket, rest or self._crowd.rests[sender])
        return sent

    async def _send(self, sent: Sent, by_socket: bool, rest: Rest) -> None:
        tabs = [tab for tab in self._crowd.tabs[sent.sender_id] if tab.connected]
        first = [self._chance.choice(tabs)] if by_socket and tabs else []

        async def attempt() -> Data:
            # A try again goes by REST: the socket may be gone.
            if not first:
                sent.through = ""
                return await rest.send(sent.conversation_id, sent.text, sent.client_id)
            tab = first.pop()
            sent.through = tab.instance_id
            return await tab.send(sent.conversation_id, sent.text, sent.client_id)

        answer = await self._tries.until_known(attempt)
        if answer.done:
            self._ledger.acknowledged(sent, answer.data, time.perf_counter())
            self._recent[sent.conversation_id].append(sent)
            self._compare(sent, answer.data)
        elif answer.unsure:
            self._ledger.may_have_changed(sent.conversation_id)
        else:
            sent.refused = True
            self._tries.expect(answer, _OUT)

    def _compare(self, sent: Sent, message: Data) -> None:
        if (message["id"], message["seq"]) != (sent.message_id, sent.seq):
            text = f"{sent.client_id} is {sent.message_id}, and then {message['id']}"
            self._tries.wrong(text, Wrong.DOUBLED)

    # In traffic

    async def say(self, room: Room) -> None:
        sender = self._somebody(room)
        if sender is not None:
            await self.send(room, sender, by_socket=self._chance.random() < 0.5)

    async def repeat(self, room: Room) -> None:
        """What was acknowledged is sent once more, as by a client that never got the answer."""
        sent = self._own_message(room)
        if sent is not None:
            rest = self._crowd.rests[sent.sender_id]
            answer = await self._tries.until_known(
                lambda: rest.send(room.id, sent.text, sent.client_id)
            )
            if answer.done:
                self._compare(sent, answer.data)
            else:
                self._tries.expect(answer, _OUT)

    async def edit(self, room: Room) -> None:
        sent = self._own_message(room)
        if sent is not None:
            text = f"{sent.client_id} edited {self._chance.getrandbits(32):08x}"
            await self._change(sent, "PATCH", text)

    async def delete(self, room: Room) -> None:
        sent = self._own_message(room)
        if sent is not None:
            await self._change(sent, "DELETE", None)

    async def _change(self, sent: Sent, method: str, text: str | None) -> None:
        path = f"/conversations/{sent.conversation_id}/messages/{sent.message_id}"
        body = None if text is None else {"text": text}
        rest = self._crowd.rests[sent.sender_id]
        contents = self._ledger.contents[sent.message_id]
        before = set(contents)
        contents.add(text)
        answer = await self._tries.change(sent.message_id, lambda: rest.request(method, path, body))
        if answer.done:
            self._ledger.contents[sent.message_id] = {text}
            version = answer.data["version"] if answer.data is not None else None
            self._ledger.changed(sent.conversation_id, version)
        elif answer.unsure:
            self._ledger.may_have_changed(sent.conversation_id)
        else:
            self._ledger.contents[sent.message_id] = before
            self._tries.expect(answer, _OUT)

    async def read(self, room: Room) -> None:
        sent, person = self._own_message(room), self._somebody(room)
        if sent is None or person is None:
            return
        path, body = f"/conversations/{room.id}/read", {"seq": sent.seq}
        rest = self._crowd.rests[person]
        answer = await self._tries.until_known(lambda: rest.request("POST", path, body))
        if answer.done:
            key, read_seq = (room.id, person), answer.data["read_seq"]
            self._ledger.reads[key] = max(self._ledger.reads.get(key, 0), read_seq)
        else:
            self._tries.expect(answer, _OUT)

    async def acknowledge(self, room: Room) -> None:
        sent = self._own_message(room)
        if sent is not None:
            await self._hint(room, "receipt.delivered", seq=sent.seq)

    async def type(self, room: Room) -> None:
        await self._hint(room, self._chance.choice(("typing.start", "typing.stop")))

    async def _hint(self, room: Room, kind: str, **fields: Any) -> None:
        """What nobody tries twice."""
        person = self._somebody(room)
        tabs = [tab for tab in self._crowd.tabs.get(person or "", ()) if tab.connected]
        if not tabs:
            return
        try:
            await self._chance.choice(tabs).command(kind, conversation_id=room.id, **fields)
        except Refused as refused:
            if 400 <= refused.status < 500 and refused.code != _OUT:
                self._tries.wrong(f"{kind}: {refused}")
        except (ConnectionClosed, TimeoutError):
            pass

    def _somebody(self, room: Room) -> str | None:
        people = self._ledger.certain_members(room.id)
        return self._chance.choice(people) if people else None

    def _own_message(self, room: Room) -> Sent | None:
        """One that is certainly there, not deleted, and its sender still in."""
        members = set(self._ledger.certain_members(room.id))
        recent = self._recent[room.id]
        for sent in self._chance.sample(recent, min(len(recent), 8)):
            there = None not in self._ledger.contents[sent.message_id]
            if there and sent.sender_id in members and self._tries.free(sent.message_id):
                return sent
        return None
