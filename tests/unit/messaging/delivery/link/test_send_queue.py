"""What waits to be published."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from messaging.commits.group_commit import Committed
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.conversation_delta import make_delta
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.link.messages import LinkMessage, PeopleChanged
from messaging.delivery.link.send_queue import OutboundMessage, SendQueue
from messaging.domain.change import Change, ChangeType
from tests.samples import sample_conversation, sample_message

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


def item(conversation_id: str, number: int) -> OutboundMessage:
    message = PeopleChanged(conversation_id=conversation_id, version=number)
    return OutboundMessage(message=message, conversation_id=conversation_id, version=number)


def numbers(items: object) -> list[int]:
    assert isinstance(items, list)
    return [one.message.version for one in items]


def test_what_waits_for_a_group_goes_together_and_in_order() -> None:
    outgoing = SendQueue("everybody", many_groups=lambda: 16)
    for number in range(3):
        outgoing.put("a", item("a", number))
        outgoing.put("b", item("b", number))

    group, items = outgoing.take()

    assert (group, numbers(items)) == ("a", [0, 1, 2])
    assert len(outgoing) == 3


def test_very_many_groups_go_together_to_everybody() -> None:
    outgoing = SendQueue("everybody", many_groups=lambda: 16)
    for number in range(100):
        outgoing.put(f"group {number % 50}", item("c", number))

    group, items = outgoing.take()

    assert group == "everybody"
    assert sorted(numbers(items)) == list(range(100))
    assert not outgoing


def test_a_publish_is_bounded_and_the_rest_follows_in_order() -> None:
    outgoing = SendQueue("everybody", many_groups=lambda: 16)
    for number in range(2_500):
        outgoing.put("a", item("a", number))

    taken = []
    while outgoing:
        _, items = outgoing.take()
        assert len(items) <= 1_000
        taken += numbers(items)

    assert taken == list(range(2_500))


def test_what_is_given_up_is_named() -> None:
    """Whoever gives it up tells of its versions in another way."""
    outgoing = SendQueue("everybody", many_groups=lambda: 16)
    outgoing.put("a", item("a", 1))
    outgoing.put("b", item("b", 2))

    assert numbers(outgoing.clear()) == [1, 2]
    assert not outgoing


FRAME = "x" * 40_000


@pytest.mark.parametrize(
    "message",
    [
        Batch(conversation_id="a", deliveries=[Delivery(version=1, seq=0, frame=FRAME)]),
        Batch(
            conversation_id="a",
            deliveries=[
                Delivery(version=1, seq=0, frame="{}", added={"ann": 1}, announcement=FRAME)
            ],
        ),
        Batch(
            conversation_id="a",
            deliveries=[Delivery(version=n, seq=0, frame="{}") for n in range(1, 101)],
            replacements=[
                Replacement(version=n, frame=FRAME, user_ids=["bob"]) for n in range(1, 101)
            ],
        ),
        SoftEvent(conversation_id="a", user_id="ann", key="k", frame=FRAME),
        SoftEvent(conversation_id="a", user_id="ann", key="k", own_frame=FRAME),
        PeopleChanged(conversation_id="a", version=1, added=[f"{n:0128}" for n in range(1_000)]),
    ],
    ids=["frames", "announcements", "replacements", "soft", "own", "people"],
)
def test_everything_that_may_be_long_counts(message: LinkMessage) -> None:
    """Otherwise the bounds hold neither the memory of what waits nor the bytes of a publish, and
    others refuse a publish of more than 32 MiB."""
    waiting = OutboundMessage(message=message, conversation_id="a", version=1)

    assert waiting.size * 1.1 > len(msgspec.msgpack.encode(message))


def test_the_latest_message_of_a_conversation_counts() -> None:
    """It goes with every commit, as one that only adds a reaction to an earlier message."""
    before = sample_conversation(at=AT, version=3, token=7)
    last = sample_message(seq=1, version=1, created_at=AT, text=FRAME)
    after = replace(before, version=4, seq=2, last_message=last, commit_id="c", token=8)
    change = Change(type=ChangeType.REACTION_UPDATED, version=4, message=last, by="ann")
    state = make_delta(Committed(conversation=after, before_token=7, changes=[change]))
    delivery = Delivery(version=4, seq=0, frame="{}")
    batch = Batch(conversation_id=before.id, deliveries=[delivery], state=state)

    waiting = OutboundMessage(message=batch, conversation_id=before.id, version=4)

    assert waiting.size * 1.1 > len(msgspec.msgpack.encode(batch)) > len(FRAME)
