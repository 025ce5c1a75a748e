"""What the phones of a demo show, where the log backend pushes."""

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.notifications.push.inbox import Inbox
from messaging.notifications.push.log import LogPushBackend
from messaging.notifications.push.protocol import SENT, Push
from messaging.runtime.instance import Instance

DEVICE = Device(
    id="phone",
    token="t",
    token_kind=TokenKind.TOKEN,
    platform=Platform.WEB,
    registered_at=datetime(2030, 1, 1, tzinfo=UTC),
)


def message(user_id: str, tag: str, seq: int, body: str = "Hello") -> Push:
    data = {
        "type": "message",
        "sender_id": "ann",
        "message_id": f"{tag}-{seq}",
        "seq": str(seq),
    }
    return Push(user_id=user_id, device=DEVICE, tag=tag, data=data, title="Tea", body=body)


def clear(user_id: str, tag: str, read_seq: int) -> Push:
    data = {"type": "clear", "read_seq": str(read_seq)}
    return Push(user_id=user_id, device=DEVICE, tag=tag, data=data)


def shown(phones: Inbox, user_id: str) -> list[tuple[str, int]]:
    return [(one.tag, one.seq) for one in phones.shown(user_id)]


def test_the_latest_first_and_one_of_each_tag() -> None:
    phones = Inbox()
    for push in (message("bob", "a", 1), message("bob", "b", 1), message("bob", "a", 2)):
        phones.take(push)

    assert shown(phones, "bob") == [("a", 2), ("b", 1)]
    assert shown(phones, "cid") == []


def test_what_was_read_goes() -> None:
    """What came after it stays."""
    phones = Inbox()
    for push in (message("bob", "a", 2), message("bob", "b", 7), message("cid", "a", 2)):
        phones.take(push)

    phones.take(clear("bob", "a", 2))
    phones.take(clear("bob", "b", 6))
    phones.take(clear("bob", "never-rang", 1))

    assert shown(phones, "bob") == [("b", 7)]
    assert shown(phones, "cid") == [("a", 2)]


def test_it_is_bounded() -> None:
    """Of people and of notifications the oldest go."""
    phones = Inbox()
    for number in range(150):
        phones.take(message("bob", f"tag-{number}", 1))
    assert shown(phones, "bob") == [(f"tag-{number}", 1) for number in range(149, 129, -1)]

    for number in range(150):
        phones.take(message(f"user-{number}", "a", 1))
    assert shown(phones, "bob") == shown(phones, "user-49") == []
    assert shown(phones, "user-50") == [("a", 1)]


async def test_what_is_pushed_is_in_the_inbox() -> None:
    phones = Inbox()
    backend = LogPushBackend(phones)

    assert await backend.send([message("bob", "a", 1, "secret")]) == [SENT]

    assert shown(phones, "bob") == [("a", 1)]
    assert "secret" not in repr(phones.shown("bob"))
    await backend.close()


@pytest.mark.parametrize("demo", [False, True])
def test_only_a_demo_has_an_inbox(settings: Settings, demo: bool) -> None:
    """Elsewhere nothing of a message stays in memory. Each instance has its own."""
    settings.CHAT_DEMO = demo
    instances = Instance(), Instance()

    inboxes = [instance.notifications.inbox for instance in instances]

    assert (inboxes[0] is not None) is (inboxes[1] is not None) is demo
    assert inboxes[0] is not inboxes[1] or not demo
