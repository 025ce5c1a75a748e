"""The bridge from the admin's threads to the event loop of the instance."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import async_to_sync

P = ParamSpec("P")
T = TypeVar("T")


def on_loop(work: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """Run a coroutine on the instance's event loop, and wait for it in this thread.

    Django's admin is synchronous, so the ASGI handler runs its views by `sync_to_async` in a thread
    of the request. In such a thread, `async_to_sync` does not start a loop of its own. It uses the
    loop that started the thread: the server's, to which the instance, its store and its sockets
    belong. Context variables, and so the request id in the logs, are passed along.

    On that loop only the request waits for the thread. The thread holds neither a lock nor a
    transaction meanwhile: the admin runs outside `atomic`. On SQLite an open transaction of this
    thread would block the store's writer.
    """
    return async_to_sync(work)
