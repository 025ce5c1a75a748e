"""Which files a message passes on its way from the view to Firestore and to the hub.

A reader who follows a send has to open them. A file more is a thing to think about twice, and so is
a file of the way itself that is entered again and again.
"""

import inspect
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pytest_django.fixtures import Settings

from config.application import Application
from tests.instances import new_instance
from tests.integration.chat import Api

ROOT = Path(__file__).resolve().parents[3]
ROOMS = tuple(f"{ROOT}/{room}/" for room in ("chat", "messaging"))

BESIDE = tuple(
    f"{ROOT}/messaging/{room}"
    for room in ("notifications", "runtime/signal_sender.py", "concurrency/loops.py")
)
"""What runs in the background, after the answer as likely as before it."""

LISTENING = "cancel_when_gone"
"""The function of `chat.handler` that waits beside the view for the end of its client."""

WAY = {
    "chat/rest/views/messages.py": "the view: what it takes from the request and answers",
    "chat/rest/views/base.py": "every view: how a body is read",
    "chat/payloads/decoding.py": "decodes a body by the rules of its serializer",
    "messaging/services/messages.py": "the use case",
    "messaging/services/rules/submission.py": "the rights, before a change waits for others",
    "messaging/domain/identifiers.py": "the form of ids, and new ones",
    "messaging/changes/text_rules.py": "which texts may be sent",
    "messaging/changes/rights.py": "who may send",
    "messaging/changes/messages/sending.py": "what a send changes",
    "messaging/commits/writer.py": "the queue of each conversation, and its commits one by one",
    "messaging/commits/group_commit.py": "one commit: its attempts, conflicts and lost answers",
    "messaging/commits/evaluation.py": "many changes become one commit",
    "messaging/commits/conversation_cache.py": "why a send reads nothing",
    "messaging/concurrency/tasks.py": "the queue is worked on in the background",
    "messaging/stores/switching/switchable.py": "the kind of store in use",
    "messaging/stores/firestore/store.py": "the store, each answer of which the witness sees",
    "messaging/stores/firestore/writes.py": "the writes of a commit",
    "messaging/domain/fields/earlier_texts.py": "a new message may have been edited already",
    "messaging/stores/firestore/documents/messages.py": "a message's document",
    "messaging/stores/firestore/documents/conversations.py": "a conversation's, what changed of it",
    "messaging/stores/firestore/values.py": "values of Python as Firestore's",
    "messaging/stores/firestore/client/requests.py": "the request",
    "messaging/stores/firestore/client/connection.py": "deadlines, retries, and the bill",
    "messaging/stores/shared/witness.py": "detects a restored backup",
    "messaging/concurrency/circuit_breaker.py": "fails at once during an outage, for all vendors",
    "messaging/runtime/commit_events.py": "who learns of a commit: sockets, signals, metrics",
    "messaging/followers/following.py": "search and webhooks hear of a commit",
    "messaging/delivery/publisher.py": "the events of a commit, for this instance and the others",
    "messaging/delivery/hub/hub.py": "the sockets of this instance",
    "messaging/wire/events.py": "the event",
    "messaging/wire/representations.py": "the message as clients see it",
    "messaging/presence/presence.py": "a person who sends is active",
    "messaging/presence/last_acts.py": "when people were last active",
}
"""Why a reader needs each file."""
MAX_ENTRIES = 2
"""Functions of one file that other files call."""

VALUES = {
    "messaging/changes/messages/sending.py": "a change: what it reads, who may make it",
    "messaging/changes/rights.py": "one function a right",
    "messaging/commits/evaluation.py": "collects what the changes of a commit do",
    "messaging/commits/group_commit.py": "a change that waits, and its answer",
    "messaging/domain/identifiers.py": "one function a kind of id",
    "messaging/stores/firestore/client/requests.py": "collects the writes of a commit",
    "messaging/stores/firestore/documents/messages.py": "one function a state of a message",
    "messaging/stores/firestore/values.py": "one function a type",
    "messaging/wire/representations.py": "one function a type",
}
"""Files that others use as a type is used, by each of its methods."""


class Way:
    """The calls from one file of ours to another while it is watched, each function's first."""

    def __init__(self) -> None:
        self.entries: Counter[str] = Counter()
        self.files: set[str] = set()
        self._seen: set[CodeType] = set()

    def begin(self) -> None:
        """Watch from here on. Its callers run on after each wait, and are no part of the way."""
        caller = inspect.currentframe()
        while caller is not None:
            self._seen.add(caller.f_code)
            caller = caller.f_back
        sys.setprofile(self.watch)

    def watch(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in self._seen or not code.co_filename.startswith(ROOMS):
            return
        callers = [caller for caller in _callers(frame) if caller.startswith(ROOMS)]
        if any(file.startswith(BESIDE) for file in (code.co_filename, *callers)):
            return
        if LISTENING in {code.co_name, *_names_of_callers(frame)}:
            return
        self._seen.add(code)
        self.files.add(_name(code))
        if code.co_name != "__init__" and (not callers or callers[0] != code.co_filename):
            self.entries[_name(code)] += 1


def _callers(frame: FrameType) -> Iterator[str]:
    """The files of those who wait for this call, the nearest first."""
    caller = frame.f_back
    while caller is not None:
        yield caller.f_code.co_filename
        caller = caller.f_back


def _names_of_callers(frame: FrameType) -> Iterator[str]:
    caller = frame.f_back
    while caller is not None:
        yield caller.f_code.co_name
        caller = caller.f_back


def _name(code: CodeType) -> str:
    return code.co_filename.removeprefix(f"{ROOT}/")


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """Watch each call of the view of messages, from its first line to its last."""
    from chat.rest.views.messages import MessagesView  # noqa: PLC0415 - needs Django's settings

    path, post = Way(), MessagesView.post

    async def watched_post(self: Any, *args: Any, **kwargs: Any) -> Any:
        path.begin()
        try:
            return await post(self, *args, **kwargs)
        finally:
            sys.setprofile(None)

    with monkeypatch.context() as patch:
        patch.setattr(MessagesView, "post", watched_post)
        yield path


async def test_the_files_that_a_message_passes(
    transactional_db: None,
    firestore_emulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    settings.CHAT_STORE = "firestore"
    settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    async with (
        new_instance() as instance,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Application(instance)),
            base_url="http://testserver/api/v1",
        ) as client,
    ):
        ann, bob = Api(client, "ann"), Api(client, "bob")
        conversation = await ann.direct(bob)
        await ann.send(conversation)  # what only the first one does is not the way

        with watched(monkeypatch) as path:
            await ann.send(conversation)

    assert path.files == WAY.keys()
    often = {file: n for file, n in path.entries.items() if n > MAX_ENTRIES}
    assert not often.keys() - VALUES.keys(), often
