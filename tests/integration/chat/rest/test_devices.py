"""One's devices and one's settings over REST."""

import asyncio

import pytest

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, Json, ok, problem, wrong_fields
from tests.moments import next_millisecond


async def register(person: Api, device_id: str, token: str, **fields: object) -> Json:
    body = {"token": token, "platform": "android", **fields}
    return ok(await person.request("PUT", f"/devices/{device_id}", json=body))


async def ids(person: Api) -> list[str]:
    return [item["id"] for item in ok(await person.get("/devices"))["items"]]


async def test_registering(ann: Api, bob: Api) -> None:
    """The latest first; nobody sees anybody else's."""
    phone = await register(ann, "phone", "t1", token_kind="installation_id", platform="ios")
    await next_millisecond()
    await register(ann, "a.b:c-d_E", "t2")

    assert (
        phone.items()
        >= {
            "id": "phone",
            "token": "t1",
            "token_kind": "installation_id",
            "platform": "ios",
        }.items()
    )
    assert await ids(ann) == ["a.b:c-d_E", "phone"]
    assert await ids(bob) == []
    assert (await register(ann, "phone", "t3"))["token_kind"] == "token"


async def test_a_device_moves_to_another_person(ann: Api, bob: Api) -> None:
    """Whoever signs in on it last has it."""
    await register(ann, "phone", "t1")
    await register(bob, "phone", "t1")

    assert await ids(ann) == []
    assert await ids(bob) == ["phone"]


async def test_logging_out_on_a_device(ann: Api, bob: Api) -> None:
    """It is gone, once; only one's own can be removed."""
    await register(ann, "phone", "t1")

    assert problem(await bob.delete("/devices/phone")) == (404, "not_found")
    assert (await ann.delete("/devices/phone")).status_code == 204
    assert problem(await ann.delete("/devices/phone")) == (404, "not_found")
    assert await ids(ann) == []


async def test_as_many_as_there_may_be(ann: Api, instance: Instance) -> None:
    """The one registered longest ago makes room."""
    for number in range(26):
        await register(ann, f"d{number}", f"t{number}")
        await next_millisecond()

    assert sorted(await ids(ann)) == sorted(f"d{number}" for number in range(1, 26))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ["platform", "token"]),
        ({"token": "t", "platform": "amiga"}, ["platform"]),
        ({"token": "t", "platform": "web", "token_kind": "other"}, ["token_kind"]),
        ({"token": "", "platform": "web"}, ["token"]),
        ({"token": "a b", "platform": "web"}, ["token"]),
        ({"token": "ü", "platform": "web"}, ["token"]),
        ({"token": "t" * 4097, "platform": "web"}, ["token"]),
        ({"token": 7, "platform": "web"}, ["token"]),
        ({"token": "t", "platform": "web", "user_id": "bob"}, ["user_id"]),
    ],
)
async def test_no_device(ann: Api, body: Json, wrong: list[str]) -> None:
    answer = await ann.request("PUT", "/devices/phone", json=body)

    assert sorted(field for field, _ in wrong_fields(answer)) == wrong
    assert await ids(ann) == []


@pytest.mark.parametrize("device_id", ["..", "__x__", "a%2Fb", "a%20b", "ü", "x" * 129])
async def test_no_device_id(ann: Api, device_id: str) -> None:
    """What cannot be one is not found."""
    body = {"token": "t", "platform": "web"}
    answer = await ann.request("PUT", f"/devices/{device_id}", json=body)

    assert problem(answer) == (404, "not_found")
    assert problem(await ann.delete(f"/devices/{device_id}")) == (404, "not_found")


DEFAULTS = {
    "quiet_hours": None,
    "push_text": True,
    "private_reading": False,
    "added_by": "anyone",
}


async def test_settings(ann: Api, bob: Api) -> None:
    """What is not named stays; null takes the quiet hours away."""
    quiet = {"time_zone": "Europe/Berlin", "from": "22:00", "to": "07:30"}
    assert ok(await ann.get("/me/preferences")) == DEFAULTS

    assert ok(await ann.patch("/me/preferences", push_text=False)) == {
        **DEFAULTS,
        "push_text": False,
    }
    assert ok(await ann.patch("/me/preferences", quiet_hours=quiet))["quiet_hours"] == quiet
    assert ok(await ann.get("/me/preferences")) == {
        **DEFAULTS,
        "quiet_hours": quiet,
        "push_text": False,
    }
    assert ok(await bob.get("/me/preferences"))["push_text"] is True
    assert ok(await ann.patch("/me/preferences", quiet_hours=None))["quiet_hours"] is None


async def test_settings_changed_at_once(ann: Api) -> None:
    """Two changes made at the same time are both there."""
    quiet = {"time_zone": "UTC", "from": "00:00", "to": "00:00"}

    await asyncio.gather(
        ann.patch("/me/preferences", quiet_hours=quiet),
        ann.patch("/me/preferences", push_text=False),
    )

    assert ok(await ann.get("/me/preferences")) == {
        **DEFAULTS,
        "quiet_hours": quiet,
        "push_text": False,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("push_text", "yes"),
        ("push_text", None),
        ("quiet_hours", "22-7"),
        ("quiet_hours", {}),
        ("quiet_hours", {"time_zone": "UTC", "from": "24:00", "to": "07:00"}),
        ("quiet_hours", {"time_zone": "UTC", "from": "22:00", "to": "7:00"}),
        ("quiet_hours", {"time_zone": "UTC", "from": "22:00:00", "to": "07:00"}),
        ("quiet_hours", {"time_zone": "UTC", "from": 22, "to": "07:00"}),
        ("quiet_hours", {"time_zone": "UTC", "from": "22:00"}),
        ("quiet_hours", {"time_zone": "UTC", "from": "22:00", "to": "07:00", "days": []}),
        ("colour", "blue"),
    ],
)
async def test_no_settings(ann: Api, field: str, value: object) -> None:
    answer = await ann.request("PATCH", "/me/preferences", json={field: value})

    assert {name.split(".")[0] for name, _ in wrong_fields(answer)} == {field}


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Bielefeld",
        "localtime",
        "posixrules",
        "Factory",
        "/etc/localtime",
        "europe/berlin",
        "../etc/passwd",
    ],
)
async def test_a_time_zone_is_a_name_of_the_iana_database(ann: Api, name: str) -> None:
    """And not of a file that this machine happens to have."""
    hours = {"time_zone": name, "from": "22:00", "to": "07:00"}

    answer = await ann.request("PATCH", "/me/preferences", json={"quiet_hours": hours})

    assert {field for field, _ in wrong_fields(answer)} == {"quiet_hours.time_zone"}
