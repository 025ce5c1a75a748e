"""Any text at both doors: it is accepted and kept as typed, or refused with its field named."""

from uuid import uuid4

import regex

from tests.fuzz.doors import Doors, group, names
from tests.fuzz.texts import has_something_to_see, made, normalised, short_and_long


@short_and_long
async def test_every_door_says_the_same_of_a_text(ann: Doors, count: int) -> None:
    """Accepted by all and kept as typed, or refused by all with the field's name and the same
    code; the socket's error has the id of its command."""
    conversation = await group(ann)
    path = f"/conversations/{conversation}/messages"
    first = await ann.request("POST", path, {"text": "hello"})
    accepted = refused = 0
    for text in made(count):
        sent = await ann.by_rest("POST", path, "text", text)
        edited = await ann.by_rest("PATCH", f"{path}/{first['id']}", "text", text)
        by_socket = await ann.by_socket(conversation, text)

        assert sent == edited == by_socket, ascii(text)
        if sent.refused is None:
            accepted += 1
            assert sent.shown == normalised(text)
            assert has_something_to_see(text), ascii(text)
        else:
            refused += 1
    assert accepted > count / 4
    assert refused > count / 8


@short_and_long
async def test_every_door_says_the_same_of_a_title(ann: Doors, count: int) -> None:
    """A title that is accepted is one line, shows something, and turns no direction."""
    conversation = await group(ann)
    accepted = 0
    for text in made(count):
        more = {"kind": "group", "participant_ids": []}
        created = await ann.by_rest("POST", "/conversations", "title", text, **more)
        changed = await ann.by_rest("PATCH", f"/conversations/{conversation}", "title", text)

        assert created == changed, ascii(text)
        if created.refused is None:
            accepted += 1
            assert created.shown == text
            assert has_something_to_see(text), ascii(text)
            assert not regex.search(r"[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cc}]", text)
    assert accepted > count / 8


@short_and_long
async def test_reasons_of_reports(ann: Doors, count: int) -> None:
    conversation = await group(ann)
    path = f"/conversations/{conversation}/messages"
    for text in made(count):
        message = await ann.request("POST", path, {"text": "hello"})
        where = {"conversation_id": conversation, "message_id": message["id"]}
        verdict = await ann.by_rest("POST", "/reports", "reason", text, **where)

        if verdict.refused is None:
            assert verdict.shown == normalised(text)
            assert has_something_to_see(text), ascii(text)


@short_and_long
async def test_ids_and_settings_that_are_any_text(ann: Doors, count: int) -> None:
    """None is a fault of the server's. What is refused as malformed names the field, by both doors;
    what could be an id is looked for and not found."""
    conversation = await group(ann)
    path = f"/conversations/{conversation}/messages"
    hours = {"from": "22:00", "to": "07:00"}
    for text in made(count)[::3]:
        for field, body in (
            ("client_id", {"client_id": text}),
            ("reply_to", {"reply_to": text}),
            ("mentions", {"mentions": [text]}),
        ):
            known = {"conversation_id": conversation, "text": "hello", "client_id": uuid4().hex}
            by_socket = await ann.command("message.send", **{**known, **body})
            by_rest = await ann.request("POST", path, {"text": "hello", **body})
            assert names(by_rest, field) == names(by_socket, field), (field, ascii(text))
        assert names(
            await ann.request(
                "PATCH", "/me/preferences", {"quiet_hours": {**hours, "time_zone": text}}
            ),
            "quiet_hours.time_zone",
        )
        for end in ("from", "to"):
            spoiled = {**hours, "time_zone": "UTC", end: text}
            answer = await ann.request("PATCH", "/me/preferences", {"quiet_hours": spoiled})
            assert names(answer, f"quiet_hours.{end}"), ascii(text)
        if len(text) <= 128:
            for kind, more in (("receipt.read", {"seq": 1}), ("typing.start", {})):
                answer = await ann.command(kind, conversation_id=text, **more)
                assert answer["status"] == 404 or names(answer, "conversation_id"), ascii(text)
        answer = await ann.request(
            "POST", "/conversations", {"kind": "group", "participant_ids": [text]}
        )
        assert answer["status"] == 201 or names(answer, "participant_ids"), ascii(text)
