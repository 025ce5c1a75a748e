"""What a store promises of recipients: people's settings and the devices that they ring on.

`sql_recipients` and `firestore_recipients` both keep it; one contract suite checks them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from messaging.domain.identifiers import derived_id
from messaging.domain.people import Access, UserSettings
from messaging.domain.recipients import Device, Recipient


class RecipientStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        """Of all of them, one read each; whoever never set anything has the defaults."""

    async def set_settings(self, user_id: str, settings: UserSettings) -> None: ...

    async def put_device(self, user_id: str, device: Device, *, most: int) -> None:
        """Register a device, or register it anew.

        Its token belongs to nobody else from then on. Above `most` devices those that were
        registered longest ago go.
        """

    async def remove_device(
        self, user_id: str, device_id: str, *, token: str | None = None
    ) -> bool:
        """Forget a device; given a token, only if that is still its own. False where nothing was
        to be forgotten."""


def devices_allowed_to_ring(devices: Iterable[Device], access: Access) -> tuple[Device, ...]:
    """Those that may ring: none of somebody banned, and none that was registered before its person
    logged out everywhere."""
    return tuple(device for device in devices if access.admits(device.registered_at))


def token_digest(device: Device) -> str:
    """The id of a token."""
    return derived_id("device-token", device.token_kind.value, device.token)


def excess_devices(devices: Mapping[str, Device], most: int) -> list[Device]:
    """Those that are too many, the first registered first."""
    in_order = sorted(devices.values(), key=lambda device: device.registered_at)
    return in_order[: max(len(in_order) - most, 0)]
