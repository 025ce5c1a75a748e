"""What waits to be published."""

from messaging.delivery.link.messages import PeopleChanged
from messaging.delivery.link.send_queue import OutboundMessage, SendQueue


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
