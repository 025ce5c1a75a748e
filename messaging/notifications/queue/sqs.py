"""The queue of jobs on Amazon SQS.

This is the only file that imports boto3. It does so when a queue is used: most processes use none,
and the import takes long. boto3 blocks, so every call runs in a thread of our own pool. Region,
endpoint and credentials are found as usual for boto3.

Not promised: order, and exactly-once delivery. SQS may deliver a job twice; the claims prevent a
second push.
"""

import asyncio
import functools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    from boto3.session import Session

logger = structlog.get_logger(__name__)

T = TypeVar("T")

BATCH_ENTRIES = 10
BATCH_BYTES = 256 * 1024
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
MAX_DELAY_SECONDS = 900
MAX_RECEIVES = 5
"""How often a job is delivered before it goes to the dead-letter queue."""

_THREADS = 8
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 4
_DAY_SECONDS = 24 * 3600
_making = threading.Lock()
"""Sessions are not thread-safe."""
_NO_ANSWER = "TimeoutError"
_TEXT = "String"
_POLL_SECONDS = 5
"""Long enough to cost little, short enough not to delay a shutdown."""


class QueueMisconfigured(Exception):
    """boto3 refuses the settings of the queue, such as an endpoint without a scheme."""


class QueueUnavailable(Exception):
    """SQS cannot be reached, did not answer in time, or refused."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.code = code
        """The error code of SQS, or of boto3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job to be queued."""

    body: str
    delay: int = 0
    """Seconds before it can be received."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """At most ten texts beside the body."""

    @property
    def size(self) -> int:
        """Return the bytes that SQS counts."""
        texts = (self.body, *self.attributes, *self.attributes.values())
        return sum(len(text.encode()) for text in texts) + len(_TEXT) * len(self.attributes)

    def described(self, id_: str) -> Mapping[str, Any]:
        """Return the entry of a batch, as boto3 expects it."""
        described: dict[str, Any] = {
            "Id": id_,
            "MessageBody": self.body,
            "DelaySeconds": self.delay,
        }
        if self.attributes:
            described["MessageAttributes"] = {
                name: {"DataType": _TEXT, "StringValue": value}
                for name, value in self.attributes.items()
            }
        return described


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    id: str
    body: str
    receipt: str
    count: int
    """How often it has been delivered, including this time."""
    attributes: Mapping[str, str] = field(default_factory=dict)


class SqsQueue:
    """A queue, found by its URL. Every method may raise QueueUnavailable."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sqs")
        self._client = functools.cache(_make_client)  # created in a thread, when first needed

    async def open(self) -> None:
        """Create the client of boto3, without a request. Raises QueueMisconfigured."""
        try:
            await self._run(self._client)
        except QueueUnavailable as error:
            if error.code != _NO_ANSWER:  # the import may be slow
                raise QueueMisconfigured(str(error)) from error
        except ValueError as error:
            raise QueueMisconfigured(str(error)) from error

    async def close(self) -> None:
        """Start no more requests. A running one ends by its own timeouts: nobody waits for it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def send(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Queue at most ten entries of at most 256 KiB together. Return the entries that SQS did
        not accept; even an answer of 200 may refuse some."""
        batch = [entry.described(str(index)) for index, entry in enumerate(entries)]
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await self._call("send_message_batch", Entries=batch)
        except TimeoutError as error:
            raise QueueUnavailable("no answer in time") from error
        failed = answer.get("Failed", [])
        for one in failed:
            logger.warning("queue.entry_refused", reason=one.get("Code"))
        return [entries[int(one["Id"])] for one in failed]

    async def receive(
        self, most: int, *, hidden: int, wait: int = _POLL_SECONDS
    ) -> Sequence[Received]:
        """Wait up to so many seconds, five at most, for jobs. Received jobs are hidden from others
        for so many seconds. Without waiting, SQS checks only some of its servers."""
        answer = await self._call(
            "receive_message",
            MaxNumberOfMessages=min(most, BATCH_ENTRIES),
            WaitTimeSeconds=wait,
            VisibilityTimeout=hidden,
            AttributeNames=["ApproximateReceiveCount"],
            MessageAttributeNames=["All"],
        )
        return [
            Received(
                id=message["MessageId"],
                body=message["Body"],
                receipt=message["ReceiptHandle"],
                count=int(message["Attributes"]["ApproximateReceiveCount"]),
                attributes={
                    name: one["StringValue"]
                    for name, one in message.get("MessageAttributes", {}).items()
                    if one["DataType"] == _TEXT
                },
            )
            for message in answer.get("Messages", [])
        ]

    async def delete(self, received: Sequence[Received]) -> None:
        """Delete at most ten jobs. SQS delivers those again that it fails to delete."""
        answer = await self._call(
            "delete_message_batch",
            Entries=[
                {"Id": str(index), "ReceiptHandle": one.receipt}
                for index, one in enumerate(received)
            ],
        )
        for one in answer.get("Failed", []):
            logger.warning("queue.not_deleted", reason=one.get("Code"))

    async def hide(self, received: Received, seconds: int) -> None:
        """Hide a job for so many seconds from now on; zero returns it to the queue."""
        await self._call(
            "change_message_visibility", ReceiptHandle=received.receipt, VisibilityTimeout=seconds
        )

    async def waiting(self) -> int:
        """Return the approximate number of jobs that wait."""
        answer = await self._call(
            "get_queue_attributes", AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    async def dead_letters(self) -> "SqsQueue | None":
        """Return the dead-letter queue, or None."""
        answer = await self._call("get_queue_attributes", AttributeNames=["RedrivePolicy"])
        policy = answer.get("Attributes", {}).get("RedrivePolicy")
        if policy is None:
            return None
        name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
        found = await self._run(lambda: self._client().get_queue_url(QueueName=name))
        return SqsQueue(found["QueueUrl"])

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        return await self._run(
            lambda: getattr(self._client(), method)(QueueUrl=self.url, **arguments)
        )

    async def _run(self, call: Callable[[], T]) -> T:
        """Call in a thread, in which boto3 is imported too."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_POLL_SECONDS + _ANSWER_SECONDS):
                return await loop.run_in_executor(self._pool, _translated, call)
        except TimeoutError as error:
            raise QueueUnavailable("no answer in time", code=_NO_ANSWER) from error


def _translated(call: Callable[[], T]) -> T:
    """Call boto3, and raise QueueUnavailable for its errors."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        code = type(error).__name__
        if isinstance(error, ClientError):
            code = error.response.get("Error", {}).get("Code", code)
        raise QueueUnavailable(f"{type(error).__name__}: {error}", code=code) from error


def create_queues(name: str, *, hidden: int) -> str:
    """Create a queue with its dead-letter queue, or update them. Return its URL. Blocks.

    Raises QueueUnavailable.
    """
    return _translated(lambda: _create_both(_make_client(), name, hidden))


def _create_both(client: Any, name: str, hidden: int) -> str:
    dead = _create(
        client, f"{name}-dead-letters", {"MessageRetentionPeriod": str(14 * _DAY_SECONDS)}
    )
    attributes = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": attributes["Attributes"]["QueueArn"],
        "maxReceiveCount": MAX_RECEIVES,
    }
    return _create(
        client,
        name,
        {
            "VisibilityTimeout": str(hidden),
            "MessageRetentionPeriod": str(_DAY_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
        },
    )


def _create(client: Any, name: str, attributes: dict[str, str]) -> str:
    try:
        url: str = client.get_queue_url(QueueName=name)["QueueUrl"]
    except client.exceptions.QueueDoesNotExist:
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    else:
        client.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return url


def _make_client() -> Any:
    """Create a client. Threads may share it; creating one takes a tenth of a second."""
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_POLL_SECONDS + _ANSWER_SECONDS,
        retries={"total_max_attempts": 1},  # the fallback is our own
        max_pool_connections=_THREADS,
    )
    with _making:
        return _session().client("sqs", config=config)


@functools.cache
def _session() -> "Session":
    """Return the session of all clients. It holds some hundred thousand objects of AWS data, and
    the garbage collector would scan them again for each session."""
    from boto3.session import Session  # noqa: PLC0415

    return Session()
