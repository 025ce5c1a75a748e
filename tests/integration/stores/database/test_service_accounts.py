"""Service accounts on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.integrations.service_accounts import (
    Scope,
    ServiceAccount,
    ServiceAction,
    ServiceToken,
)
from messaging.stores.database.service_accounts import ServiceAccountStore
from messaging.stores.sql.store import SqlStore

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = ServiceToken(id="0" * 12, digest="d" * 64, created_at=AT, created_by="root")
ACCOUNT = ServiceAccount(
    name="shop",
    scopes=frozenset({Scope.SEND}),
    requests_per_second=5,
    created_at=AT,
    created_by="root",
    tokens=(FIRST,),
)


@pytest.fixture
def accounts(database_store: SqlStore) -> ServiceAccountStore:
    return ServiceAccountStore(database_store.calls, max_actions=3)


async def test_an_account_is_kept_with_its_tokens(accounts: ServiceAccountStore) -> None:
    """The latest token first. A token finds the account, with itself alone."""
    await accounts.create(ACCOUNT)
    later = replace(
        FIRST,
        id="1" * 12,
        created_at=AT + timedelta(seconds=1),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )

    await accounts.add_token("shop", later)

    assert await accounts.get("shop") == replace(ACCOUNT, tokens=(later, FIRST))
    assert await accounts.list_accounts() == [replace(ACCOUNT, tokens=(later, FIRST))]
    assert await accounts.find(later.id) == replace(ACCOUNT, tokens=(later,))
    assert await accounts.find("2" * 12) is None
    assert await accounts.get("other") is None
    with pytest.raises(InvalidRequest):
        await accounts.create(ACCOUNT)
    with pytest.raises(NotFound):
        await accounts.add_token("other", later)


async def test_changes_and_revocations(accounts: ServiceAccountStore) -> None:
    """A revoked token keeps the time of its first revocation."""
    await accounts.create(ACCOUNT)
    await accounts.add_token("shop", replace(FIRST, id="1" * 12))
    await accounts.change("shop", scopes=frozenset(Scope), requests_per_second=7)

    await accounts.revoke("shop", FIRST.id)

    first = await accounts.find(FIRST.id)
    assert first is not None
    assert (first.scopes, first.requests_per_second) == (frozenset(Scope), 7)
    assert first.revoked_at is None
    assert not first.tokens[0].valid
    await accounts.revoke("shop")
    revoked = await accounts.get("shop")
    assert revoked is not None
    assert revoked.revoked_at is not None
    assert {one.id: one.valid for one in revoked.tokens} == {"0" * 12: False, "1" * 12: False}
    assert await accounts.find(FIRST.id) == replace(
        revoked, tokens=tuple(one for one in revoked.tokens if one.id == FIRST.id)
    )
    assert [one.revoked_at for one in revoked.tokens if one.id == FIRST.id] == [
        first.tokens[0].revoked_at
    ]
    for name, token_id in (("other", None), ("shop", "9" * 12)):
        with pytest.raises(NotFound):
            await accounts.revoke(name, token_id)


async def test_the_latest_actions_are_kept(accounts: ServiceAccountStore) -> None:
    """Of all accounts together, in the order in which they came; pages continue below a number."""
    await accounts.create(ACCOUNT)
    actions = [
        ServiceAction(
            name=name,
            token_id=FIRST.id,
            at=AT,
            method="POST",
            path=f"/{number}",
            status=201,
            request_id="r",
            person_id="ann" if number % 2 else None,
        )
        for number, name in enumerate(("shop", "shop", "bot", "shop"))
    ]

    await accounts.record(actions[:3], {})
    await accounts.record(actions[3:], {FIRST.id: AT})

    kept = await accounts.list_actions("shop", limit=10)
    assert [one for _, one in kept] == [actions[3], actions[1]]
    assert [one for _, one in await accounts.list_actions("shop", limit=1)] == [actions[3]]
    page = await accounts.list_actions("shop", limit=10, before=kept[0][0])
    assert [one for _, one in page] == [actions[1]]
    used = await accounts.find(FIRST.id)
    assert used is not None
    assert used.tokens[0].last_used_at == AT


async def test_what_clients_choose_is_stored_on_each_database(
    accounts: ServiceAccountStore,
) -> None:
    """PostgreSQL refuses NUL and what is longer than a column; SQLite takes both."""
    await accounts.create(ACCOUNT)
    odd = ServiceAction(
        name="shop",
        token_id=FIRST.id,
        at=AT,
        method="PROPPATCH",
        path="/a\0b/\ud800",
        status=405,
        request_id="r" * 65,
        person_id="p" * 129,
    )

    await accounts.record([odd, replace(odd, method="POST")], {})

    stored = [one for _, one in await accounts.list_actions("shop", limit=10)]
    sound = replace(odd, method="PROPPATC", path="/ab/?", request_id="r" * 64, person_id="p" * 128)
    assert stored == [replace(sound, method="POST"), sound]


async def test_the_last_use_of_a_token_never_goes_back(accounts: ServiceAccountStore) -> None:
    """Instances store it in any order."""
    await accounts.create(ACCOUNT)

    for seconds in (0, 9, 5):
        await accounts.record([], {FIRST.id: AT + timedelta(seconds=seconds)})

    account = await accounts.get("shop")
    assert account is not None
    assert account.tokens[0].last_used_at == AT + timedelta(seconds=9)


async def test_a_valid_token_is_shown_however_many_were_revoked(
    accounts: ServiceAccountStore,
) -> None:
    """After the valid ones come the latest, 50 of each account together."""
    ends = datetime.now(UTC) + timedelta(days=1)
    for name, old in (("bot", "b"), ("shop", "a")):
        first = replace(FIRST, id=old * 12, expires_at=ends)
        await accounts.create(replace(ACCOUNT, name=name, tokens=(first,)))
        for number in range(60):
            at = AT + timedelta(seconds=1 + number)
            await accounts.add_token(name, replace(FIRST, id=f"{old}{number:011}", created_at=at))
            await accounts.revoke(name, f"{old}{number:011}")

    listed = await accounts.list_accounts()

    assert listed == [await accounts.get("bot"), await accounts.get("shop")]
    for account, old in zip(listed, "ba", strict=True):
        assert [one.id for one in account.tokens] == [
            old * 12,
            *(f"{old}{number:011}" for number in range(59, 10, -1)),
        ]
