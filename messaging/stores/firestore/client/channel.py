"""A channel to Cloud Firestore: its calls, with plain protobuf messages.

The official client wraps every message, and copies every document that it returns. By measurement
that was four fifths of the CPU time of a call. Without it, only its retries are missing;
`connection` has our own. Credentials, emulator and headers are the same.

The channel is an ordinary one of `grpc.aio`, created by the public functions that tracing
instruments, such as OpenTelemetry's `GrpcAioInstrumentorClient`.
"""

import asyncio
import os
import platform
from functools import partial
from typing import Any
from urllib.parse import quote

import google.auth
import grpc
from google.api_core import grpc_helpers_async
from google.cloud.firestore_v1 import types

_HOST = "firestore.googleapis.com"
_SCOPES = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/datastore",
)
_SERVICE = "/google.firestore.v1.Firestore/"
_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Missing acknowledgements show that the other end has disappeared.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # By default a channel reconnects after pauses that grow to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),  # the timeout of one connect
    ("grpc.max_reconnect_backoff_ms", 250),
)

Metadata = tuple[tuple[str, str], ...]


async def open_channel(database: str) -> "Channel":
    """Open a channel to the emulator of `FIRESTORE_EMULATOR_HOST`, else to Firestore with Google's
    application default credentials. Raises GoogleAuthError if there are none."""
    metadata: Metadata = (
        ("google-cloud-resource-prefix", database),
        ("x-goog-api-client", f"gl-python/{platform.python_version()} grpc/{grpc.__version__}"),
    )
    if emulator := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        channel = grpc.aio.insecure_channel(emulator, options=_OPTIONS)
        # The emulator treats this as an administrator, like all server clients.
        return Channel(channel, database, (*metadata, ("authorization", "Bearer owner")))
    # In a thread: this reads files, or queries a metadata server.
    credentials, _ = await asyncio.to_thread(google.auth.default, scopes=_SCOPES)
    channel = grpc_helpers_async.create_channel(
        f"{_HOST}:443", credentials=credentials, default_host=_HOST, options=_OPTIONS
    )
    return Channel(channel, database, metadata)


class Channel:
    """The calls of the store: of a request, with a `timeout` in seconds. Each raises
    `grpc.aio.AioRpcError`.

    The channel closes when nobody holds it any more and its last call has ended.
    """

    def __init__(self, channel: grpc.aio.Channel, database: str, metadata: Metadata) -> None:
        self._metadata = metadata
        self._for_database = (*metadata, _routed("database", database))
        self.commit = partial(
            channel.unary_unary(
                _SERVICE + "Commit", *_serializers(types.CommitRequest, types.CommitResponse)
            ),
            metadata=self._for_database,
        )
        self.begin_transaction = partial(
            channel.unary_unary(
                _SERVICE + "BeginTransaction",
                *_serializers(types.BeginTransactionRequest, types.BeginTransactionResponse),
            ),
            metadata=self._for_database,
        )
        self.rollback = partial(
            channel.unary_unary(
                _SERVICE + "Rollback", types.RollbackRequest.pb().SerializeToString
            ),
            metadata=self._for_database,
        )
        self._batch_get_documents = channel.unary_stream(
            _SERVICE + "BatchGetDocuments",
            *_serializers(types.BatchGetDocumentsRequest, types.BatchGetDocumentsResponse),
        )
        self._run_query = channel.unary_stream(
            _SERVICE + "RunQuery", *_serializers(types.RunQueryRequest, types.RunQueryResponse)
        )
        self._run_aggregation_query = channel.unary_stream(
            _SERVICE + "RunAggregationQuery",
            *_serializers(types.RunAggregationQueryRequest, types.RunAggregationQueryResponse),
        )

    async def batch_get_documents(self, request: Any, *, timeout: float) -> list[Any]:
        answers = self._batch_get_documents(request, timeout=timeout, metadata=self._for_database)
        return [answer async for answer in answers]

    async def run_query(self, request: Any, *, timeout: float) -> list[Any]:
        metadata = (*self._metadata, _routed("parent", request.parent))
        answers = self._run_query(request, timeout=timeout, metadata=metadata)
        return [answer async for answer in answers]

    async def run_aggregation_query(self, request: Any, *, timeout: float) -> list[Any]:
        metadata = (*self._metadata, _routed("parent", request.parent))
        answers = self._run_aggregation_query(request, timeout=timeout, metadata=metadata)
        return [answer async for answer in answers]


def _serializers(request: Any, answer: Any) -> tuple[Any, Any]:
    """Return the serializers of the plain protobuf messages inside two wrapped ones."""
    return request.pb().SerializeToString, answer.pb().FromString


def _routed(name: str, value: str) -> tuple[str, str]:
    """Return the header by which Google's front end finds the database
    (https://google.aip.dev/4222)."""
    return "x-goog-request-params", f"{name}={quote(value)}"
