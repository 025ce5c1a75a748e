"""What people expect of a browser holds on the demo page: focus, Back, and texts they wrote."""

from uuid import uuid4

from playwright.async_api import Page, expect

from tests.acceptance.test_browser import Instances, Room, room

__all__ = ["room"]


async def test_writing_goes_on_where_it_was(one_instance: Instances, room: Room) -> None:
    """A new conversation takes the focus to its composer; Back leads to the conversation before; a
    text that was refused comes back into the composer when it is taken out of the history."""
    (url,) = one_instance.urls
    title = f"Habits {uuid4()}"
    alice = await room.person(url, "alice")
    assert isinstance(alice.screen, Page)

    await alice.write_to("Bob")
    await expect(alice.composer).to_be_focused()
    await alice.create_group(title, "Bob")
    await expect(alice.composer).to_be_focused()

    await alice.screen.go_back()
    await expect(alice.find("conversation-name")).to_have_text("Bob")
    await alice.screen.go_forward()
    await expect(alice.find("conversation-name")).to_have_text(title)

    too_long = "x" * 10_001
    await alice.say(too_long)
    failed = alice.find("message")
    await expect(failed).to_have_attribute("data-state", "failed")
    await expect(alice.composer).to_have_value("")
    await failed.get_by_role("button", name="Discard").click()
    await expect(alice.composer).to_have_value(too_long)
    await expect(failed).to_have_count(0)
