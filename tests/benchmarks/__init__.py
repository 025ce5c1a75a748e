"""What it takes: figures, printed by `make ratios`, and the ratios that are promised."""

from messaging.domain.conversation import Conversation
from tests.integration.stores import new_conversation


def crowd(people: int) -> Conversation:
    """A group of so many, not stored yet: ann, who owns it, and user-0, user-1…"""
    return new_conversation("ann", *(f"user-{number}" for number in range(people)))
