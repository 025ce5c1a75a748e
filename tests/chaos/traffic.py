"""Traffic: what a crowd does all day, each act tried until its outcome is known."""

import asyncio
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from tests.chaos.crowd import Crowd, Room
from tests.chaos.ledger import Sent
from tests.clients.rest import Data, Refused, Rest
from tests.clients.view import Violation, Wrong

_MOST_UNDER_WAY = 400
_RETRY_SECONDS = 0.3
_FINISH_SECONDS = 60.0
_RECENT = 50
_WORDS = (
    "yes",
    "no",
    "maybe",
    "later",
    "lunch",
    "deploy",
    "👋",
    "Grüße",
    "日本語",
    "rollback",
    "coffee",
)

_ACTS: dict[str, int] = {
    "send": 70, "send_again": 3, "edit": 7, "delete": 3,
    "remove": 2, "add": 3, "leave": 1, "rename": 2, "read": 5, "deliver": 3, "type": 4,
}  # fmt: skip
"""Of a hundred acts, more or less, so many are of this kind."""


class Outcome:
    """The answer to an act that may have taken several tries."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.refused: Refused | None = None
        self.unsure = False
        """Whether a try without an answer may have been carried out."""

    @property
    def done(self) -> bool:
        return self.refused is None


class Traffic:
    """`start` it, `stop` it; meanwhile the ledger fills."""

    def __init__(self, crowd: Crowd, rate: float) -> None:
        self.rate = rate
        self.acts: Counter[str] = Counter()
        self.skipped = 0
        """How often too much was under way to begin anything else."""
        self._crowd = crowd
        self._ledger = crowd.ledger
        self._chance = random.Random(crowd.chance.random())
        self._under_way: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        """Conversations whose people or title, and messages that are just being changed: one
        change after the other, or nobody could say what the outcome has to be."""
        self._left_alone: set[str] = set()
        """Messages, titles and people of which a try went unanswered: it may be carried out long
        after the one that was answered, and would undo whatever came in between."""
        self._recent: defaultdict[str, deque[Sent]] = defaultdict(lambda: deque(maxlen=_RECENT))
        self._out: list[tuple[Room, str]] = []
        self._task: asyncio.Task[None] | None = None
        self._give_up_at = float("inf")

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def pause(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._give_up_at = time.perf_counter() + _FINISH_SECONDS
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._give_up_at = float("inf")

    async def send(
        self,
        room: Room,
        sender: str,
        *,
        by: str = "rest",
        text: str = "",
        rest: Rest | None = None,
    ) -> Sent:
        """A message, acknowledged when this returns; by socket where there is one and it is asked
        for, or by a `rest` of the sender's that goes another way than the usual one."""
        client_id = f"{self._chance.getrandbits(64):016x}"
        words = text or " ".join(self._chance.choices(_WORDS, k=self._chance.randint(1, 8)))
        sent = Sent(client_id, room.id, sender, f"{client_id} {words}", time.perf_counter())
        self._ledger.sends[client_id] = sent
        await self._send(sent, by, rest or self._crowd.rests[sender])
        return sent

    async def remove_somebody(self, room: Room) -> None:
        await self._act_remove(room)

    # The pace

    async def _run(self) -> None:
        names, weights = list(_ACTS), list(_ACTS.values())
        due = time.perf_counter()
        while True:
            due += 1 / self.rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            if len(self._under_way) >= _MOST_UNDER_WAY:
                self.skipped += 1
                continue
            (name,) = self._chance.choices(names, weights)
            room = self._chance.choice(self._crowd.rooms)
            act: Callable[[Room], Awaitable[None]] = getattr(self, f"_act_{name}")
            self.acts[name] += 1
            task = asyncio.create_task(self._carry_out(act, room))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _carry_out(self, act: Callable[[Room], Awaitable[None]], room: Room) -> None:
        try:
            await act(room)
        except Exception as error:
            self._wrong(f"{act.__name__} in {room.id}: {error!r}")

    async def _try(self, attempt: Callable[[], Awaitable[Any]]) -> Outcome:
        """Until there is an answer that says what happened."""
        outcome = Outcome()
        while True:
            try:
                outcome.answer = await attempt()
            except Refused as refused:
                if refused.code == "internal_error":
                    self._wrong(str(refused))
                if 400 <= refused.status < 500 and refused.status != 429:
                    outcome.refused = refused
                    return outcome
                outcome.unsure = True
            except httpx.ConnectError:
                pass  # nobody heard of it
            except (httpx.HTTPError, ConnectionClosed, TimeoutError):
                outcome.unsure = True
            else:
                return outcome
            if time.perf_counter() > self._give_up_at:
                self._wrong("there is no answer, for a minute after everything works again")
                outcome.refused = Refused(0, "given_up")
                outcome.unsure = True
                return outcome
            await asyncio.sleep(_RETRY_SECONDS * self._chance.uniform(0.5, 1.5))

    def _wrong(self, text: str) -> None:
        self._ledger.answered_wrongly.append(Violation(Wrong.BROKEN, text))

    # Messages

    async def _act_send(self, room: Room) -> None:
        sender = self._somebody(room)
        if sender is not None:
            await self.send(room, sender, by=self._chance.choice(("rest", "socket")))

    async def _send(self, sent: Sent, by: str, rest: Rest) -> None:
        tabs = [tab for tab in self._crowd.tabs[sent.sender_id] if tab.connected]
        by_socket = [self._chance.choice(tabs)] if by == "socket" and tabs else []

        async def attempt() -> Data:
            # A try again goes by REST: the socket may be gone.
            if not by_socket:
                sent.through = ""
                return await rest.send(sent.conversation_id, sent.text, sent.client_id)
            tab = by_socket.pop()
            sent.through = tab.instance_id
            return await tab.send(sent.conversation_id, sent.text, sent.client_id)

        outcome = await self._try(attempt)
        if outcome.done:
            self._ledger.acknowledged(sent, outcome.answer, time.perf_counter())
            self._recent[sent.conversation_id].append(sent)
            self._check_answer(sent, outcome.answer)
        elif outcome.unsure:
            self._ledger.may_have_changed(sent.conversation_id)
        else:
            sent.refused = True
            self._expect(outcome, "not_a_participant")

    def _check_answer(self, sent: Sent, message: Data) -> None:
        if (message["id"], message["seq"]) != (sent.message_id, sent.seq):
            text = f"{sent.client_id} is {sent.message_id}, and then {message['id']}"
            self._ledger.answered_wrongly.append(Violation(Wrong.DOUBLED, text))

    async def _act_send_again(self, room: Room) -> None:
        """What was acknowledged is sent once more: a client that never got the answer."""
        found = self._own_message(room)
        if found is None:
            return
        sent, _ = found
        rest = self._crowd.rests[sent.sender_id]
        outcome = await self._try(lambda: rest.send(room.id, sent.text, sent.client_id))
        if outcome.done:
            self._check_answer(sent, outcome.answer)
        else:
            self._expect(outcome, "not_a_participant")

    async def _act_edit(self, room: Room) -> None:
        found = self._own_message(room)
        if found is None:
            return
        sent, contents = found
        text = f"{sent.client_id} edited {self._chance.getrandbits(32):08x}"
        await self._change(sent, contents, "PATCH", text)

    async def _act_delete(self, room: Room) -> None:
        found = self._own_message(room)
        if found is not None:
            await self._change(*found, "DELETE", None)

    async def _change(
        self, sent: Sent, contents: set[str | None], method: str, text: str | None
    ) -> None:
        path = f"/conversations/{sent.conversation_id}/messages/{sent.message_id}"
        body = None if text is None else {"text": text}
        rest = self._crowd.rests[sent.sender_id]
        self._busy.add(sent.message_id)
        before = set(contents)
        contents.add(text)
        try:
            outcome = await self._try(lambda: rest.request(method, path, body))
        finally:
            self._busy.discard(sent.message_id)
        self._leave_alone(outcome, sent.message_id)
        if outcome.done:
            contents.clear()
            contents.add(text)
            version = outcome.answer["version"] if outcome.answer is not None else None
            self._ledger.changed(sent.conversation_id, version)
        elif outcome.unsure:
            self._ledger.may_have_changed(sent.conversation_id)
        else:
            contents.clear()
            contents.update(before)
            self._expect(outcome, "not_a_participant")

    def _own_message(self, room: Room) -> tuple[Sent, set[str | None]] | None:
        """One that is certainly there, not deleted, and its sender still in."""
        members = set(self._ledger.certain_members(room.id))
        recent = self._recent[room.id]
        for sent in self._chance.sample(recent, min(len(recent), 8)):
            contents = self._ledger.contents[sent.message_id]
            free = sent.message_id not in self._busy | self._left_alone
            if free and sent.sender_id in members and None not in contents:
                return sent, contents
        return None

    # People and titles

    async def _act_remove(self, room: Room) -> None:
        person = self._somebody(room, besides=room.owner)
        if person is not None:
            await self._move(room, room.owner, person, "DELETE")

    async def _act_leave(self, room: Room) -> None:
        person = self._somebody(room, besides=room.owner)
        if person is not None:
            await self._move(room, person, person, "DELETE")

    async def _act_add(self, room: Room) -> None:
        """Whoever has been out longest comes back."""
        for place, (where, person) in enumerate(self._out):
            if where.id not in self._busy:
                del self._out[place]
                await self._move(where, where.owner, person, "POST")
                return

    async def _move(self, room: Room, actor: str, person: str, method: str) -> None:
        who = f"{person} in {room.id}"
        if room.direct or room.id in self._busy or who in self._left_alone:
            return
        states = self._ledger.members[room.id][person]
        states.add(method == "POST")
        path = f"/conversations/{room.id}/participants"
        if method == "DELETE":
            path += "/me" if actor == person else f"/{person}"
        body = {"user_ids": [person]} if method == "POST" else None
        rest = self._crowd.rests[actor]
        self._busy.add(room.id)
        try:
            outcome = await self._try(lambda: rest.request(method, path, body))
        finally:
            self._busy.discard(room.id)
        self._leave_alone(outcome, who)
        gone = outcome.refused is not None and outcome.refused.code in {
            "not_found", "not_a_participant",
        }  # fmt: skip
        if outcome.done or (gone and outcome.unsure and method == "DELETE"):
            states.clear()
            states.add(method == "POST")
            version = outcome.answer["version"] if method == "POST" else None
            self._ledger.changed(room.id, version)
            if method == "DELETE":
                self._out.append((room, person))
        elif outcome.unsure:
            self._ledger.may_have_changed(room.id)
        else:
            self._expect(outcome)

    async def _act_rename(self, room: Room) -> None:
        if room.direct or room.id in self._busy | self._left_alone:
            return
        title = f"Room {self._chance.getrandbits(32):08x}"
        titles = self._ledger.titles[room.id]
        titles.add(title)
        rest = self._crowd.rests[room.owner]
        self._busy.add(room.id)
        path = f"/conversations/{room.id}"
        try:
            outcome = await self._try(lambda: rest.request("PATCH", path, {"title": title}))
        finally:
            self._busy.discard(room.id)
        self._leave_alone(outcome, room.id)
        if outcome.done:
            titles.clear()
            titles.add(title)
            self._ledger.changed(room.id, outcome.answer["version"])
        elif outcome.unsure:
            self._ledger.may_have_changed(room.id)
        else:
            self._expect(outcome)

    # What moves nothing for good

    async def _act_read(self, room: Room) -> None:
        found = self._own_message(room)
        person = self._somebody(room)
        if found is None or person is None:
            return
        path, body = f"/conversations/{room.id}/read", {"seq": found[0].seq}
        rest = self._crowd.rests[person]
        outcome = await self._try(lambda: rest.request("POST", path, body))
        if outcome.done:
            key = (room.id, person)
            read_seq = outcome.answer["read_seq"]
            self._ledger.reads[key] = max(self._ledger.reads.get(key, 0), read_seq)
        else:
            self._expect(outcome, "not_a_participant")

    async def _act_deliver(self, room: Room) -> None:
        found = self._own_message(room)
        if found is not None:
            await self._hint(room, "receipt.delivered", seq=found[0].seq)

    async def _act_type(self, room: Room) -> None:
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
            if 400 <= refused.status < 500 and refused.code != "not_a_participant":
                self._wrong(f"{kind}: {refused}")
        except (ConnectionClosed, TimeoutError):
            pass

    def _leave_alone(self, outcome: Outcome, what: str) -> None:
        if outcome.unsure:
            self._left_alone.add(what)

    def _somebody(self, room: Room, *, besides: str | None = None) -> str | None:
        people = [p for p in self._ledger.certain_members(room.id) if p != besides]
        return self._chance.choice(people) if people else None

    def _expect(self, outcome: Outcome, *codes: str) -> None:
        """The only reasons for which this may be refused."""
        assert outcome.refused is not None
        if outcome.refused.code not in codes:
            self._wrong(f"refused for no reason: {outcome.refused}")
