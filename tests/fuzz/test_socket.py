"""The socket under any frames at all: each is answered once, and nobody else notices."""

import itertools
import json
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection, connect

from chat.socket import commands
from config.development.processes import Process
from tests.clients.rest import token_of
from tests.frames import read_frame

_BATCH = 50
_PATIENCE = 20
_LETTERS = st.characters(exclude_categories=["Cs", "Cc"])
_ODD_FRAMES = [
    *('{"id": 1, "id": 2, "type": "ping"}', '{"id": 1, "type": "ping", "x": NaN}'),
    *('{"id": "\\ud800", "type": "ping"}', "[" * 5_000, '{"a":' * 2_000, ""),
    json.dumps({"id": 1, "type": "ping", "x": "y" * 70_000}),
]


def one_of(strings: list[str]) -> st.SearchStrategy[str]:
    """As `sampled_from`, which would print them all."""
    return st.integers(0, len(strings) - 1).map(strings.__getitem__)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53, -1, 2**64, 10**400])
    | st.floats()
    | st.text(max_size=40)
    | one_of(["../admin", "__x__", "me", "\x00", "x" * 10_001, "\u202e", "🦆" * 50]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A conversation, and two messages in it."""

    conversation_id: str
    kept: str
    deleted: str
    """The one that commands delete."""


def right_commands(place: Place) -> st.SearchStrategy[dict[str, Any]]:
    """Of every kind, as a client means it. Some are refused all the same: for a message that is not
    there, for characters that no text may have, for a `client_id` that was used before."""
    here = {"conversation_id": st.just(place.conversation_id)}
    seq = st.integers(0, 3)
    kept, deleted = ({**here, "message_id": st.just(id_)} for id_ in (place.kept, place.deleted))
    emoji = st.sampled_from(["👍", "❤️", "tea"])
    people = st.lists(st.sampled_from(["ann", "bob", "cid"]), max_size=3, unique=True)
    names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
    fields: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "message.send": (
            {**here, "text": st.text(min_size=1, max_size=200), "client_id": names},
            {"mentions": people, "reply_to": st.none() | names},
        ),
        "message.edit": ({**kept, "text": st.text(min_size=1, max_size=200)}, {}),
        "message.delete": (deleted, {}),
        "reaction.add": ({**kept, "emoji": emoji}, {}),
        "reaction.remove": ({**kept, "emoji": emoji}, {}),
        "receipt.read": ({**here, "seq": seq}, {}),
        "receipt.delivered": ({**here, "seq": seq}, {}),
        "typing.start": (here, {}),
        "typing.stop": (here, {}),
        "conversation.sync": (
            {
                "conversations": st.dictionaries(
                    st.just(place.conversation_id) | names, seq, min_size=1
                )
            },
            {},
        ),
        "receipts.sync": (
            {"since": st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat())},
            {},
        ),
        "auth.refresh": ({"token": st.just(token_of("ann"))}, {}),
        "presence.watch": ({"user_ids": people}, {}),
        "activity": ({"active": st.booleans()}, {}),
        "ping": ({}, {}),
    }
    assert fields.keys() == commands.COMMANDS.keys()
    ids = st.integers(-(2**53), 2**53) | st.text(_LETTERS, min_size=1, max_size=64)
    return st.one_of(
        *(
            st.fixed_dictionaries({"id": ids, "type": st.just(kind), **required}, optional=optional)
            for kind, (required, optional) in fields.items()
        )
    )


@st.composite
def spoiled_commands(draw: st.DrawFn, right: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """One that was right: one field of it is missing, or is something else, or is too many."""
    command = dict(draw(right))
    field = draw(st.sampled_from([*command, "sender_id", "seq", "role", "x"]))
    if field in command and draw(st.booleans()):
        del command[field]
    else:
        command[field] = draw(_VALUES)
    return command


def frames_in(place: Place) -> st.SearchStrategy[str | bytes]:
    """Commands that are right, commands that are wrong somewhere, what is no command and what is
    no JSON."""
    right = right_commands(place)
    odd = st.dictionaries(st.sampled_from(["id", "type", "text", "x"]), _VALUES)
    return st.one_of(
        right.map(json.dumps),
        right.map(json.dumps),
        spoiled_commands(right).map(json.dumps),
        spoiled_commands(right).map(json.dumps),
        odd.map(json.dumps),
        _VALUES.map(json.dumps),
        st.text(max_size=100),
        st.binary(max_size=100),
        one_of(_ODD_FRAMES),
    )


def made(place: Place, count: int) -> list[list[str | bytes]]:
    """So many frames, in batches. Made before they are sent: Hypothesis takes it ill when anything
    else makes random numbers meanwhile, as a socket does."""
    batches: list[list[str | bytes]] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(frames_in(place))
    def make(frame: str | bytes) -> None:
        if not batches or len(batches[-1]) == _BATCH:
            batches.append([])
        batches[-1].append(frame)

    make()
    return batches


class Client:
    """Somebody's socket, which takes an answer to every frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count()

    def answers(self, frames: list[str | bytes]) -> list[dict[str, Any]]:
        """To these frames; events are left out."""
        mark = f"the end of batch {next(self._numbers)}"
        for frame in (*frames, json.dumps({"id": mark, "type": "ping"})):
            self._connection.send(frame)
        answers: list[dict[str, Any]] = []
        while not answers or answers[-1]["id"] != mark:
            answer = read_frame(self._connection.recv(timeout=_PATIENCE))
            if "event_id" not in answer:
                answers.append(answer)
        return answers[:-1]

    def seconds(self) -> float:
        begun = time.perf_counter()
        self.answers([])
        return time.perf_counter() - begun


@contextmanager
def client(port: int, user_id: str) -> Iterator[Client]:
    headers = {"Authorization": f"Bearer {token_of(user_id)}"}
    with connect(
        f"ws://127.0.0.1:{port}/ws/v1", additional_headers=headers, proxy=None, max_size=None
    ) as connection:
        assert read_frame(connection.recv(timeout=_PATIENCE))["type"] == "hello"
        yield Client(connection)


@pytest.fixture
def place(server: Process, port: int) -> Place:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/v1/",
        headers={"Authorization": f"Bearer {token_of('ann')}"},
        trust_env=False,
    ) as ann:
        people = {"kind": "group", "participant_ids": ["ann", "bob"]}
        id_ = ann.post("conversations", json=people).json()["id"]
        messages = f"conversations/{id_}/messages"
        kept, deleted = (
            ann.post(messages, json={"text": text}).json()["id"] for text in ("one", "two")
        )
        return Place(conversation_id=id_, kept=kept, deleted=deleted)


