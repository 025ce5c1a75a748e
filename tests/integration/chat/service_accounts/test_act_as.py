"""On behalf of a person: everything is as if the person did it, except what shows that they are
there."""

import pytest
from pytest_django.fixtures import Settings

from messaging.domain.integrations.service_accounts import Scope
from messaging.runtime.instance import Instance
from messaging.services.operators import people, service_accounts
from tests.integration.chat import Api, created, ok, problem, wrong_fields
from tests.integration.chat.service_accounts import ServiceApi


async def test_a_message_is_the_persons(ann: Api, bob: Api, service: ServiceApi) -> None:
    """With their rights, their client ids, their own view."""
    group = await ann.group(bob)
    as_ann, as_eve = service.acting_as("ann"), service.acting_as("eve")

    sent = await as_ann.send(group, "hello", client_id="1")

    assert sent["sender_id"] == "ann"
    again = await ann.post(f"/conversations/{group}/messages", text="hello", client_id="1")
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    assert ok(await as_ann.patch(f"/conversations/{group}/messages/{sent['id']}", text="hi"))
    assert ok(await bob.get(f"/conversations/{group}"))["unread_count"] == 1
    receipt = await service.acting_as("bob").post(f"/conversations/{group}/read", seq=1)
    assert ok(receipt) == {"read_seq": 1, "unread_count": 0}
    assert problem(await as_eve.get(f"/conversations/{group}")) == (403, "not_a_participant")
    outsider = await as_eve.post(f"/conversations/{group}/messages", text="x")
    assert problem(outsider) == (403, "not_a_participant")


async def test_somebody_who_was_never_seen(service: ServiceApi) -> None:
    """People are not created: they have no conversations yet, and may have one."""
    stranger = service.acting_as("nobody-yet")

    assert ok(await stranger.get("/conversations"))["items"] == []
    created(await stranger.post("/conversations", kind="direct", participant_ids=["bob"]))


async def test_a_banned_person_does_nothing(
    ann: Api, service: ServiceApi, instance: Instance
) -> None:
    """One who was logged out does: nobody has signed in here."""
    group = await ann.group()
    await people.log_out_person(instance, person_id="ann")
    as_ann = service.acting_as("ann")
    ok(await as_ann.get(f"/conversations/{group}"))

    await people.ban_person(instance, person_id="ann")

    assert problem(await as_ann.get(f"/conversations/{group}")) == (403, "banned")
    assert problem(await as_ann.post(f"/conversations/{group}/messages", text="x")) == (
        403,
        "banned",
    )


@pytest.mark.parametrize(
    ("user_id", "code"),
    [
        ("service:shop", "reserved"),
        ("service:system", "reserved"),
        ("erased:x", "reserved"),
        ("", "invalid"),
        ("me", "invalid"),
        ("a b", "invalid"),
        ("a" * 129, "invalid"),
        ("ann,bob", "invalid"),
    ],
)
async def test_ids_of_nobody(service: ServiceApi, user_id: str, code: str) -> None:
    answer = await service.acting_as(user_id).get("/conversations")

    assert wrong_fields(answer) == [("Chat-Act-As", code)]


async def test_it_shows_nobody_active(ann: Api, bob: Api, service: ServiceApi) -> None:
    """Neither a send nor a read: the person did nothing."""
    group = await ann.group(bob)
    as_ann = service.acting_as("ann")
    await as_ann.send(group)
    await as_ann.post(f"/conversations/{group}/read", seq=1)

    async def last_active() -> str | None:
        (person,) = ok(await bob.get("/presence", user_ids="ann"))["items"]
        at: str | None = person["last_active_at"]
        return at

    assert await last_active() is None
    await ann.send(group)
    assert await last_active() is not None


async def test_rates_and_quotas_are_the_services(
    ann: Api, service: ServiceApi, settings: Settings, instance: Instance
) -> None:
    """The person's own are neither used nor in the way; the service has one rate for all."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 1, "sends_per_second": 1, "sends_burst": 1}
    as_ann = service.acting_as("ann")
    for _ in range(3):
        group = await as_ann.group()
        await as_ann.send(group)
    await ann.send(await ann.group())  # the person still has theirs

    accounts = instance.service_accounts
    await accounts.change("shop", scopes=frozenset(Scope), requests_per_second=1)
    token = await service_accounts.issue_token(accounts, name="shop", by="root")
    slow = ServiceApi(service.client, "shop", token).acting_as("bob")
    answers = [await slow.get("/conversations") for _ in range(5)]

    assert 429 in [answer.status_code for answer in answers]
    assert problem(answers[-1]) == (429, "rate_limited")


async def test_what_is_invalid_is_not_the_persons(
    ann: Api, service: ServiceApi, settings: Settings
) -> None:
    """The documents of a service account count for no person, however many are wrong."""
    settings.CHAT_RATE_LIMITS = True
    as_ann = service.acting_as("ann")

    for _ in range(20):
        answer = await as_ann.post("/conversations", kind="group", title="x" * 60_000)
        assert problem(answer) == (400, "invalid_request")

    ok(await ann.get("/conversations"))
