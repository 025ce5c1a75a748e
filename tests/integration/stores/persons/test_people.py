"""What every store promises of people: access and blocks."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Participant, Role
from messaging.domain.people import ERASING, FOREVER, Access, AddedBy, Privacy
from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.stores.conversations import Store
from messaging.stores.people import LEFT_LIFETIME, MAX_LEFT, PeopleStore, lately_left
from messaging.stores.recipients import RecipientStore
from tests.moments import next_millisecond
from tests.unit.messaging import new_group

ODD = "a.b-c:d@e_f"


async def test_of_a_stranger_nothing_is_known(people: PeopleStore, store: Store) -> None:
    """They may come in."""
    access = await people.get_access("ann")

    assert access == Access(user_id="ann")
    assert access.admits(await store.now())
    assert await people.get_blocks(["ann", ODD]) == {"ann": frozenset(), ODD: frozenset()}


async def test_logging_out_ends_what_was_signed_in_before(
    people: PeopleStore, store: Store
) -> None:
    """By the store's time, up to the same moment; not what is signed in after."""
    before = await store.now()

    access = await people.log_out(ODD)

    assert access == await people.get_access(ODD)
    assert access.valid_after is not None
    assert access.valid_after >= before
    assert not access.admits(access.valid_after)
    # The store's time has whole milliseconds; the sign-in was before it, in the same one.
    assert not access.admits(access.valid_after + timedelta(microseconds=999))
    assert access.admits(access.valid_after + timedelta(milliseconds=1))
    assert not access.banned


async def test_logging_out_again_ends_more(people: PeopleStore) -> None:
    first = await people.log_out("ann")
    await next_millisecond()
    second = await people.log_out("ann")

    assert first.valid_after is not None
    assert second.valid_after is not None
    assert second.valid_after > first.valid_after


async def test_logging_out_at_least_up_to_a_moment(people: PeopleStore, store: Store) -> None:
    """That of a sign-in whose issuer's clock is ahead; an earlier one changes nothing."""
    ahead = await store.now() + timedelta(seconds=8)

    assert (await people.log_out("ann", at_least=ahead)).valid_after == ahead
    bob = await people.log_out("bob", at_least=ahead - timedelta(days=1))
    assert bob.valid_after is not None
    assert bob.valid_after > ahead - timedelta(hours=1)


async def test_what_was_revoked_stays_so(people: PeopleStore, store: Store) -> None:
    """A revocation moves forward only, and is among what changed."""
    now = await store.now()
    earlier, later = now - timedelta(days=2), now - timedelta(days=1)

    assert (await people.revoke(ODD, up_to=later)).valid_after == later
    assert (await people.revoke(ODD, up_to=earlier)).valid_after == later
    assert not (await people.get_access(ODD)).admits(later)
    assert (await people.get_access(ODD)).admits(later + timedelta(milliseconds=1))
    changed = await people.list_changed_access(since=now)
    assert [access.user_id for access in changed.people] == [ODD]


async def test_what_people_keep_from_others(
    people: PeopleStore, recipients: RecipientStore, store: Store
) -> None:
    """Blocks, settings, and which groups they left within a day; of a stranger the defaults."""
    group = random_id()
    before = await store.now() - timedelta(seconds=5)
    await people.set_block(ODD, "bob", blocked=True)
    changes = {"private_reading": True, "added_by": AddedBy.NOBODY, "push_text": False}
    await recipients.set_settings(ODD, changes)
    await people.note_left(ODD, group)
    await people.log_out(ODD)

    found = await people.get_privacy([ODD, "bob"])

    assert found["bob"] == Privacy(user_id="bob")
    await people.set_ban("bob", until=ERASING)
    assert (await people.get_privacy(["bob"]))["bob"] == Privacy(user_id="bob", erasing=True)
    assert found[ODD] == Privacy(
        user_id=ODD,
        blocked=frozenset({"bob"}),
        private_reading=True,
        added_by=AddedBy.NOBODY,
        left=found[ODD].left,
    )
    assert list(found[ODD].left) == [group]
    assert before < found[ODD].left[group] < before + timedelta(minutes=1)
    settings = (await recipients.get_recipients([ODD]))[ODD].settings
    assert (settings.private_reading, settings.added_by) == (True, AddedBy.NOBODY)
    assert not settings.push_text
    assert await people.get_privacy([]) == {}


async def test_what_is_kept_of_groups_left_is_bounded(people: PeopleStore) -> None:
    groups = [f"{number:026}" for number in range(3)]
    for group in groups:
        await people.note_left("ann", group)
    left = (await people.get_privacy(["ann"]))["ann"].left
    now = max(left.values()) + timedelta(milliseconds=1)

    assert set(left) == set(groups)
    assert lately_left(left, "x", now + LEFT_LIFETIME).keys() == {"x"}
    many = {f"{n:026}": now - timedelta(seconds=n) for n in range(MAX_LEFT)}
    assert lately_left(many, "x", now).keys() == {"x", *list(many)[: MAX_LEFT - 1]}