def let_loose(port: int, batches: list[list[str | bytes]]) -> Counter[str]:
    """Every frame is answered, and with what an answer is. How many commands of each kind were
    carried out."""
    carried_out: Counter[str] = Counter()
    with client(port, "ann") as ann:
        for batch in batches:
            answers = ann.answers(batch)
            assert len(answers) == len(batch)
            for frame, answer in zip(batch, answers, strict=True):
                if answer["type"] == "reply":
                    assert answer.keys() == {"id", "type", "data"}
                    carried_out[json.loads(frame)["type"]] += 1
                else:
                    assert answer.keys() >= {"id", "type", "code", "detail", "status"}
                    assert answer["status"] < 500, answer
    return carried_out


def test_every_frame_is_answered(server: Process, port: int, place: Place) -> None:
    """None is a fault of the server's, and commands of every kind are carried out among them."""
    carried_out = let_loose(port, made(place, 1_000))

    assert carried_out.keys() == commands.COMMANDS.keys()
    assert "Traceback" not in server.output()


@pytest.mark.fuzz
def test_many_frames_harm_nobody(server: Process, port: int, place: Place) -> None:
    """A neighbour waits hardly longer, and the server's memory does not grow."""
    batches = made(place, 20_000)
    assert sum(map(len, batches)) >= 20_000
    let_loose(port, made(place, 1_000))  # what is kept for good is there by then
    with client(port, "bob") as bob:
        quiet = p99([bob.seconds() for _ in range(500)])
        before = resident_bytes(port)
        latencies: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.02):
                latencies.append(bob.seconds())

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            carried_out = let_loose(port, batches)
        finally:
            over.set()
            watching.join()
    grown = resident_bytes(port) - before
    print(
        f"neighbour's p99 {p99(latencies) * 1e3:.1f} ms, quiet {quiet * 1e3:.1f} ms;"
        f" memory grew by {grown / 2**20:.1f} MiB; carried out {dict(carried_out)}"
    )

    assert carried_out.keys() == commands.COMMANDS.keys()
    assert min(carried_out.values()) > 100
    assert p99(latencies) <= max(2 * quiet, quiet + 0.05)
    assert grown < 16 * 2**20
    assert "Traceback" not in server.output()


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def resident_bytes(port: int) -> float:
    """As the server itself tells."""
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    (line,) = re.findall(r"^process_resident_memory_bytes (.+)$", metrics, re.MULTILINE)
    return float(line)
