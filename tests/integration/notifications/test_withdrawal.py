"""A notification ends with what it shows: read, answered, deleted, or no longer one's own."""

import asyncio

from messaging.domain.message import Message
from messaging.domain.signals import message_sent
from messaging.notifications.jobs import ClearJob
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, participants, receipts
from tests.integration.notifications import Group, found, register, until
from tests.notifications.fcm_server import FcmServer


def shown(fcm: FcmServer, target: str = "bob-0") -> list[str]:
    """What a phone shows after all that arrived: the text of each notification, by tag."""
    tags: dict[str, tuple[int, str]] = {}
    for push in fcm.arrived:
        if push.target != target:
            continue
        tag, data = push.data["tag"], push.data
        if data["type"] == "message":
            tags[tag] = (int(data["seq"]), push.message["notification"]["body"])
        elif tag in tags and tags[tag][0] <= int(data["read_seq"]):
            del tags[tag]
    return [text for _, text in tags.values()]


async def rings(group: Group, fcm: FcmServer, text: str) -> Message:
    """A message that has rung: two at once may ring in either order."""
    message = await group.send(text)
    await until(lambda: shown(fcm) == [f"ann: {text}"])
    return message


async def delete(instance: Instance, group: Group, message_id: str) -> None:
    await messages.delete_message(
        instance, user_id="ann", conversation_id=group.id, message_id=message_id
    )


async def test_a_deleted_message_is_taken_off_the_phone(instance: Instance, fcm: FcmServer) -> None:
    group = await found(instance, "bob", with_devices=2)
    await instance.start()
    message = await group.send("oops")
    await until(lambda: shown(fcm) == shown(fcm, "bob-1") == ["ann: oops"])

    await delete(instance, group, message.id)

    await until(lambda: shown(fcm) == shown(fcm, "bob-1") == [])
    assert fcm.arrived[-1].data["badge"] == "0"


async def test_the_latest_unread_message_takes_its_place(
    instance: Instance, fcm: FcmServer
) -> None:
    """Without a sound: it rang before."""
    group = await found(instance, "bob")
    await instance.start()
    await rings(group, fcm, "one")
    gone = await rings(group, fcm, "two")
    oops = await rings(group, fcm, "three")

    await delete(instance, group, gone.id)
    await delete(instance, group, oops.id)

    await until(lambda: shown(fcm) == ["ann: one"])
    assert "sound" not in fcm.arrived[-1].message["apns"]["payload"]["aps"]
    assert fcm.arrived[-1].message["apns"]["payload"]["aps"]["badge"] == 1


async def test_no_system_message_takes_its_place(instance: Instance, fcm: FcmServer) -> None:
    """A change of the title is no news: it rings nobody."""
    group = await found(instance, "bob", system_messages=True)
    await instance.start()
    first = await rings(group, fcm, "one")
    await conversations.update_conversation(
        instance, user_id="ann", conversation_id=group.id, changes={"title": "Coffee"}
    )
    oops = await rings(group, fcm, "two")

    await delete(instance, group, oops.id)
    await until(lambda: shown(fcm) == ["ann: one"])
    await delete(instance, group, first.id)

    await until(lambda: shown(fcm) == [])


async def test_what_was_read_does_not_come_back(instance: Instance, fcm: FcmServer) -> None:
    group = await found(instance, "bob")
    await instance.start()
    await rings(group, fcm, "one")
    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=1)
    oops = await rings(group, fcm, "two")

    await delete(instance, group, oops.id)

    await until(lambda: shown(fcm) == [])


async def test_a_message_that_is_not_shown_changes_nothing(
    instance: Instance, fcm: FcmServer
) -> None:
    """A newer one is."""
    group = await found(instance, "bob")
    await instance.start()
    one = await rings(group, fcm, "one")
    await rings(group, fcm, "two")
    arrived = len(fcm.arrived)

    await delete(instance, group, one.id)
    last = await rings(group, fcm, "three")

    assert [push.data["message_id"] for push in fcm.arrived[arrived:]] == [last.id]


async def test_an_answer_takes_it_off_the_other_devices(instance: Instance, fcm: FcmServer) -> None:
    group = await found(instance, "bob", with_devices=2)
    await register(instance, "ann")
    await instance.start()
    await group.send("Coming?")
    await until(lambda: shown(fcm) == shown(fcm, "bob-1") == ["ann: Coming?"])

    await messages.send_message(instance, user_id="bob", conversation_id=group.id, text="Yes")

    await until(lambda: shown(fcm) == shown(fcm, "bob-1") == [])
    await until(lambda: shown(fcm, "ann-0") == ["bob: Yes"])


async def test_leaving_and_removal_take_it_away(instance: Instance, fcm: FcmServer) -> None:
    group = await found(instance, "bob", "cid")
    await instance.start()
    await group.send("Hello")
    await until(lambda: shown(fcm) == shown(fcm, "cid-0") == ["ann: Hello"])

    for person, by in (("bob", "bob"), ("cid", "ann")):
        await participants.remove_participant(
            instance, user_id=by, conversation_id=group.id, participant_id=person
        )

    await until(lambda: shown(fcm) == shown(fcm, "cid-0") == [])


async def test_reading_up_to_what_it_shows_is_enough(instance: Instance, fcm: FcmServer) -> None:
    """A later message that is no reason to ring, one's own mute or a mention of others, does not
    keep it."""
    group = await found(instance, "bob")
    await instance.start()
    await group.send("one")
    await until(lambda: shown(fcm) == ["ann: one"])
    heard = asyncio.Event()

    async def hear(**_: object) -> None:
        heard.set()

    message_sent.connect(hear, sender=instance)
    await instance.notifications.stop()  # the next message rings nobody
    await group.send("two")
    await heard.wait()
    instance.notifications.start()
    message_sent.disconnect(hear, sender=instance)

    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=1)

    await until(lambda: shown(fcm) == [])


def test_clear_jobs_are_those_of_the_release_before() -> None:
    """Workers of that release refuse fields which they do not know."""
    assert set(ClearJob.__struct_fields__) == {
        "conversation_id",
        "user_id",
        "read_seq",
        "made_at",
        "attempt",
    }
