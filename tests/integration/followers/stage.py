"""A store with a writer, and processes with followers on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.followers.follower import Followed
from messaging.followers.following import Following
from messaging.models import CheckpointRecord, FollowerRecord, SweepOfFollowersRecord
from messaging.stores.conversations import Store
from messaging.stores.epochs import Epoch
from messaging.stores.sql.connections.calls import Calls
from tests.commits import CommitLog
from tests.integration.stores import new_conversation
from tests.integration.stores.acting import send


@dataclass
class Epochs:
    """An epoch as the test sets it."""

    id: str = "first"

    async def get(self) -> Epoch:
        return Epoch(id=self.id, number=0)


@dataclass
class Recorder:
    """A remote follower that keeps what it gets."""

    name: str = "recorder"
    from_beginning: bool = True
    lease_seconds: float = 5.0
    got: list[Followed] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    async def deliver(self, followed: Followed) -> None:
        self.got.append(followed)

    async def forget(self, conversation_id: str) -> None:
        self.forgotten.append(conversation_id)

    @property
    def versions(self) -> list[tuple[int, int]]:
        """From which version to which, for each delivery."""
        return [(one.since, one.version) for one in self.got]

    @property
    def texts(self) -> list[str | None]:
        return [message.text for one in self.got for message in one.messages]


@dataclass
class LocalRecorder:
    """A local follower that keeps what it gets."""

    name: str = "local"
    from_beginning: bool = True
    got: list[Followed] = field(default_factory=list)
    fails_at: set[str] = field(default_factory=set)
    """The conversations whose changes cannot be written."""
    portions: int = 1
    """In how many transactions it discards a conversation."""
    forgotten: list[str] = field(default_factory=list)

    def write(self, _: BaseDatabaseWrapper, followed: Sequence[Followed]) -> Sequence[str]:
        if any(one.conversation.id in self.fails_at for one in followed):
            raise ValueError("not writable")
        self.got += followed
        return []

    def forget(self, _: BaseDatabaseWrapper, conversation_id: str) -> bool:
        self.forgotten.append(conversation_id)
        return self.forgotten.count(conversation_id) < self.portions


class Stage:
    def __init__(self, store: Store, calls: Calls) -> None:
        self.store = store
        self.calls = calls
        self.epochs = Epochs()
        self._numbers = 0

    def process(self) -> "Process":
        """A further process, which shares store and database."""
        self._numbers += 1
        return Process(self, f"process-{self._numbers}")

    async def group(self) -> Conversation:
        return await self.store.create_conversation(new_conversation("ann", "bob"))


class Process:
    def __init__(self, stage: Stage, owner: str) -> None:
        self.stage = stage
        self.following = Following(
            store=stage.store, epochs=stage.epochs, calls=stage.calls, owner=owner
        )
        self.cache = ConversationCache()
        self.writer = Writer(stage.store, self.cache, CommitLog(self.following.committed))
        self.deaf = Writer(stage.store, ConversationCache(), CommitLog())
        """Commits as a process does that ends before anybody hears of it."""

    async def say(self, conversation: Conversation, *texts: str) -> None:
        for text in texts:
            await self.writer.submit(
                conversation.id, send(conversation.id, text, client_id=random_id())
            )

    async def say_and_die(self, conversation: Conversation, *texts: str) -> None:
        for text in texts:
            await self.deaf.submit(
                conversation.id, send(conversation.id, text, client_id=random_id())
            )


async def end_leases(stage: Stage) -> None:
    """Let all leases end, as they do in time."""
    past = datetime(2020, 1, 1, tzinfo=UTC)

    def end(database: BaseDatabaseWrapper) -> None:
        for model in (CheckpointRecord, FollowerRecord, SweepOfFollowersRecord):
            leased = model.objects.using(database.alias).filter(leased_until__isnull=False)
            leased.update(leased_until=past)

    await stage.calls.write("follow", end)