async def test_a_ban_stands_until_it_is_lifted(people: PeopleStore, store: Store) -> None:
    """Whenever somebody signed in; lifting it leaves the rest."""
    logged_out = await people.log_out("ann")
    banned = await people.set_ban("ann", until=FOREVER)
    later = await store.now() + timedelta(days=1)

    assert banned.banned
    assert banned.valid_after == logged_out.valid_after
    assert not banned.admits(later)

    lifted = await people.set_ban("ann", until=None)
    assert lifted.admits(later)
    assert lifted == await people.get_access("ann")


async def test_a_ban_ends_by_itself(people: PeopleStore, store: Store) -> None:
    """At the moment that it was given, and another ban gives another one."""
    now = datetime.now(UTC).replace(microsecond=0)
    over = await people.set_ban("ann", until=now - timedelta(seconds=1))
    assert not over.banned
    assert over.admits(await store.now())

    banned = await people.set_ban("ann", until=now + timedelta(hours=1))

    assert banned.banned
    assert banned.banned_until == now + timedelta(hours=1)
    assert banned == await people.get_access("ann")


async def test_whose_access_changed_since(people: PeopleStore, store: Store) -> None:
    """Each once, as it is now; blocking somebody is none of it."""
    begun = await store.now()
    await people.set_block("cid", "dan", blocked=True)
    await people.log_out("ann")
    banned = await people.set_ban("ann", until=FOREVER)
    bob = await people.set_ban("bob", until=FOREVER)

    changed = await people.list_changed_access(since=begun)

    assert sorted(changed.people, key=lambda access: access.user_id) == [banned, bob]
    assert changed.read_at >= begun
    assert banned.changed_at is not None
    later = await people.list_changed_access(since=banned.changed_at + timedelta(minutes=1))
    assert later.people == []


async def test_blocks_come_and_go(people: PeopleStore) -> None:
    """Twice is once; nobody else's are touched, and neither is access."""
    for _ in range(2):
        await people.set_block("ann", ODD, blocked=True)
    await people.set_block("ann", "bob", blocked=True)
    await people.set_block("bob", "ann", blocked=True)
    await people.set_ban("ann", until=FOREVER)
    assert await people.get_blocks(["ann", "bob", "cid"]) == {
        "ann": {ODD, "bob"},
        "bob": {"ann"},
        "cid": set(),
    }

    for _ in range(2):
        await people.set_block("ann", ODD, blocked=False)
    await people.set_block("dan", "ann", blocked=False)

    assert await people.get_blocks(["ann", "dan"]) == {"ann": {"bob"}, "dan": set()}
    assert (await people.get_access("ann")).banned
    assert await people.get_blocks([]) == {}


async def test_blocks_made_at_once_are_all_kept(people: PeopleStore) -> None:
    others = {f"user-{number}" for number in range(8)}

    await asyncio.gather(*(people.set_block("ann", other, blocked=True) for other in others))

    assert await people.get_blocks(["ann"]) == {"ann": others}


async def test_a_conversation_says_who_blocks(store: Store) -> None:
    """Without a version, and with a new token: whoever commits next on an older copy reads it."""
    people = {
        user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=0)
        for user_id in ("ann", ODD)
    }
    wanted = new_group("ann", ODD)
    wanted = replace(wanted, kind=ConversationKind.DIRECT, title=None, participants=people)
    before = await store.create_conversation(wanted)
    assert before.blocked_by == frozenset()

    await store.set_blocked(before.id, ODD, blocked=True)
    await store.set_blocked(before.id, "ann", blocked=True)
    await store.set_blocked(before.id, "ann", blocked=False)

    after = await store.get_conversation(before.id)
    assert after is not None
    assert after.blocked_by == {ODD}
    assert after.version == before.version
    assert after.token != before.token
    with pytest.raises(ConversationNotFound):
        await store.set_blocked(random_id(), "ann", blocked=True)


async def test_whose_phone_may_ring(people: PeopleStore, recipients: RecipientStore) -> None:
    """Not that of somebody banned, nor one from before its person logged out; a recipient says
    whom they block."""
    now = await people.log_out("ann")
    assert now.valid_after is not None
    for id_, registered_at in (
        ("old", now.valid_after - timedelta(seconds=1)),
        ("new", now.valid_after + timedelta(seconds=1)),
    ):
        device = Device(
            id=id_,
            token=id_,
            token_kind=TokenKind.TOKEN,
            platform=Platform.WEB,
            registered_at=registered_at,
        )
        await recipients.put_device("ann", device, most=5)
    await people.set_block("ann", "bob", blocked=True)

    ann = (await recipients.get_recipients(["ann"]))["ann"]
    assert [device.id for device in ann.devices] == ["new"]
    assert ann.blocked == {"bob"}

    await people.set_ban("ann", until=FOREVER)
    ann = (await recipients.get_recipients(["ann"]))["ann"]
    assert ann.devices == ()
