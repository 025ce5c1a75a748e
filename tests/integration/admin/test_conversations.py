"""Conversations in the admin: lists, pages, freezing, deleting, looking into them."""

import re
from datetime import timedelta
from html import unescape

from asgiref.sync import sync_to_async
from django.contrib.admin.models import LogEntry

from tests.integration.admin import Operator, next_of, rows_of, text_of
from tests.integration.admin.conftest import SignIn
from tests.integration.chat import Api, problem


async def test_the_list_goes_on_page_by_page(ann: Api, root: Operator) -> None:
    """The one that changed last comes first; every conversation is on one page."""
    made = [await ann.group(title=f"Tea {number}") for number in range(30)]
    await ann.send(made[0])

    first = await root.get("conversation/")
    query = next_of(first)
    assert query is not None
    second = await root.get(f"conversation/?{query}")

    assert rows_of(first)[0] == made[0]
    assert (len(rows_of(first)), len(rows_of(second))) == (25, 5)
    assert {*rows_of(first), *rows_of(second)} == set(made)
    assert next_of(second) is None
    assert "First page" in text_of(second)


async def test_conversations_are_searched(ann: Api, bob: Api, root: Operator) -> None:
    """By id, or by who is in them."""
    both = await ann.group(bob)
    alone = await ann.group()

    assert rows_of(await root.get("conversation/", q=alone)) == [alone]
    assert rows_of(await root.get("conversation/", q="bob")) == [both]
    assert set(rows_of(await root.get("conversation/", q="ann"))) == {both, alone}
    assert rows_of(await root.get("conversation/", q="no / id")) == []


async def test_the_page_shows_people_and_no_text(ann: Api, bob: Api, root: Operator) -> None:
    group = await ann.group(bob, title="Tea")
    await ann.send(group, "between us")

    page = await root.page(f"conversation/{group}/change/")

    assert "Tea" in page
    assert "ann owner" in page
    assert "bob member" in page
    assert "between us" not in page
    assert (await root.get("conversation/unknown/change/")).status_code == 302


async def test_freezing_asks_and_is_written_down(ann: Api, bob: Api, root: Operator) -> None:
    """Nothing happens before it is confirmed; then members cannot write, until it is undone."""
    group = await ann.group(bob, title="Tea")

    asked = await root.act("conversation/", "freeze", group, confirmed=False)
    assert "Members can no longer write" in text_of(asked)
    await bob.send(group)

    done = await root.act("conversation/", "freeze", group)
    assert "Freeze: Tea, done." in text_of(done)
    refused = await bob.post(f"/conversations/{group}/messages", text="hello")
    assert problem(refused) == (403, "permission_denied")
    assert "Freeze" in await root.page(f"conversation/{group}/history/")
    assert rows_of(await root.get("conversation/", frozen="1")) == [group]

    await root.act("conversation/", "unfreeze", group)
    await bob.send(group)
    assert rows_of(await root.get("conversation/", frozen="1")) == []


async def test_people_are_managed(ann: Api, bob: Api, root: Operator) -> None:
    """What the service refuses is said."""
    group = await ann.group(bob)

    refused = await root.act("conversation/", "expel", group, user="ann")
    assert "A group needs an owner" in text_of(refused)
    await root.act("conversation/", "assign_role", group, user="bob", role="owner")
    await root.act("conversation/", "expel", group, user="ann")

    people = (await bob.conversation(group))["participants"]
    assert [one["user_id"] for one in people] == ["bob"]
    assert problem(await ann.get(f"/conversations/{group}")) == (403, "not_a_participant")


async def test_a_conversation_is_deleted(ann: Api, bob: Api, root: Operator) -> None:
    group = await ann.group(bob)
    await ann.send(group)

    await root.act("conversation/", "delete", group)

    assert problem(await ann.get(f"/conversations/{group}")) == (403, "not_a_participant")
    page = await root.get(f"conversation/{group}/change/")
    assert "No participants." in page.text
    assert 'name="action"' not in page.text  # there is nothing to do to it any more


