"""Signatures of the messages between instances: HMAC-SHA256 with a key of the installation.

They defend against another user of the same Redis who may publish: what such a user forges,
alters or repeats is refused. They hide nothing, and what instances keep in Redis (presence, rates,
badges) is not signed.

A message that is repeated within the window is refused by its number, of which the last is kept
for each sender; one that is repeated later, by its time. An instance that has just started knows
no numbers yet: for the first window of its life a repeated message of a sender that it has not
heard since may pass.
"""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum

from messaging.delivery.link.refused_messages import Reason, Refused

WINDOW_SECONDS = 60.0
"""How far a signed message's time may lie from the own clock."""
LEAST_KEY_CHARACTERS = 32
_MAX_SENDERS = 1_000
_PURPOSE = b"chat: messages between instances"


class Mode(StrEnum):
    OFF = "off"
    ACCEPT = "accept"
    """Sign, and accept what is not signed: while keys are being introduced."""
    REQUIRE = "require"
    """Sign, and refuse what is not signed."""


class Signing:
    def __init__(self, mode: Mode = Mode.OFF, keys: Sequence[str] = ()) -> None:
        """`keys`: the first one signs, every one of them verifies."""
        self.mode = mode
        self._keys = [hmac.digest(key.encode(), _PURPOSE, "sha256") for key in keys]
        if mode is Mode.OFF:
            self._keys = []
        self._last: OrderedDict[str, int] = OrderedDict()

    def sign(self, data: bytes) -> bytes:
        """Return the signature; empty where nothing is signed."""
        return hmac.digest(self._keys[0], data, "sha256") if self._keys else b""

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether it is signed. Raises Refused where it has to be and is not, or where the
        signature is wrong."""
        if not signature or not self._keys:
            if self.mode is Mode.REQUIRE:
                raise Refused(Reason.UNSIGNED)
            return False
        if not any(
            hmac.compare_digest(hmac.digest(key, data, "sha256"), signature) for key in self._keys
        ):
            raise Refused(Reason.FORGED)
        return True

    def take(self, sender: str, number: int, *, at: float, now: float) -> None:
        """Take a signed message. Raises Refused where it may have been taken before."""
        if not abs(now - at) <= WINDOW_SECONDS:
            raise Refused(Reason.STALE)
        if number <= self._last.get(sender, -1):
            raise Refused(Reason.REPLAYED)
        self._last[sender] = number
        self._last.move_to_end(sender)
        if len(self._last) > _MAX_SENDERS:
            self._last.popitem(last=False)
