"""One conversation, its people and their clients on two instances."""

import asyncio
import itertools
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import MessagingError
from messaging.domain.message import Message
from tests.fuzz.agreement import doors
from tests.fuzz.agreement.acts import ACTS, OWN
from tests.fuzz.agreement.fetched import difference, fetch
from tests.fuzz.agreement.interventions import INTERVENTIONS, intervene
from tests.fuzz.agreement.mirror import Mirror
from tests.fuzz.agreement.scene import Command, Json, Request, Scene, messages_in
from tests.fuzz.agreement.sites import Site
from tests.integration.chat import Api, ok
from tests.integration.chat.rest.files import PDF, complete, upload

NAMES = ("ann", "bob", "cid", "dan")
"""Ann owns a group; Dan is not in it at first, and all but Ann may come and go. A direct
conversation is Ann's and Bob's."""
CLIENTS = ("come", "go", "catch up", "check")
"""The steps that are no acts."""
PATIENCE = 15.0
_STALE_SECONDS = 2.5
"""An instance answers from copies that are at most two seconds old. Later it is asked again."""
_REFUSED = {400, 401, 403, 404, 409}

T = TypeVar("T")
Step = tuple[str, str, int]
"""The name of an act, who does it, and a number."""


class World:
    _numbers = itertools.count()

    def __init__(self, sites: Sequence[Site], *, patience: float = PATIENCE) -> None:
        """`patience`: how many seconds an event may take."""
        one, other = sites
        self.sites = (one, other)
        number = next(self._numbers)
        people = [f"{name}-{number}" for name in NAMES]  # of their own: worlds share a store
        self.mirrors = {
            person: Mirror(person, self.sites, syncs_by_rest=person.startswith("cid"))
            for person in people
        }
        self.scene = Scene("", people)
        self._examined = self.mirrors[people[number % len(people)]]
        """The person whose other lists are examined, too."""
        self._patience = patience
        self._trace: list[str] = []

    async def play(self, settings: Mapping[str, object], steps: Sequence[Sequence[Step]]) -> None:
        """Carry out the steps, and compare at the end. `settings`: how the conversation begins."""
        try:
            await self._begin(settings)
            for together in steps:
                await self._take(together)
            for index, mirror in enumerate(self.mirrors.values()):
                if mirror.connection is None:  # a person who was away returns, and syncs
                    await self._return(mirror, self.sites[index % 2])
            await self._check(thoroughly=True)
        except BaseException as failure:
            failure.add_note("\n".join([str(settings), *self._trace]))
            raise
        finally:
            for mirror in self.mirrors.values():
                mirror.go()

    async def _begin(self, settings: Mapping[str, object]) -> None:
        for index, mirror in enumerate(self.mirrors.values()):
            await mirror.come(self.sites[index % 2])
        ann, bob, cid, _ = self.scene.people
        others = [bob] if settings["kind"] == "direct" else [bob, cid]
        api = self.mirrors[ann].api(self.sites[0])
        answer = await api.post("/conversations", participant_ids=others, **settings)
        assert answer.status_code == 201, answer.text
        self.scene.id = answer.json()["id"]

    async def _return(self, mirror: Mirror, site: Site) -> None:
        """Connect. An instance may still know the person as banned, until it hears of the end of
        an erasure."""
        async with asyncio.timeout(self._patience):
            await mirror.come(site)
            while mirror.connection is None:
                await asyncio.sleep(0.05)
                await mirror.come(site)

    # Steps

    async def _take(self, steps: Sequence[Step]) -> None:
        """Carry out steps at once."""
        self._trace.append(str(steps))
        own: set[tuple[str, tuple[bool, bool]]] = set()
        together: list[Coroutine[Any, Any, None]] = []
        for name, who, number in steps:
            kind = name in OWN, name in CLIENTS
            if any(kind):
                if (who, kind) in own:
                    continue
                own.add((who, kind))
            together.append(self._take_one(name, who, number))
        await all_of(together)
        if len(steps) == 1 and steps[0][0] == "erase":
            await self._require_forgotten(self.scene.anybody(steps[0][2]))

    async def _take_one(self, name: str, who: str, number: int) -> None:
        mirror = self.mirrors[self.scene.people[NAMES.index(who)]]
        site = self.sites[number % 2]
        if name in ACTS:
            act = ACTS[name](self.scene, number)
            if isinstance(act, Command):
                await self._command(mirror, act)
            else:
                await self._request(mirror, site, act)
        elif name in INTERVENTIONS:
            await intervene(name, site, self.scene, number)
        elif name == "come":
            await mirror.come(site)
        elif name == "go":
            mirror.go()
        elif name == "catch up":
            await mirror.catch_up()
        else:
            assert name == "check"
            await self._check(thoroughly=False)

    async def _request(self, mirror: Mirror, site: Site, act: Request) -> None:
        api, body = mirror.api(site), act.body
        if act.files:
            ids = [await self._upload(api, f"{number}.pdf") for number in range(act.files)]
            body = {**(body or {}), "attachments": [id_ for id_ in ids if id_]}
        held = mirror.held.get(self.scene.id)
        path = doors.full_path(act.path, self.scene)
        answer = await api.request(act.method, path, json=body)
        assert answer.is_success or answer.status_code in _REFUSED, answer.text
        if answer.status_code == 401:
            mirror.sign_out()
        if not answer.is_success or not answer.content:
            return
        if (act.method, act.path, answer.status_code) == ("POST", "messages", 201):
            self.scene.sent.append(answer.json()["id"])
        if held is not None:
            held.show(messages_in(answer.json()))

    async def _upload(self, api: Api, filename: str) -> str | None:
        """Return the id of a file that may be sent; None if the person may not upload any."""
        answer = await api.post(
            "/attachments",
            conversation_id=self.scene.id,
            filename=filename,
            content_type="application/pdf",
            size=len(PDF),
        )
        if answer.status_code in _REFUSED:
            return None
        announced = answer.json()
        uploaded = await upload(api, announced, PDF)
        assert uploaded.status_code == 200, uploaded.text
        answer = await complete(api, announced)
        if answer.status_code in _REFUSED:
            return None
        id_: str = ok(answer)["attachment"]["id"]
        return id_

    async def _command(self, mirror: Mirror, act: Command) -> None:
        if mirror.connection is None:
            return
        held = mirror.held.get(self.scene.id)
        try:
            reply = await mirror.site.command(
                mirror.connection, act.type, conversation_id=self.scene.id, **act.fields
            )
        except MessagingError:
            return  # refused
        if reply.get("created"):
            self.scene.sent.append(reply["message"]["id"])
        if held is not None:
            held.show(messages_in(reply))

    # Checks

    async def _check(self, *, thoroughly: bool) -> None:
        """Require that every connected client holds what it would fetch. `thoroughly`: also that
        lists agree, and that nobody sees more through any door."""
        signed_out = {one.user_id for one in self.mirrors.values() if one.sign_outs}
        assert signed_out <= self.scene.erased
        connected = [one for one in self.mirrors.values() if one.connection is not None]
        fetched = await all_of([self._agreed(one, thoroughly) for one in connected])
        for mirror, state in zip(connected, fetched, strict=True):
            self._require_the_same(mirror, state)  # also after what came last

    async def _agreed(self, mirror: Mirror, thoroughly: bool) -> Json | None:
        """Wait for the events that are on their way. Return what was fetched."""
        now = asyncio.get_running_loop().time
        end = now() + self._patience
        fetched = await fetch(mirror.api(mirror.site), self.scene.id, lists=thoroughly)
        while not await self._agrees(mirror, fetched, min(now() + _STALE_SECONDS, end)):
            if now() >= end:
                break
            fetched = await fetch(mirror.api(mirror.site), self.scene.id, lists=thoroughly)
        self._require_the_same(mirror, fetched)
        if fetched is not None:
            first = fetched["visible_from"]
            shown = mirror.held[self.scene.id].shown
            assert all(seq >= first for seq in shown.values()), "hidden messages were shown"
            if thoroughly and mirror is self._examined:
                await self._check_lists(mirror, fetched)
            if thoroughly and first > 1:
                await self._check_doors(mirror, fetched)
        return fetched

    async def _agrees(self, mirror: Mirror, fetched: Json | None, until: float) -> bool:
        """Return whether the client comes to hold this state by then."""
        while True:
            mirror.news.clear()
            await mirror.catch_up()
            if not self._wrong(mirror, fetched):
                return True
            try:
                async with asyncio.timeout_at(until):
                    await mirror.news.wait()
            except TimeoutError:
                return False

    def _require_the_same(self, mirror: Mirror, fetched: Json | None) -> None:
        wrong = self._wrong(mirror, fetched)
        assert not wrong, f"{mirror.user_id} holds something else than is fetched: {wrong}"
        assert mirror.broken == []

    def _wrong(self, mirror: Mirror, fetched: Json | None) -> object:
        held = mirror.held.get(self.scene.id)
        if held is None or fetched is None:
            inside = held is not None, fetched is not None
            return None if inside == (False, False) else f"inside here and there: {inside}"
        if held.cursor is None:
            return "it is not loaded"
        return difference(held.state(), fetched)

    async def _require_forgotten(self, person: str) -> None:
        """Require that the store has nothing of a person who was just erased, while nobody else
        acted, except that a direct conversation is theirs."""
        store = self.sites[0].instance.store
        conversation = await store.get_conversation(self.scene.id)
        if conversation is None:
            return
        messages = await store.list_messages(self.scene.id, first_seq=1, last_seq=conversation.seq)
        group = conversation.kind is ConversationKind.GROUP
        for kept in (*messages, *([conversation] if group else [])):
            named = repr(person), f'"{person}"'  # the latter in metadata, which is JSON
            assert not any(name in repr(kept) for name in named), kept
        entries = await store.reactions.get_reactions(
            self.scene.id, [(message.id, person) for message in messages]
        )
        assert entries == {}

    async def _check_lists(self, mirror: Mirror, fetched: Json) -> None:
        """Require that the list of conversations, the preferences and the total say the same."""
        api = mirror.api(mirror.site)
        (listed,) = ok(await api.get("/conversations"))["items"]
        preferences = ok(await api.get(f"/conversations/{self.scene.id}/preferences"))
        for name, value in {**listed, **preferences}.items():
            if name not in {"uncounted", "last_message"}:  # they have another form here
                assert value == fetched[name], name
        total = ok(await api.get("/me"))["unread_total"]
        assert total == fetched["unread_count"], "unread_total"

    async def _check_doors(self, mirror: Mirror, fetched: Json) -> None:
        hidden = await self._hidden(mirror.site, fetched["visible_from"])
        files = [file.id for message in hidden for file in message.attachments]
        await doors.try_lists(mirror, self.scene, fetched, files)
        for message in hidden[-1:]:
            await doors.try_one(mirror, self.scene, message.id)
            await doors.try_replies(mirror, self.scene, message.id, message.seq)
            await doors.try_push(mirror, self.scene, message.id)

    async def _hidden(self, site: Site, visible_from: int) -> Sequence[Message]:
        """Return the messages before this number."""
        return await site.instance.store.list_messages(
            self.scene.id, first_seq=1, last_seq=visible_from - 1
        )


async def all_of(work: Sequence[Coroutine[Any, Any, T]]) -> Sequence[T]:
    """Carry out all of it at once, to its end. Raises the first of its errors."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
