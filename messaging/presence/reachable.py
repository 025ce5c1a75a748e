"""Who is reachable without a socket: people with a device for push notifications.

A lookup costs a read per person, so the answer is cached for a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence

from messaging.stores.recipients import RecipientStore

_KEPT_SECONDS = 60.0
_MAX_KEPT = 100_000
"""At most 35 MB, with the longest user ids. If more people were watched at once, each look would
read all of them again."""
_READ_AT_ONCE = 1_000
"""A read of very many people would exceed the deadline of a call."""


class Reachable:
    def __init__(self, recipients: RecipientStore) -> None:
        self._recipients = recipients
        self._known: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def among(self, user_ids: Sequence[str]) -> frozenset[str]:
        """Return the users who have a device. Raises StoreUnavailable."""
        horizon = time.monotonic() - _KEPT_SECONDS
        answers = {}
        unknown = []
        for user_id in user_ids:
            known = self._known.get(user_id)
            if known is None or known[1] < horizon:
                unknown.append(user_id)
            else:
                answers[user_id] = known[0]
        for start in range(0, len(unknown), _READ_AT_ONCE):
            some = unknown[start : start + _READ_AT_ONCE]
            recipients = await self._recipients.get_recipients(some)
            for user_id, recipient in recipients.items():
                answers[user_id] = bool(recipient.devices)
                self._keep(user_id, answers[user_id])
        return frozenset(user_id for user_id, answer in answers.items() if answer)

    def registered(self, user_id: str) -> None:
        self._keep(user_id, True)

    def forget(self, user_id: str) -> None:
        self._known.pop(user_id, None)

    def _keep(self, user_id: str, answer: bool) -> None:
        self._known[user_id] = (answer, time.monotonic())
        self._known.move_to_end(user_id)
        if len(self._known) > _MAX_KEPT:
            self._known.popitem(last=False)
