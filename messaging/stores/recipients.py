"""The interface of the recipient store: people's settings and their devices for notifications.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from messaging.domain.identifiers import derived_id
from messaging.domain.people import Access
from messaging.domain.recipients import Device, Recipient


class RecipientStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        """Return all these recipients, one read each. A person without stored settings has the
        defaults."""

    async def set_settings(self, user_id: str, changes: Mapping[str, Any]) -> None:
        """Change the given fields of a person's `UserSettings`. The others stay unchanged,
        including fields of a later release and concurrent changes."""

    async def put_device(self, user_id: str, device: Device, *, most: int) -> None:
        """Register a device, or register it again.

        Its token belongs to no other device from then on. Above `most` devices, those that were
        registered longest ago are removed.
        """

    async def remove_device(
        self, user_id: str, device_id: str, *, token: str | None = None
    ) -> bool:
        """Remove a device; with a token, only if the device still has it. Return False if nothing
        was removed."""


def devices_allowed_to_ring(devices: Iterable[Device], access: Access) -> tuple[Device, ...]:
    """Return the devices that may get pushes: none of a banned person, and none that was registered
    before its person logged out everywhere."""
    return tuple(device for device in devices if access.admits(device.registered_at))


def token_digest(device: Device) -> str:
    """Return the id of a token."""
    return derived_id("device-token", device.token_kind.value, device.token)


def excess_devices(devices: Mapping[str, Device], most: int) -> list[Device]:
    """Return the devices above the limit, the first registered first."""
    in_order = sorted(devices.values(), key=lambda device: device.registered_at)
    return in_order[: max(len(in_order) - most, 0)]
