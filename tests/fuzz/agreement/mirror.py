"""One person's client: its connection, and what it asks for. `held` has the rules."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from messaging.delivery.hub.connections import Connection, Ending
from messaging.delivery.shared_frames import SharedFrames
from messaging.domain.exceptions import Banned, TokenRevoked
from tests.frames import read_frame
from tests.fuzz.agreement.held import Held
from tests.fuzz.agreement.scene import Json, messages_in
from tests.fuzz.agreement.sites import Site
from tests.integration.chat import Api
from tests.outlets import SIGNED_IN_AT, Outlet

_IGNORED = frozenset(
    {
        *("heartbeat", "degraded", "restored", "auth.expiring", "draining"),
        *("typing.started", "typing.stopped", "presence.changed"),
    }
)

"""The events that change nothing of what is compared."""
SESSION = frozenset({"hello", "resync", "conversation.added", "conversation.removed"}) | _IGNORED
"""The events that `held` does not apply."""


class _Socket(Outlet):
    """Delivers nothing after the server has ended it."""

    def __init__(self, take: Callable[[str], object], on_end: Callable[[], object]) -> None:
        super().__init__(take)
        self._on_end = on_end

    def put(self, frame: str) -> None:
        if not self.ended:
            super().put(frame)

    def put_shared(self, frames: SharedFrames) -> None:
        if not self.ended:
            super().put_shared(frames)

    def end(self, reason: Ending) -> None:
        super().end(reason)
        self._on_end()


class Mirror:
    def __init__(self, user_id: str, sites: tuple[Site, Site], *, syncs_by_rest: bool) -> None:
        """Create a client. `syncs_by_rest`: it asks for changes over REST, a few at a time."""
        self.user_id = user_id
        self.held: dict[str, Held] = {}
        """By the id of the conversation."""
        self.news = asyncio.Event()
        """Set with each frame."""
        self.broken: list[str] = []
        """What no server may send."""
        self._apis: Mapping[Site, Api] = {site: site.api(user_id) for site in sites}
        self.site = sites[0]
        """The instance that it was connected to last."""
        self.connection: Connection | None = None
        self._syncs_by_rest = syncs_by_rest
        self._own_since: str | None = None
        """The time of the last answer to `receipts.sync`, or of the first `hello`."""
        self._was_away = False
        self.sign_outs = 0
        """How often the server has refused the sign-in, or has ended it."""
        self._signed_in_at: datetime | None = SIGNED_IN_AT
        """None while the person is signed out."""
        self._left_unseen: set[str] = set()
        """The conversations that an answer said the person is not in. This socket may not know."""

    def api(self, site: Site) -> Api:
        return self._apis[site]

    async def come(self, site: Site) -> None:
        """Connect. A person who is signed out signs in; the server may refuse that."""
        self.go()
        self.site = site
        if self._signed_in_at is None:
            self._signed_in_at = datetime.now(UTC)
            for api in self._apis.values():
                api.sign_in()
        socket = _Socket(self._receive, self.sign_out)
        try:
            connection = await site.connect(self.user_id, socket, signed_in_at=self._signed_in_at)
        except (Banned, TokenRevoked):
            self.sign_out()
            return
        if socket.ended:
            site.disconnect(connection)
        else:
            self.connection = connection

    def sign_out(self) -> None:
        """Forget everything, as a page does whose person has to sign in again."""
        self.go()
        self.held.clear()
        self._own_since, self._was_away = None, False
        self._signed_in_at = None
        self.sign_outs += 1
        self.news.set()

    def go(self) -> None:
        if self.connection is not None:
            self.site.disconnect(self.connection)
        self.connection = None
        self._left_unseen.clear()
        for held in self.held.values():
            held.ahead.clear()

    # Frames

    def _receive(self, text: str) -> None:
        self.news.set()
        frame = read_frame(text)
        kind = frame["type"]
        if kind == "hello":
            self._compare(frame["data"])
        elif kind == "conversation.added":
            self._left_unseen.discard(frame["conversation_id"])
            self.held[frame["conversation_id"]] = held = Held(self.user_id)
            held.show(messages_in(frame))
        elif kind == "conversation.removed":
            self._remove(frame["conversation_id"])
        elif kind not in _IGNORED:
            self._take(frame["conversation_id"], frame)

    def _compare(self, hello: Json) -> None:
        named = hello["conversations"]
        for id_ in self.held.keys() - named.keys():
            del self.held[id_]
        for id_, place in named.items():
            held = self.held.setdefault(id_, Held(self.user_id))
            held.behind |= held.cursor is not None and held.cursor < place["version"]
            held.people_changed = True
        self._was_away = self._own_since is not None
        self._own_since = self._own_since or hello["at"]

    def _take(self, id_: str, frame: Json) -> None:
        kind, data = frame["type"], frame["data"]
        held = self.held.get(id_)
        if held is not None:
            held.show(messages_in(frame))  # also if it is never applied
        if held is None:
            if id_ not in self._left_unseen:
                self.broken.append(f"{kind} for {self.user_id}, who is not in the conversation")
        elif kind == "resync":
            held.behind = True
        elif "version" in frame:
            held.take(frame)
        else:
            held.take_soft(kind, frame["at"], data)
        if kind == "participant.removed" and self._is_named_in(data):
            self._remove(id_)

    def _is_named_in(self, data: Json) -> bool:
        return self.user_id in {one["user_id"] for one in data["participants"]}

    def _remove(self, id_: str) -> None:
        self.held.pop(id_, None)
        self._left_unseen.discard(id_)

    # Requests

    async def catch_up(self) -> None:
        """Load and sync what has to be."""
        if self._was_away:
            await self._sync_own()
        for id_, held in list(self.held.items()):
            if held.cursor is None:
                await self._load(id_, held)
            while held.behind and self._keeps(id_, held):
                await self._sync(id_, held)
            if held.own.unclear and self._keeps(id_, held):
                await self._load_own(id_, held)
            if held.unclear and self._keeps(id_, held):
                await self._load_messages(id_, held)
            if held.people_changed and self._keeps(id_, held):
                await self._load_receipts(id_, held)

    def _keeps(self, id_: str, held: Held) -> bool:
        return held.cursor is not None and self.held.get(id_) is held

    async def _get(self, path: str, **query: Any) -> Json | None:
        """Return None if the person is not in the conversation. The event that says so is on its
        way."""
        answer = await self._apis[self.site].get(path, **query)
        if answer.status_code == 401:
            self.sign_out()
            return None
        if answer.status_code in {403, 404}:
            return None
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    async def _load(self, id_: str, held: Held) -> None:
        heard = held.own.heard
        conversation = await self._get(f"/conversations/{id_}")
        page = await self._get(f"/conversations/{id_}/messages", limit=100)
        if conversation is not None and page is not None and self.held.get(id_) is held:
            held.load(conversation, page["items"], heard=heard)

    async def _load_own(self, id_: str, held: Held) -> None:
        heard = held.own.heard
        conversation = await self._get(f"/conversations/{id_}")
        if conversation is not None and self._keeps(id_, held):
            held.load_own(conversation, heard=heard)

    async def _load_messages(self, id_: str, held: Held) -> None:
        ids = ",".join(sorted(held.unclear))
        held.unclear.clear()
        page = await self._get(f"/conversations/{id_}/messages", ids=ids)
        if page is not None and self._keeps(id_, held):
            held.loaded_messages(page["items"])

    async def _load_receipts(self, id_: str, held: Held) -> None:
        held.people_changed = False
        receipts = await self._get(f"/conversations/{id_}/receipts")
        if receipts is not None and self._keeps(id_, held):
            held.loaded_receipts(receipts["items"])

    async def _sync(self, id_: str, held: Held) -> None:
        heard, since = held.own.heard, held.cursor
        changes: Json | None
        if self._syncs_by_rest:
            changes = await self._get(f"/conversations/{id_}/changes", since=since, limit=3)
        elif self.connection is not None:
            answer = await self.site.command(
                self.connection, "conversation.sync", conversations={id_: since}
            )
            changes = answer["conversations"][id_]
        else:
            return
        if self.held.get(id_) is not held:
            return
        if changes is None or changes["status"] == "forbidden":
            del self.held[id_]
            self._left_unseen.add(id_)
        elif changes["status"] == "reset":
            self.held[id_] = Held(self.user_id)
            await self._load(id_, self.held[id_])
        else:
            held.synced(changes, heard=heard)

    async def _sync_own(self) -> None:
        assert self._own_since is not None
        if self.connection is None:
            return
        self._was_away = False
        heard = {id_: held.own.heard for id_, held in self.held.items()}
        answer = await self.site.command(self.connection, "receipts.sync", since=self._own_since)
        self._own_since = answer["at"]
        for item in answer["items"]:
            id_ = item["conversation_id"]
            if (held := self.held.get(id_)) is not None and held.cursor is not None:
                held.own.load_state(item, item["preferences"], heard=heard.get(id_, 0))
