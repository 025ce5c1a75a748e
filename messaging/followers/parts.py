"""Divides the changes of a conversation into parts, each small enough for one transaction.

On SQLite, a send may wait for a transaction. A follower also needs memory for all that it writes in
one transaction: the search index holds the words of all these messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from messaging.domain.message import Message
from messaging.followers.follower import Followed

MAX_WEIGHT = 400
"""Of the changes in one transaction."""
_CHARACTERS = 250
"""The characters of a text that weigh as much as a message."""


def weight_of(followed: Followed) -> int:
    return 1 + sum(map(_weight, followed.messages))


def parts_of(followed: Followed) -> Iterator[Followed]:
    """Yield these changes, in order, in parts of at most `MAX_WEIGHT`.

    Two parts in a row weigh more than that together. Each part but the last has `more`. Each shows
    its messages in their present state, as `followed` does.
    """
    if weight_of(followed) <= MAX_WEIGHT:
        yield followed
        return
    steps = _steps(followed)
    part = _without_step(followed, steps)
    since, start, weight = followed.since, 0, 1 + sum(map(_weight, part.values()))
    for index, (_, message) in enumerate(steps):
        if message is None or message.id in part:
            continue
        if index > start and weight + _weight(message) > MAX_WEIGHT:
            until = steps[index - 1][0]
            yield _part(followed, (start, index), part, since=since, version=until, more=True)
            since, start, part, weight = until, index, {}, 1
        part[message.id] = message
        weight += _weight(message)
    end = (start, len(steps))
    yield _part(followed, end, part, since=since, version=followed.version, more=followed.more)


def _steps(followed: Followed) -> Sequence[tuple[int, Message | None]]:
    """Return the versions of the changes, each with its message in its present state."""
    if followed.changes is None:
        return [(message.version, message) for message in followed.messages]
    latest = {message.id: message for message in followed.messages}
    return [
        (one.version, None if one.message is None else latest[one.message.id])
        for one in followed.changes
    ]


def _without_step(
    followed: Followed, steps: Sequence[tuple[int, Message | None]]
) -> dict[str, Message]:
    """Return the messages of no step: the one that the conversation was created with."""
    others = {message.id: message for message in followed.messages}
    for _, message in steps:
        if message is not None:
            others.pop(message.id, None)
    return others


def _part(
    followed: Followed,
    steps: tuple[int, int],
    messages: dict[str, Message],
    *,
    since: int,
    version: int,
    more: bool,
) -> Followed:
    first, last = steps
    return replace(
        followed,
        since=since,
        version=version,
        messages=sorted(messages.values(), key=lambda message: message.version),
        changes=None if followed.changes is None else followed.changes[first:last],
        whole=followed.whole and since == followed.since,
        more=more,
    )


def _weight(message: Message) -> int:
    return 1 + len(message.text or "") // _CHARACTERS