async def test_looking_into_a_conversation_asks_why(
    ann: Api, root: Operator, operator: SignIn
) -> None:
    """Once an hour, each operator for themselves and each conversation; the reason is written into
    its history."""
    group, other = await ann.group(), await ann.group()
    message = await ann.send(group, "between us")
    messages, one = f"message/?conversation={group}", f"message/{group}.{message['id']}/change/"

    for path in (messages, one):
        assert "between us" not in await root.page(path)
    empty = await root.post(messages, {"look": "1", "reason": " "})
    assert "This field is required" in text_of(empty)
    shown = await root.post(messages, {"look": "1", "reason": "Report 7"})

    assert "between us" in text_of(shown)
    assert "between us" in await root.page(one)
    assert "Looked into it: Report 7" in await root.page(f"conversation/{group}/history/")
    assert "Give a reason" in await root.page(f"message/?conversation={other}")
    assert "between us" not in await (await operator("other")).page(messages)

    await sync_to_async(_make_older)(minutes=61)
    assert "between us" not in await root.page(messages)


def _make_older(**ago: int) -> None:
    for entry in LogEntry.objects.all():
        entry.action_time -= timedelta(**ago)
        entry.save()


async def test_messages_page_by_page(ann: Api, root: Operator) -> None:
    """The latest first."""
    group = await ann.group()
    for number in range(1, 31):
        await ann.send(group, f"text {number}.")
    first = await root.post(f"message/?conversation={group}", {"look": "1", "reason": "Why not"})

    query = next_of(first)
    assert query is not None
    second = await root.get(f"message/?{query}")

    assert "text 30." in first.text
    assert "text 5." not in first.text
    assert (len(rows_of(first)), len(rows_of(second))) == (25, 5)
    assert "text 5." in second.text
    assert next_of(second) is None


async def test_what_was_said_around_a_message(ann: Api, root: Operator) -> None:
    """From its page, however long ago it was."""
    group = await ann.group()
    sent = [await ann.send(group, f"text {number}.") for number in range(1, 61)]
    await root.post(f"message/?conversation={group}", {"look": "1", "reason": "Why not"})
    page = await root.get(f"message/{group}.{sent[19]['id']}/change/")
    found = re.search(r'href="([^"]+)">Messages around it', page.text)
    assert found is not None

    around = await root.get("message/?" + unescape(found[1]).partition("?")[2])

    assert len(rows_of(around)) == 25
    assert rows_of(around)[12] == f"{group}.{sent[19]['id']}"


async def test_a_message_shows_its_earlier_texts(ann: Api, root: Operator) -> None:
    """To operators who have given a reason, the latest first; redacting takes them away."""
    group = await ann.group()
    message = await ann.send(group, "first words")
    for text in ("second words", "last words"):
        await ann.patch(f"/conversations/{group}/messages/{message['id']}", text=text)
    key = f"{group}.{message['id']}"
    assert "first words" not in await root.page(f"message/{key}/change/")
    await root.post(f"message/?conversation={group}", {"look": "1", "reason": "foul"})

    page = await root.page(f"message/{key}/change/")

    assert page.index("last words") < page.index("second words") < page.index("first words")
    await root.act(f"message/?conversation={group}", "redact", key)
    page = await root.page(f"message/{key}/change/")
    assert not any(text in page for text in ("first words", "second words", "last words"))


async def test_a_message_is_redacted(ann: Api, root: Operator) -> None:
    group = await ann.group()
    message = await ann.send(group, "something foul")
    key = f"{group}.{message['id']}"
    await root.post(f"message/?conversation={group}", {"look": "1", "reason": "foul"})

    await root.act(f"message/?conversation={group}", "redact", key)

    shown = await ann.get(f"/conversations/{group}/messages/{message['id']}")
    assert shown.json()["text"] is None
    assert "Redact" in await root.page(f"message/{key}/history/")


async def test_the_reactions_to_a_message_are_counted(ann: Api, bob: Api, root: Operator) -> None:
    """In the list and on its page."""
    group = await ann.group(bob)
    message = await ann.send(group)
    for person, emoji in ((ann, "+1"), (bob, "+1"), (bob, "cake")):
        path = f"/conversations/{group}/messages/{message['id']}/reactions/{emoji}"
        assert (await person.request("PUT", path)).status_code == 200
    listed = await root.post(f"message/?conversation={group}", {"look": "1", "reason": "Why not"})
    shown = await root.get(f"message/{group}.{message['id']}/change/")

    for page in (listed, shown):
        assert "+1 2" in page.text
        assert "cake 1" in page.text


async def test_there_is_no_list_of_everybodys_messages(root: Operator) -> None:
    answer = await root.get("message/")

    assert answer.headers["Location"] == "/admin/chat/conversation/"
