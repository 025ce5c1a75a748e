"""Quotas: the conversations that a person may create in a day, and the people that they may add.

They are counted over all instances like the other rates (`messaging.redis.rate_limits`), and given
back if nothing was created or added. `CHAT_RATE_LIMITS=off` disables them.
"""

from dataclasses import dataclass

from django.conf import settings

from messaging.domain.exceptions import RateLimited
from messaging.domain.limits import get_limits
from messaging.redis.rate_limits import Rate, Rates

_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The counts of one request."""

    rates: Rates
    user_id: str
    conversations: int = 0
    people: int = 0
    by_service: bool = False
    """Whether a service account acts, which has no quotas."""

    async def take(self) -> None:
        """Count the request. Raises RateLimited, and then counts nothing."""
        taken: list[tuple[Rate, int]] = []
        for rate, count in self._counts():
            wait = await self.rates.take(rate, self.user_id, count=count)
            if wait > 0:
                for other, given in taken:
                    await self.rates.give_back(other, self.user_id, count=given)
                raise RateLimited(wait)
            taken.append((rate, count))

    async def give_back(self) -> None:
        """Give back the counts of a request that changed nothing."""
        for rate, count in self._counts():
            await self.rates.give_back(rate, self.user_id, count=count)

    def _counts(self) -> list[tuple[Rate, int]]:
        if self.by_service or not settings.CHAT_RATE_LIMITS:
            return []
        limits = get_limits()
        counts = [
            (_daily("conversations-created", limits.conversations_per_day), self.conversations),
            (_daily("people-added", limits.people_added_per_day), self.people),
        ]
        return [(rate, count) for rate, count in counts if count]


def _daily(name: str, limit: int) -> Rate:
    return Rate(name=name, per_second=limit / _DAY_SECONDS, burst=limit)
