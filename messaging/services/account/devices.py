"""Devices: the targets of a person's notifications."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.limits import get_limits
from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through

_DEVICE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_RESERVED = re.compile(r"\.\.?|__.*__")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)


async def list_devices(instance: Instance, *, user_id: str) -> Sequence[Device]:
    """Return a person's devices, the latest registered first. Raises StoreUnavailable."""
    recipients = await instance.recipients.get_recipients([user_id])
    devices = recipients[user_id].devices
    return sorted(devices, key=lambda device: device.registered_at, reverse=True)


@carried_through
async def register_device(
    instance: Instance,
    *,
    user_id: str,
    device_id: str,
    token: str,
    token_kind: TokenKind,
    platform: Platform,
) -> Device:
    """Register a device for notifications. A token of another person moves to this one.

    Above the limit, the device that was registered longest ago is removed. Raises InvalidRequest,
    StoreUnavailable.
    """
    _require_device_id(device_id)
    if not _TOKEN.fullmatch(token):
        raise InvalidRequest.of("token", "A token must be 1 to 4096 printable ASCII characters.")
    now = datetime.now(UTC)
    device = Device(
        id=device_id,
        token=token,
        token_kind=token_kind,
        platform=platform,
        registered_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
    )
    await instance.recipients.put_device(user_id, device, most=get_limits().devices)
    instance.reachable.registered(user_id)
    instance.notifications.device_registered(user_id)
    return device


@carried_through
async def remove_device(instance: Instance, *, user_id: str, device_id: str) -> None:
    """Remove a device, for example at logout. Raises NotFound, StoreUnavailable."""
    _require_device_id(device_id)
    if not await instance.recipients.remove_device(user_id, device_id):
        raise NotFound("You have no device with this id.")
    instance.reachable.forget(user_id)
    instance.notifications.device_removed(user_id)


def _require_device_id(device_id: str) -> None:
    if not _DEVICE_ID.fullmatch(device_id) or _RESERVED.fullmatch(device_id):
        raise NotFound("A device id must be 1 to 128 characters: A-Z a-z 0-9 _ . : -")
