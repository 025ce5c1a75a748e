"""A relay between the store and the emulator, to see and to spoil what passes on the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from google.cloud.firestore_v1.types import (
    CommitRequest,
    RunAggregationQueryRequest,
    RunQueryRequest,
    StructuredQuery,
)


class Relay:
    """Passes calls on. It keeps the name of each, and what was committed and queried; commits can
    be refused, or carried out and their answers lost."""

    def __init__(self, emulator: str) -> None:
        self.calls: list[str] = []
        self.commits: list[CommitRequest] = []
        self.queries: list[StructuredQuery] = []
        self.refuse_commits_with: grpc.StatusCode | None = None
        self.lose_answers = False
        self._server = grpc.aio.server()
        self._emulator = grpc.aio.insecure_channel(emulator)
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "google.firestore.v1.Firestore",
                    {
                        "Commit": grpc.unary_unary_rpc_method_handler(self._commit),
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
        self.commits.clear()

    async def _commit(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        self.calls.append("Commit")
        self.commits.append(CommitRequest.deserialize(request))
        if self.refuse_commits_with is not None:
            await context.abort(self.refuse_commits_with, "as the test wants it")
        answer: bytes = await self._method("Commit")(request, metadata=_metadata(context))
        if self.lose_answers:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the answer is lost")
        return answer

    def _unary(self, name: str) -> object:
        async def handle(request: bytes, context: grpc.aio.ServicerContext) -> object:
            self.calls.append(name)
            return await self._method(name)(request, metadata=_metadata(context))

        return grpc.unary_unary_rpc_method_handler(handle)

    def _stream(self, name: str) -> object:
        async def handle(
            request: bytes, context: grpc.aio.ServicerContext
        ) -> AsyncIterator[object]:
            self.calls.append(name)
            if name == "RunQuery":
                self.queries.append(RunQueryRequest.deserialize(request).structured_query)
            if name == "RunAggregationQuery":
                counted = RunAggregationQueryRequest.deserialize(request)
                self.queries.append(counted.structured_aggregation_query.structured_query)
            method = self._emulator.unary_stream(f"/google.firestore.v1.Firestore/{name}")
            async for answer in method(request, metadata=_metadata(context)):
                yield answer

        return grpc.unary_stream_rpc_method_handler(handle)

    def _method(self, name: str) -> Callable[..., Awaitable[bytes]]:
        method: Callable[..., Awaitable[bytes]] = self._emulator.unary_unary(
            f"/google.firestore.v1.Firestore/{name}"
        )
        return method


def _metadata(context: grpc.aio.ServicerContext) -> list[tuple[str, str]]:
    passed_on = ("authorization", "google-cloud-resource-prefix")
    return [(key, value) for key, value in context.invocation_metadata() if key in passed_on]
