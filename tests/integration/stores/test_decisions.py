"""What all decision stores promise, see `messaging.stores.decisions`."""

import asyncio
from datetime import UTC, datetime, timedelta

from messaging.domain.identifiers import random_id
from messaging.domain.recipients import Decision, Verdict
from messaging.stores.decisions import ChunkKey, Claim, DecisionStore

NOW = datetime.now(UTC).replace(microsecond=0)
LEASE = timedelta(seconds=60)
KEPT = NOW + timedelta(days=7)


def new_key() -> ChunkKey:
    return ChunkKey(conversation_id=random_id(), message_id=random_id(), chunk=0)


async def claim(
    decisions: DecisionStore, key: ChunkKey, *user_ids: str, now: datetime = NOW
) -> Claim:
    return await decisions.claim(key, user_ids, now=now, until=now + LEASE, expires_at=KEPT)


def sent(**devices: str) -> Decision:
    return Decision(verdict=Verdict.SENT, reason="absent", at=NOW, devices=devices)


async def test_nobody_is_taken_twice(decisions: DecisionStore) -> None:
    """The second who asks gets those whom the first did not."""
    key = new_key()

    first = await claim(decisions, key, "ann", "b.o@b")
    second = await claim(decisions, key, "b.o@b", "cid")

    assert first.taken.keys() == {"ann", "b.o@b"}
    assert first.busy_until is None
    assert second.taken.keys() == {"cid"}
    assert second.busy_until == NOW + LEASE


async def test_what_is_decided_goes_with_the_claim(decisions: DecisionStore) -> None:
    """Nobody is decided upon twice, nor while somebody else is at it."""
    key = new_key()
    dropped = Decision(verdict=Verdict.DROPPED, reason="no_device", at=NOW)

    async def claim_and_drop(claimed: list[str], *ids: str, now: datetime = NOW) -> Claim:
        decided = dict.fromkeys(ids, dropped)
        until = now + LEASE
        return await decisions.claim(
            key, claimed, decided=decided, now=now, until=until, expires_at=KEPT
        )

    first = await claim_and_drop(["ann"], "bob")
    await decisions.record(key, {"cid": sent(phone="sent")}, expires_at=KEPT)
    second = await claim_and_drop([], "ann", "bob", "cid", "dan")
    lapsed = await claim_and_drop([], "ann", now=NOW + LEASE)

    assert (set(first.taken), set(first.decided)) == ({"ann"}, {"bob"})
    assert (set(second.taken), set(second.decided)) == (set(), {"dan"})
    assert second.busy_until == NOW + LEASE  # ann may be decided upon then
    assert lapsed.decided.keys() == {"ann"}
    found = await decisions.list_decisions(key.conversation_id, key.message_id)
    assert {user_id: one.reason for user_id, one in found.items()} == {
        "ann": "no_device",
        "bob": "no_device",
        "cid": "absent",
        "dan": "no_device",
    }


async def test_of_many_at_once_one_wins(decisions: DecisionStore) -> None:
    key = new_key()

    claims = await asyncio.gather(*(claim(decisions, key, "ann") for _ in range(5)))

    assert sum(len(one.taken) for one in claims) == 1


async def test_chunks_and_messages_are_apart(decisions: DecisionStore) -> None:
    key = new_key()
    for other in (
        key,
        ChunkKey(conversation_id=key.conversation_id, message_id=key.message_id, chunk=1),
        ChunkKey(conversation_id=key.conversation_id, message_id=random_id(), chunk=0),
    ):
        assert (await claim(decisions, other, "ann")).taken.keys() == {"ann"}


async def test_whoever_is_decided_upon_is_free_of_it_for_ever(decisions: DecisionStore) -> None:
    """The others are taken once the time of their claim is over, with what is known of them."""
    key = new_key()
    await claim(decisions, key, "ann", "bob")
    half = Decision(at=NOW, devices={"phone": "sent"}, claimed_until=NOW + LEASE)
    await decisions.record(key, {"ann": sent(phone="sent"), "bob": half}, expires_at=KEPT)

    early = await claim(decisions, key, "ann", "bob", now=NOW + LEASE / 2)
    late = await claim(decisions, key, "ann", "bob", now=NOW + LEASE)

    assert early == Claim(taken={}, busy_until=NOW + LEASE)
    assert late.taken.keys() == {"bob"}
    assert late.taken["bob"].devices == {"phone": "sent"}
    assert late.taken["bob"].claimed_until == NOW + 2 * LEASE
    assert late.busy_until is None


async def test_what_is_given_back_is_free(decisions: DecisionStore) -> None:
    key = new_key()
    await claim(decisions, key, "ann")
    await decisions.record(key, {"ann": Decision(at=NOW, reason="throttled")}, expires_at=KEPT)

    assert (await claim(decisions, key, "ann")).taken.keys() == {"ann"}


async def test_decisions_read_back(decisions: DecisionStore) -> None:
    """Of all chunks of a message, claimed before or not."""
    key = new_key()
    other = ChunkKey(conversation_id=key.conversation_id, message_id=key.message_id, chunk=1)
    dropped = Decision(verdict=Verdict.DROPPED, reason="muted", at=NOW)
    await claim(decisions, key, "ann", "bob")
    await decisions.record(key, {"ann": sent(**{"phone.1": "sent"})}, expires_at=KEPT)
    await decisions.record(other, {"c.d": dropped}, expires_at=KEPT)

    found = await decisions.list_decisions(key.conversation_id, key.message_id)
    assert found == {
        "ann": sent(**{"phone.1": "sent"}),
        "bob": Decision(at=NOW, claimed_until=NOW + LEASE),
        "c.d": dropped,
    }
    chunks = {user_id: decision.chunk for user_id, decision in found.items()}
    assert chunks == {"ann": 0, "bob": 0, "c.d": 1}
    assert await decisions.list_decisions(key.conversation_id, random_id()) == {}


async def test_what_has_expired_is_not_told(decisions: DecisionStore) -> None:
    key = new_key()
    await decisions.record(key, {"ann": sent()}, expires_at=NOW - timedelta(days=1))

    assert await decisions.list_decisions(key.conversation_id, key.message_id) == {}


async def test_a_sweep_is_taken_on_once(decisions: DecisionStore) -> None:
    sweep = random_id()

    claims = await asyncio.gather(
        *(decisions.claim_sweep(sweep, expires_at=KEPT) for _ in range(4))
    )

    assert sorted(claims) == [False, False, False, True]
    assert await decisions.claim_sweep(random_id(), expires_at=KEPT)


async def test_how_far_back_unfinished_sweeps_reach(decisions: DecisionStore) -> None:
    boot_id = random_id()
    assert await decisions.get_unfinished_sweep(boot_id) is None

    for since in (NOW, NOW - timedelta(seconds=9)):
        await decisions.put_unfinished_sweep(boot_id, since, expires_at=KEPT)
        assert await decisions.get_unfinished_sweep(boot_id) == since

    for _ in range(2):
        await decisions.put_unfinished_sweep(boot_id, None, expires_at=KEPT)
        assert await decisions.get_unfinished_sweep(boot_id) is None
