"""Sends my read positions: the latest of each conversation, until the server has it."""

from collections.abc import Mapping
from typing import NamedTuple

from chat_client.errors import ChatError
from chat_client.state.parts import Parts


class Wanted(NamedTuple):
    """`clear` removes the unread mark."""

    seq: int
    clear: bool


class Reading:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._wanted: dict[str, Wanted] = {}
        """By conversation id."""
        self._sending: set[str] = set()

    def read(self, id_: str, seq: int, *, clear: bool) -> None:
        before = self._wanted.get(id_, Wanted(0, False))
        self._wanted[id_] = Wanted(max(seq, before.seq), clear or before.clear)
        self._start(id_)

    def resume(self) -> None:
        """There is a connection: send what waits."""
        for id_ in list(self._wanted):
            self._start(id_)

    def forget(self, id_: str | None = None) -> None:
        """Without an id: all."""
        if id_ is None:
            self._wanted.clear()
        else:
            self._wanted.pop(id_, None)

    def _start(self, id_: str) -> None:
        if id_ not in self._sending:
            self._sending.add(id_)
            self._parts.tasks.start(self._run(id_))

    async def _run(self, id_: str) -> None:
        sent: list[Wanted] = []

        def fields() -> Mapping[str, object] | None:
            wanted = self._wanted.get(id_)
            if wanted is None:
                return None
            sent[:] = [wanted]
            clear = {"clear": True} if wanted.clear else {}
            return {"conversation_id": id_, "seq": wanted.seq, **clear}

        try:
            while id_ in self._wanted and self._parts.session.is_live:
                try:
                    answer = await self._parts.session.persist("receipt.read", fields)
                except ChatError:
                    self._answered(id_, None)
                else:
                    if answer is None:
                        continue  # ended, or live again
                    self._answered(id_, answer["read_seq"])
                if sent and self._wanted.get(id_) == sent[0]:
                    del self._wanted[id_]
        finally:
            self._sending.discard(id_)

    def _answered(self, id_: str, read_seq: int | None) -> None:
        """`read_seq` is None if the server refused the position."""
        conversation = self._parts.conversations.known(id_)
        if conversation is not None and conversation.model is not None:
            positions = conversation.model.positions
            if read_seq is None:
                positions.unwant()
            else:
                positions.moved(self._parts.me, read_seq)
        self._parts.conversations.changed(conversation)
