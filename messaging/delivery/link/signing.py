"""Signatures of the messages between instances: HMAC-SHA256 with a key of the installation.

They protect against another client of the same Redis that may publish: its forged, altered or
repeated messages are refused. They do not encrypt, and the data of instances in Redis (presence,
rates, badges) is not signed.

A message that is repeated within the window is refused by its number; the latest is stored for each
sender. A message that is repeated later is refused by its time. An instance that has just started
knows no numbers yet. During its first window it may accept a repeated message from a sender that it
has not received from since.
"""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum

from messaging.delivery.link.refused_messages import Reason, Refused

WINDOW_SECONDS = 60.0
"""How far a signed message's time may be from the local clock."""
LEAST_KEY_CHARACTERS = 32
_MAX_SENDERS = 4_000
_PURPOSE = b"chat: messages between instances"


class Mode(StrEnum):
    OFF = "off"
    ACCEPT = "accept"
    """Sign, and accept unsigned messages: while keys are being introduced."""
    REQUIRE = "require"
    """Sign, and refuse unsigned messages."""


class Signing:
    def __init__(self, mode: Mode = Mode.OFF, keys: Sequence[str] = ()) -> None:
        """Create a signer. The first of the `keys` signs, every one verifies."""
        self.mode = mode
        self._keys = [hmac.digest(key.encode(), _PURPOSE, "sha256") for key in keys]
        if mode is Mode.OFF:
            self._keys = []
        self._last: OrderedDict[str, int] = OrderedDict()

    def sign(self, data: bytes) -> bytes:
        """Return the signature; empty if nothing is signed."""
        return hmac.digest(self._keys[0], data, "sha256") if self._keys else b""

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Return whether it is signed. Raises Refused if a required signature is missing, or if the
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
        """Accept a signed message once. Raises Refused if it may have been accepted before."""
        if not abs(now - at) <= WINDOW_SECONDS:
            raise Refused(Reason.STALE)
        if number <= self._last.get(sender, -1):
            raise Refused(Reason.REPLAYED)
        self._last[sender] = number
        self._last.move_to_end(sender)
        if len(self._last) > _MAX_SENDERS:
            self._last.popitem(last=False)
