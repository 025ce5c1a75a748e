"""Tokens of service accounts: issued once, rotated, expired, revoked everywhere."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from chat.state import ApplicationState
from config.application import Application
from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.integrations.service_accounts import (
    MAX_TOKENS,
    Scope,
    ServiceToken,
    new_token,
    token_digest,
    token_id,
)
from messaging.models import ServiceAccountRecord, ServiceTokenRecord
from messaging.runtime.instance import Instance
from messaging.services.operators import people, service_accounts
from messaging.stores.database.audit import AuditTrail
from tests.instances import new_instance
from tests.integration.chat import Api, created, ok, problem
from tests.integration.chat.service_accounts import ServiceApi
from tests.integration.chat.service_accounts.conftest import MakeService
from tests.unit.chat.wire import Wire


@pytest_asyncio.fixture
async def elsewhere(transactional_db: None) -> AsyncIterator[httpx.AsyncClient]:
    """The API of another instance on the same database."""
    async with new_instance() as instance:
        transport = httpx.ASGITransport(app=Application(instance))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://elsewhere/api/v1"
        ) as client:
            yield client


def id_of(service: ServiceApi) -> str:
    id_ = token_id(service.token)
    assert id_ is not None
    return id_


async def test_a_revoked_token_is_refused_everywhere_when_the_revocation_returns(
    elsewhere: httpx.AsyncClient, make_service: MakeService, instance: Instance
) -> None:
    """Also where it was used a moment ago. The other token of the account goes on: so a token is
    replaced without an outage. A change of the scopes is known everywhere as well."""
    old = await make_service("bot", "act_as")
    accounts = instance.service_accounts
    new = ServiceApi(
        old.client, "bot", await service_accounts.issue_token(accounts, name="bot", by="root")
    )
    everyone = [
        ServiceApi(client, "bot", one.token)
        for one in (old, new)
        for client in (old.client, elsewhere)
    ]
    for one in everyone:
        ok(await one.acting_as("ann").get("/conversations"))

    await asyncio.gather(
        service_accounts.revoke_token(accounts, name="bot", token_id=id_of(old), by="root"),
        service_accounts.change_account(
            accounts, name="bot", scopes=[Scope.SEND], requests_per_second=5, by="root"
        ),
    )

    answers = [await one.acting_as("ann").get("/conversations") for one in everyone]
    assert [problem(answer) for answer in answers] == [
        *[(401, "token_revoked")] * 2,
        *[(403, "scope_missing")] * 2,
    ]


async def test_a_request_that_waits_does_not_outlive_its_token(
    service: ServiceApi, instance: Instance, state: ApplicationState, settings: Settings
) -> None:
    """It waits for its turn, after its token was read."""
    settings.CHAT_RATE_LIMITS = True
    state.turns.service_requests = Turns(places=1, most_waiting=1, rest=0)
    async with state.turns.service_requests.turn("shop"):
        request = asyncio.create_task(service.acting_as("ann").get("/conversations"))
        while not (state.turns.service_requests.is_full("shop") or request.done()):
            await asyncio.sleep(0.01)

        await service_accounts.revoke_account(instance.service_accounts, name="shop", by="root")

    assert problem(await request) == (401, "token_revoked")


async def test_an_account_is_revoked_with_all_its_tokens(
    elsewhere: httpx.AsyncClient, service: ServiceApi, instance: Instance
) -> None:
    there = ServiceApi(elsewhere, service.name, service.token)
    ok(await there.acting_as("ann").get("/conversations"))

    await service_accounts.revoke_account(instance.service_accounts, name="shop", by="root")

    assert problem(await service.get("/conversations")) == (401, "token_revoked")
    assert problem(await there.get("/conversations")) == (401, "token_revoked")
    with pytest.raises(InvalidRequest, match="revoked"):
        await service_accounts.issue_token(instance.service_accounts, name="shop", by="root")


async def test_a_service_is_banned_and_logged_out_like_a_person(
    service: ServiceApi, instance: Instance
) -> None:
    """By the same action of the admin, which reaches all instances by the link."""
    await people.ban_person(instance, person_id="service:shop")
    assert problem(await service.get("/conversations")) == (403, "banned")
    await people.unban_person(instance, person_id="service:shop")

    await people.log_out_person(instance, person_id="service:shop")

    assert problem(await service.get("/conversations")) == (401, "token_revoked")


async def test_a_service_has_no_socket(service: ServiceApi, instance: Instance) -> None:
    """It is closed like one without a valid token."""
    wire = Wire(instance, token=service.token)

    assert await wire.close_code() == 4501
    await wire.end()


async def test_what_is_stored_of_a_token_opens_nothing(service: ServiceApi) -> None:
    """The token is stored nowhere, and its digest is no token."""
    stored = await ServiceTokenRecord.objects.aget()

    assert stored.id == id_of(service)
    assert service.token not in str(vars(stored))
    for token in (
        stored.digest,
        f"svc_{stored.id}_{stored.digest}",
        f"svc_{stored.id}_{'0' * 64}",
        f"svc_{'0' * 12}_{service.token[-64:]}",
        service.token.upper(),
        f"{service.token}0",
        service.token[:-1],
        "svc_",
        "svc_" + "x" * 9_000,
    ):
        forged = ServiceApi(service.client, "shop", token)
        assert problem(await forged.get("/conversations")) == (401, "not_authenticated")


async def test_a_token_expires(service: ServiceApi, instance: Instance) -> None:
    """And does not count among the valid ones."""
    id_, token = new_token()
    expired = ServiceToken(
        id=id_,
        digest=token_digest(token),
        created_at=datetime.now(UTC) - timedelta(days=2),
        created_by="root",
        expires_at=datetime.now(UTC) - timedelta(days=1),
    )
    await instance.service_accounts.add_token("shop", expired)

    answer = await ServiceApi(service.client, "shop", token).get("/conversations")

    assert problem(answer) == (401, "token_expired")
    with pytest.raises(InvalidRequest, match="in the past"):
        await service_accounts.issue_token(
            instance.service_accounts, name="shop", by="root", expires_at=expired.expires_at
        )


async def test_the_number_of_valid_tokens_is_bounded(
    service: ServiceApi, instance: Instance
) -> None:
    accounts = instance.service_accounts
    for _ in range(MAX_TOKENS - 1):
        await service_accounts.issue_token(accounts, name="shop", by="root")

    with pytest.raises(InvalidRequest, match="Revoke one first"):
        await service_accounts.issue_token(accounts, name="shop", by="root")
    await accounts.revoke("shop", id_of(service))
    await service_accounts.issue_token(accounts, name="shop", by="root")


@pytest.mark.parametrize("name", ["system", "", "Shop", "a_b", "-a", "a" * 41, "me:you"])
async def test_names_of_accounts(instance: Instance, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await service_accounts.create_account(
            instance.service_accounts, name=name, scopes=[Scope.SEND], by="root"
        )


async def test_a_name_is_taken_once(service: ServiceApi, instance: Instance) -> None:
    """Also by an account that was revoked: its messages are still there."""
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="has this name"):
            await service_accounts.create_account(
                instance.service_accounts, name="shop", scopes=[Scope.SEND], by="root"
            )
        await instance.service_accounts.revoke("shop")
    with pytest.raises(NotFound):
        await instance.service_accounts.revoke("nobody")
    with pytest.raises(NotFound):
        await instance.service_accounts.revoke("shop", "0" * 12)


async def test_the_history_has_what_a_service_changed_and_refused_attempts(
    service: ServiceApi, ann: Api, instance: Instance
) -> None:
    """With the person on whose behalf it acted; reads only move the last use of the token."""
    group = await ann.group()
    sent = await service.acting_as("ann").post(f"/conversations/{group}/messages", text="hi")
    await service.delete("/me/sessions")
    await service.acting_as("ann").get("/conversations")

    await instance.service_history.stop()

    actions = [one for _, one in await instance.service_accounts.list_actions("shop", limit=10)]
    assert [(one.method, one.path, one.status, one.person_id) for one in actions] == [
        ("DELETE", "/api/v1/me/sessions", 403, None),
        ("POST", f"/api/v1/conversations/{group}/messages", 201, "ann"),
    ]
    assert actions[1].request_id == sent.headers["X-Request-ID"]
    account = await instance.service_accounts.get("shop")
    assert account is not None
    assert account.tokens[0].last_used_at is not None


async def test_accounts_by_command(ann: Api, transactional_db: None) -> None:
    """The token is the whole output; after the revocation it is refused."""
    out = io.StringIO()
    await sync_to_async(call_command)("create_service", "bot", scopes="act_as, send", stdout=out)
    bot = ServiceApi(ann.client, "bot", out.getvalue().strip())
    ok(await bot.acting_as("ann").get("/conversations"))
    account = await ServiceAccountRecord.objects.aget()
    assert (account.scopes, account.created_by) == (["act_as", "send"], "manage.py")
    second = io.StringIO()
    await sync_to_async(call_command)("create_service", "bot", rotate=True, stdout=second)
    other = ServiceApi(ann.client, "bot", second.getvalue().strip())

    await sync_to_async(call_command)(
        "revoke_service", "bot", token=id_of(bot), stdout=io.StringIO()
    )

    assert problem(await bot.get("/conversations")) == (401, "token_revoked")
    ok(await other.acting_as("ann").get("/conversations"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["bot"], "at least one scope"),
        (["bot", "--scopes", "all"], "The scopes are"),
        (["Bot", "--scopes", "send"], "name is not valid"),
        (["bot", "--scopes", "send", "--expires-in-days", "0"], "from 1 to"),
        (["bot", "--rotate"], "no service account"),
        (["bot", "--rotate", "--scopes", "send"], "keeps the scopes"),
    ],
)
def test_what_the_command_refuses(
    transactional_db: None, arguments: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("create_service", *arguments)


async def test_the_audit_trail_has_what_concerns_people(
    ann: Api, bob: Api, instance: Instance, make_service: MakeService
) -> None:
    """Each person of a request, but not the many sends; what was read only for earlier texts."""
    service = await make_service("shop", *Scope)
    group = await service.found()
    sent = created(await service.post(f"/conversations/{group}/messages", text="hello"))
    await service.put("/users/bob", name="Bob")
    await service.get(f"/conversations/{group}/messages/{sent['id']}/versions")
    await service.get(f"/conversations/{group}")
    await service.delete(f"/conversations/{group}/participants/nobody")
    await service.acting_as("ann").patch(f"/conversations/{group}", title="Tea")
    await instance.service_history.stop()

    found = [one.entry for one in await AuditTrail(instance.database).list_entries(limit=10)]
    place = "conversations/{conversation_id}"
    assert [(one.action, one.person_id, one.failure) for one in found] == [
        ("POST conversations", None, ""),
        ("PUT users/{user_id}", "bob", ""),
        (f"GET {place}/messages/{{message_id}}/versions", None, ""),
        (f"DELETE {place}/participants/{{user_id}}", "nobody", "404"),
        (f"PATCH {place}", "ann", ""),
    ]
    assert {one.actor.name for one in found} == {"shop"}
    assert [one.conversation_id for one in found] == ["", "", group, group, group]
