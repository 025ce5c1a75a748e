"""A resolver for tests."""

from collections.abc import Sequence
from ipaddress import ip_address

from messaging.outbound.addresses import Address


class Names:
    """It answers what a test wants, and counts its look-ups."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        texts = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(text) for text in texts]
