"""The bridge from the admin's threads to the event loop of the instance."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import async_to_sync

P = ParamSpec("P")
T = TypeVar("T")


def on_loop(work: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """Do something where the instance lives, and wait for it in this thread.

    Django's admin is synchronous, so the ASGI handler runs its views by `sync_to_async` in a thread
    of the request. What `async_to_sync` is given there, it does not run on a loop of its own but
    hands to the loop from which the thread was started: the server's, to which the instance, its
    store and its sockets belong. Context variables, and so the request's id in the logs, go along.

    Nobody waits for the thread on that loop but the request itself, and the thread holds neither a
    lock nor a transaction meanwhile: the admin acts outside of `atomic`, for on SQLite an open
    transaction of this thread would shut out the store's writer.
    """
    return async_to_sync(work)
