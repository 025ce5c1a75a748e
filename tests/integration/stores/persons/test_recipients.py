"""What all recipient stores promise, see `messaging.stores.recipients`."""

from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from messaging.domain.people import AddedBy, QuietHours, UserSettings
from messaging.domain.recipients import Device, Platform, Recipient, TokenKind
from messaging.stores.recipients import RecipientStore

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PHONE = Device(
    id="phone:1",
    token="token-1",
    token_kind=TokenKind.TOKEN,
    platform=Platform.ANDROID,
    registered_at=NOW,
)
QUIET = UserSettings(
    quiet_hours=QuietHours(time_zone="Europe/Berlin", start=time(22), end=time(7, 30)),
    push_text=False,
)


def as_changes(settings: UserSettings) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


async def devices(recipients: RecipientStore, user_id: str) -> tuple[Device, ...]:
    return (await recipients.get_recipients([user_id]))[user_id].devices


async def test_whoever_never_set_anything_has_the_defaults(recipients: RecipientStore) -> None:
    """And no devices."""
    assert await recipients.get_recipients(["ann", "b.o@b"]) == {
        "ann": Recipient(user_id="ann"),
        "b.o@b": Recipient(user_id="b.o@b"),
    }
    assert await recipients.get_recipients([]) == {}


async def test_settings_and_devices_read_back(recipients: RecipientStore) -> None:
    """Neither touches the other; those of one person are nobody else's."""
    tablet = replace(PHONE, id="tablet", token="token-2", token_kind=TokenKind.INSTALLATION_ID)
    await recipients.put_device("ann", PHONE, most=25)
    await recipients.set_settings("ann", as_changes(QUIET))
    await recipients.put_device("ann", tablet, most=25)

    found = await recipients.get_recipients(["ann", "bob"])

    assert found["ann"] == Recipient(user_id="ann", settings=QUIET, devices=(PHONE, tablet))
    assert found["bob"] == Recipient(user_id="bob")
    await recipients.set_settings("ann", as_changes(UserSettings()))
    assert (await recipients.get_recipients(["ann"]))["ann"].settings == UserSettings()
    assert await devices(recipients, "ann") == (PHONE, tablet)


async def test_a_changed_setting_leaves_the_others(recipients: RecipientStore) -> None:
    await recipients.set_settings("ann", as_changes(QUIET))
    for changes in ({"push_text": True}, {"private_reading": True}, {"added_by": AddedBy.NOBODY}):
        await recipients.set_settings("ann", changes)

    settings = (await recipients.get_recipients(["ann"]))["ann"].settings
    assert settings == replace(QUIET, push_text=True, private_reading=True, added_by=AddedBy.NOBODY)


async def test_a_new_token_of_a_known_device_takes_the_place_of_the_old(
    recipients: RecipientStore,
) -> None:
    """The old one may then become somebody else's."""
    renewed = replace(PHONE, token="token-3", registered_at=NOW + timedelta(days=1))
    await recipients.put_device("ann", PHONE, most=25)
    await recipients.put_device("ann", renewed, most=25)
    await recipients.put_device("bob", PHONE, most=25)

    assert await devices(recipients, "ann") == (renewed,)
    assert await devices(recipients, "bob") == (PHONE,)


async def test_a_token_belongs_to_one_person(recipients: RecipientStore) -> None:
    """Whoever registers it last; and to one of their devices."""
    for user_id in ("ann", "bob"):
        await recipients.put_device(user_id, PHONE, most=25)
    assert await devices(recipients, "ann") == ()
    assert await devices(recipients, "bob") == (PHONE,)

    renamed = replace(PHONE, id="other")
    await recipients.put_device("bob", renamed, most=25)
    assert await devices(recipients, "bob") == (renamed,)

    # What a token is called matters: an installation id is another thing.
    other_kind = replace(PHONE, token_kind=TokenKind.INSTALLATION_ID)
    await recipients.put_device("ann", other_kind, most=25)
    assert await devices(recipients, "bob") == (renamed,)


async def test_the_devices_registered_first_make_room(recipients: RecipientStore) -> None:
    """However many come, only so many stay."""
    registered = [
        replace(PHONE, id=f"d{n}", token=f"t{n}", registered_at=NOW + timedelta(seconds=n))
        for n in (3, 1, 2, 4)
    ]
    for device in registered:
        await recipients.put_device("ann", device, most=2)

    assert {device.id for device in await devices(recipients, "ann")} == {"d3", "d4"}
    await recipients.put_device("bob", registered[1], most=2)
    assert len(await devices(recipients, "ann")) == 2


async def test_removing(recipients: RecipientStore) -> None:
    """What is not there cannot be removed."""
    await recipients.put_device("ann", PHONE, most=25)

    assert not await recipients.remove_device("bob", PHONE.id)
    assert not await recipients.remove_device("ann", "other")
    assert await recipients.remove_device("ann", PHONE.id)
    assert not await recipients.remove_device("ann", PHONE.id)
    assert await devices(recipients, "ann") == ()


@pytest.mark.parametrize("token", ["token-1", "an-older-one"])
async def test_removing_what_has_a_new_token_by_now(recipients: RecipientStore, token: str) -> None:
    """Only the device that still has the token goes."""
    await recipients.put_device("ann", PHONE, most=25)

    removed = await recipients.remove_device("ann", PHONE.id, token=token)

    assert removed is (token == PHONE.token)
    assert len(await devices(recipients, "ann")) == int(not removed)
