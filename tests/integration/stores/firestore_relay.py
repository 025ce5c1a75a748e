"""A relay between the store and the emulator, to see and to spoil what passes on the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import grpc
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    CommitRequest,
    RollbackRequest,
    RunAggregationQueryRequest,
    RunQueryRequest,
    StructuredQuery,
)

_SERVICE = "google.firestore.v1.Firestore"
_ALWAYS = 1_000_000
_OF_TRANSACTIONS = {"BatchGetDocuments": BatchGetDocumentsRequest, "Commit": CommitRequest}


@dataclass(slots=True, kw_only=True)
class _Fault:
    status: grpc.StatusCode | None
    """None: there is no answer, ever."""
    applied: bool
    times: int


class Relay:
    """Passes calls on, and keeps the name and headers of each, and what was committed and
    queried. By `spoil` chosen calls fail, before the emulator saw them or after it did."""

    def __init__(self, emulator: str) -> None:
        self.calls: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.commits: list[CommitRequest] = []
        self.queries: list[StructuredQuery] = []
        self._faults: dict[str, list[_Fault]] = {}
        self._most_messages: int | None = None
        self._server = grpc.aio.server()
        self._emulator = grpc.aio.insecure_channel(emulator)
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    _SERVICE,
                    {
                        "Commit": self._unary("Commit"),
                        "BeginTransaction": self._unary("BeginTransaction"),
                        "Rollback": self._unary("Rollback"),
                        "BatchGetDocuments": self._stream("BatchGetDocuments"),
                        "RunQuery": self._stream("RunQuery"),
                        "RunAggregationQuery": self._stream("RunAggregationQuery"),
                    },
                )
            ]
        )

    async def start(self, port: int = 0) -> str:
        """Listen, and return host:port."""
        port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def stop(self) -> None:
        await self._server.stop(grace=None)
        await self._emulator.close()

    def forget(self) -> None:
        self.calls.clear()
        self.headers.clear()
        self.commits.clear()
        self.queries.clear()

    def spoil(
        self,
        method: str,
        status: grpc.StatusCode | None,
        *,
        times: int = _ALWAYS,
        applied: bool = False,
    ) -> None:
        """Answer the next calls of a method with this status, or never if it is None; `applied`:
        after the emulator carried them out and, of a stream, after all that it had to say.

        Several of these for one method take effect one after the other.
        """
        fault = _Fault(status=status, applied=applied, times=times)
        self._faults.setdefault(method, []).append(fault)

    def mend(self) -> None:
        """Spoil nothing any more."""
        self._faults.clear()
        self._most_messages = None

    def delay_pages(self, *, above: int) -> None:
        """Answer no query that asks for more messages than that in time."""
        self._most_messages = above

    def _unary(self, name: str) -> object:
        async def handle(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
            fault = self._note(name, request, context)
            if fault is not None and not fault.applied:
                await self._fail(fault, name, request, context)
            method: Callable[..., Awaitable[bytes]] = self._emulator.unary_unary(
                f"/{_SERVICE}/{name}"
            )
            try:
                answer = await method(request, metadata=_passed_on(context))
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details())
            if fault is not None:
                await self._fail(fault, name, request, context)
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)

    def _stream(self, name: str) -> object:
        async def handle(request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
            fault = self._note(name, request, context)
            if fault is not None and not fault.applied:
                await self._fail(fault, name, request, context)
            method = self._emulator.unary_stream(f"/{_SERVICE}/{name}")
            try:
                async for answer in method(request, metadata=_passed_on(context)):
                    yield answer
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details())
            if fault is not None:
                await self._fail(fault, name, request, context)

        return grpc.unary_stream_rpc_method_handler(handle)

    def _note(self, name: str, request: bytes, context: grpc.aio.ServicerContext) -> _Fault | None:
        """Keep what passes, and say what is to become of it."""
        self.calls.append(name)
        self.headers.append(dict(context.invocation_metadata()))
        if name == "Commit":
            self.commits.append(CommitRequest.deserialize(request))
        if name == "RunQuery":
            asked = RunQueryRequest.deserialize(request).structured_query
            self.queries.append(asked)
            if self._is_late(asked):
                return _Fault(status=None, applied=False, times=1)
        if name == "RunAggregationQuery":
            counted = RunAggregationQueryRequest.deserialize(request)
            self.queries.append(counted.structured_aggregation_query.structured_query)
        faults = self._faults.get(name, [])
        while faults and faults[0].times == 0:
            del faults[0]
        if not faults:
            return None
        faults[0].times -= 1
        return faults[0]

    def _is_late(self, asked: StructuredQuery) -> bool:
        if self._most_messages is None or asked.from_[0].collection_id != "messages":
            return False
        return (asked.limit or 0) > self._most_messages

    async def _fail(
        self, fault: _Fault, name: str, request: bytes, context: grpc.aio.ServicerContext
    ) -> None:
        if fault.status is None:
            await asyncio.Event().wait()  # until the caller gives up, which cancels us
        if fault.status is grpc.StatusCode.ABORTED and name in _OF_TRANSACTIONS:
            # It is over then, and nobody will roll it back: its locks go now.
            call = _OF_TRANSACTIONS[name].deserialize(request)
            ended = RollbackRequest(database=call.database, transaction=call.transaction)
            rollback = self._emulator.unary_unary(
                f"/{_SERVICE}/Rollback", request_serializer=RollbackRequest.serialize
            )
            with contextlib.suppress(grpc.aio.AioRpcError):
                await rollback(ended, metadata=_passed_on(context))
        await context.abort(fault.status, "as the test wants it")


def _passed_on(context: grpc.aio.ServicerContext) -> list[tuple[str, str]]:
    names = ("authorization", "google-cloud-resource-prefix")
    return [(key, value) for key, value in context.invocation_metadata() if key in names]
