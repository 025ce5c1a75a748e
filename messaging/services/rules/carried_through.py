"""Use cases, or parts of them, that go on to their end if they are cancelled.

A request is cancelled when its client disconnects, or when its time is over. What the store has
begun to write is written all the same. So the rest must follow: another write that belongs to it,
the events, and what the caches of the instances must forget. A change by the writer
(`messaging.commits`) needs none of this.

What goes on holds no turn of its person any more. So only the part that writes is carried through:
it waits for nothing but the store and Redis, whose calls end in time. A wait for a moderation hook
comes before it, and ends with the request.
"""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from messaging.runtime.instance import Instance

UseCase = TypeVar("UseCase", bound=Callable[..., Coroutine[Any, Any, Any]])


def carried_through(use_case: UseCase) -> UseCase:
    """Decorate a use case, or the part of it that writes. It then goes on in the background of the
    instance if its caller is cancelled."""

    @functools.wraps(use_case)
    async def carried(instance: Instance, *args: Any, **kwargs: Any) -> Any:
        return await instance.background.carry_through(use_case(instance, *args, **kwargs))

    return cast("UseCase", carried)
