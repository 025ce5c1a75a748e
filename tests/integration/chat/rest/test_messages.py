"""Messages over REST: send, edit, delete, read back, and never twice."""

import asyncio
from collections.abc import Callable

import pytest

from messaging.domain.identifiers import random_id
from tests.integration.chat import Api, Json, ok, problem, wrong_fields
from tests.integration.chat.sockets import shared_message

MakeApi = Callable[[str], Api]


# Sending


async def test_a_message(ann: Api, bob: Api) -> None:
    """201 with what everybody sees, at the next seq and version."""
    group = await ann.group(bob)

    answer = await ann.post(
        f"/conversations/{group}/messages",
        text="  as\ttyped,\nwith 🦆 ",
        client_id="c 1~",
        mentions=["bob", "ann", "bob"],
    )

    assert answer.status_code == 201
    sent = answer.json()
    assert sent == {
        "id": sent["id"],
        "conversation_id": group,
        "seq": 1,
        "version": 1,
        "created_version": 1,
        "sender_id": "ann",
        "client_id": "c 1~",
        "text": "  as\ttyped,\nwith 🦆 ",
        "reply_to": None,
        "mentions": ["bob", "ann"],
        "mentions_all": False,
        "kind": "text",
        "metadata": None,
        "pinned_at": None,
        "attachments": [],
        "reactions": {},
        "my_reactions": [],
        "created_at": sent["created_at"],
        "edited_at": None,
        "deleted_at": None,
    }
    assert ok(await bob.get(f"/conversations/{group}/messages/{sent['id']}")) == sent
    seen = await bob.conversation(group)
    assert (seen["seq"], seen["version"], seen["last_message"]) == (1, 1, shared_message(sent))
    assert (seen["unread_count"], seen["read_seq"]) == (1, 0)


async def test_sending_is_reading(ann: Api, bob: Api) -> None:
    """One's own message, and what came before it, is not unread."""
    group = await ann.group(bob)
    await ann.send(group, "one")
    await bob.send(group, "two")

    assert (await bob.conversation(group))["unread_count"] == 0
    assert (await ann.conversation(group))["unread_count"] == 1


async def test_an_answer_to_a_message(ann: Api, bob: Api) -> None:
    """Of this conversation, deleted or not."""
    group, other = await ann.group(bob), await ann.group(bob)
    first, elsewhere = await ann.send(group), await ann.send(other)

    reply = await bob.send(group, "yes", reply_to=first["id"])
    await ann.delete(f"/conversations/{group}/messages/{first['id']}")
    late = await bob.send(group, "no", reply_to=first["id"])
    refused = await bob.post(
        f"/conversations/{group}/messages", text="what?", reply_to=elsewhere["id"]
    )

    assert reply["reply_to"] == late["reply_to"] == first["id"]
    assert wrong_fields(refused) == [("reply_to", "does_not_exist")]


async def test_fifty_senders_at_once(api: MakeApi) -> None:
    """seq and version run on without a hole, and everybody is told their own."""
    people = [api(f"user-{number}") for number in range(50)]
    group = await people[0].group(*people[1:])

    sent = await asyncio.gather(
        *(person.send(group, person.user_id, client_id="c") for person in people)
    )

    assert sorted(message["seq"] for message in sent) == list(range(1, 51))
    assert all(message["version"] == message["seq"] for message in sent)
    assert {message["sender_id"]: message["text"] for message in sent} == {
        person.user_id: person.user_id for person in people
    }
    history = ok(await people[0].get(f"/conversations/{group}/messages", limit=100))["items"]
    assert history == sorted(sent, key=lambda message: int(message["seq"]))


# What may be written

LONGEST = "x" * 10_000


@pytest.mark.parametrize(
    "text",
    [
        LONGEST,
        "🦆" * (32 * 1024 // 4),
        "\N{ZERO WIDTH SPACE}x",
        "\tx\n",
        "\N{LINE SEPARATOR}x",
        "<script>",
        "null",
    ],
)
async def test_what_is_kept_as_typed(ann: Api, text: str) -> None:
    group = await ann.group()
    assert (await ann.send(group, text))["text"] == text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \t\n\N{NO-BREAK SPACE}\N{EM SPACE}"}, "text"),
        ({"text": "\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}\N{HANGUL FILLER}"}, "text"),
        ({"text": LONGEST + "x"}, "text"),
        ({"text": "🦆" * (32 * 1024 // 4) + "x"}, "text"),
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": ["hi"]}, "text"),
        ({"text": {"hi": "ho"}}, "text"),
        ({"client_id": 7}, "client_id"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 129}, "client_id"),
        ({"client_id": "tab\t"}, "client_id"),
        ({"client_id": "é"}, "client_id"),
        ({"reply_to": 7}, "reply_to"),
        ({"reply_to": "x"}, "reply_to"),
        ({"reply_to": "../x"}, "reply_to"),
        ({"mentions": "bob"}, "mentions"),
        ({"mentions": [["bob"]]}, "mentions.0"),
        ({"mentions": ["bob", "eve"]}, "mentions.1"),
        ({"attachments": [{"id": "x"}]}, "attachments.0"),
        ({"reactions": {}}, "reactions"),
        ({"sender_id": "bob"}, "sender_id"),
        ({"seq": 1}, "seq"),
        ({"version": 1}, "version"),
        ({"role": "owner"}, "role"),
        ({"created_at": "2026-01-01T00:00:00.000Z"}, "created_at"),
        ({"__proto__": {}}, "__proto__"),
    ],
)
async def test_what_is_not_a_message(
    ann: Api, bob: Api, wrong: dict[str, object], field: str
) -> None:
    """The field is named, and nothing is stored."""
    group = await ann.group(bob)

    answer = await ann.post(f"/conversations/{group}/messages", **{"text": "hi", **wrong})

    assert [name for name, _ in wrong_fields(answer)] == [field]
    assert await ann.version(group) == 0


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\x9f"])
async def test_control_characters_are_refused(ann: Api, character: str) -> None:
    """Other than tab and newline."""
    group = await ann.group()

    answer = await ann.post(f"/conversations/{group}/messages", text=f"a{character}b")

    assert [name for name, _ in wrong_fields(answer)] == ["text"]


@pytest.mark.parametrize("body", [rb'{"text": "\ud800"}', rb'{"text": "\udc00\ud800"}'])
async def test_lone_surrogates_are_no_text(ann: Api, body: bytes) -> None:
    """No UTF-8 expresses them: the field that has them is named."""
    group = await ann.group()

    answer = await ann.request(
        "POST",
        f"/conversations/{group}/messages",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert wrong_fields(answer) == [("text", "invalid_characters")]


async def test_newlines_become_lf(ann: Api) -> None:
    """CRLF and CR, before anything else: the length, and what is sent again, are those of the text
    that is stored; in a send as in an edit."""
    group = await ann.group()
    path = f"/conversations/{group}/messages"

    sent = await ann.send(group, "a\r\nb\rc\n", client_id="1")
    again = ok(await ann.post(path, text="a\nb\nc\n", client_id="1"))
    longest = await ann.send(group, "a\r\n" * 5_000)
    edited = ok(await ann.patch(f"{path}/{sent['id']}", text="a\r\n" * 5_000))

    assert sent["text"] == "a\nb\nc\n"
    assert again == sent
    assert longest["text"] == edited["text"] == "a\n" * 5_000


# Never twice


async def test_a_retry_finds_the_first(ann: Api, bob: Api) -> None:
    """200 with the message as it stands now, also after an edit and after it was deleted."""
    group = await ann.group(bob)
    body: Json = {"text": "hello", "client_id": "c-1", "mentions": ["bob"]}
    first = await ann.send(group, **body)
    path = f"/conversations/{group}/messages/{first['id']}"

    retried = ok(await ann.post(f"/conversations/{group}/messages", **body))
    edited = ok(await ann.patch(path, text="changed"))
    after_edit = ok(await ann.post(f"/conversations/{group}/messages", **body))
    await ann.delete(path)
    after_delete = ok(await ann.post(f"/conversations/{group}/messages", **body))

    assert retried == first
    assert after_edit == edited
    assert (after_delete["id"], after_delete["text"]) == (first["id"], None)
    assert (await ann.conversation(group))["seq"] == 1


async def test_a_retry_after_the_world_has_changed(ann: Api, bob: Api) -> None:
    """Whether the same request would be valid today does not matter: it was carried out."""
    group = await ann.group(bob)
    body: Json = {"text": "hello", "client_id": "c-1", "mentions": ["bob"]}
    first = await ann.send(group, **body)
    await bob.delete(f"/conversations/{group}/participants/me")

    assert ok(await ann.post(f"/conversations/{group}/messages", **body)) == first
    changed = await ann.post(f"/conversations/{group}/messages", **{**body, "text": "bye"})
    assert problem(changed) == (409, "client_id_reused")


@pytest.mark.parametrize(
    "other", [{"text": "hello "}, {"mentions": ["bob"]}, {"reply_to": True}, {"mentions": []}]
)
async def test_a_client_id_carries_one_content(
    ann: Api, bob: Api, other: dict[str, object]
) -> None:
    """409 for any other, for ever: the content of the first request decides, also after an
    edit to just that content or a deletion."""
    group = await ann.group(bob)
    reply_to = (await bob.send(group))["id"]
    body: Json = {"text": "hello", "client_id": "c-1", "mentions": ["ann"]}
    first = await ann.send(group, **body)
    changed = {**body, **other}
    if changed.get("reply_to"):
        changed["reply_to"] = reply_to
    path = f"/conversations/{group}/messages"

    answers = [await ann.post(path, **changed)]
    await ann.patch(f"{path}/{first['id']}", text=changed["text"])
    answers.append(await ann.post(path, **changed))
    await ann.delete(f"{path}/{first['id']}")
    answers.append(await ann.post(path, **changed))

    assert [problem(answer) for answer in answers] == [(409, "client_id_reused")] * 3


async def test_client_ids_are_ones_own_in_one_conversation(ann: Api, bob: Api) -> None:
    """The same one of somebody else, or elsewhere, is another message."""
    group, other = await ann.group(bob), await ann.group(bob)

    sent = [
        await ann.send(group, client_id="c"),
        await bob.send(group, client_id="c"),
        await ann.send(other, client_id="c"),
        await ann.send(group),
        await ann.send(group),
    ]

    assert len({message["id"] for message in sent}) == 5


async def test_fifty_times_at_once_is_one_message(ann: Api, bob: Api) -> None:
    """One 201, and everybody else is told of the same message."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/messages"

    answers = await asyncio.gather(
        *(ann.post(path, text="hello", client_id="c") for _ in range(50))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert (await bob.conversation(group))["seq"] == 1


# Editing


async def test_editing(ann: Api, bob: Api) -> None:
    """Another text at a new version; all else stays. The same text again is no change."""
    group = await ann.group(bob)
    sent = await ann.send(group, "tpyo", client_id="c")
    path = f"/conversations/{group}/messages/{sent['id']}"

    edited = ok(await ann.patch(path, text="typo"))
    again = ok(await ann.patch(path, text="typo"))

    assert edited["edited_at"] is not None
    assert edited == {**sent, "text": "typo", "version": 2, "edited_at": edited["edited_at"]}
    assert again == edited == ok(await bob.get(path))
    assert (await bob.conversation(group))["last_message"] == shared_message(edited)


async def test_an_old_message_is_edited(ann: Api) -> None:
    """What was said last stays the conversation's last message."""
    group = await ann.group()
    old, last = await ann.send(group, "old"), await ann.send(group, "new")

    ok(await ann.patch(f"/conversations/{group}/messages/{old['id']}", text="older"))

    assert (await ann.conversation(group))["last_message"] == shared_message(last)


async def test_only_the_sender_edits(api: MakeApi, ann: Api, bob: Api) -> None:
    """Not even the owner."""
    group = await ann.group(bob)
    sent = await bob.send(group)

    answer = await ann.patch(f"/conversations/{group}/messages/{sent['id']}", text="mine")

    assert problem(answer) == (403, "permission_denied")


@pytest.mark.parametrize("text", ["", " ", "a\x00b", None, 7, "x" * 10_001])
async def test_no_text_to_edit_to(ann: Api, text: object) -> None:
    group = await ann.group()
    sent = await ann.send(group)

    answer = await ann.patch(f"/conversations/{group}/messages/{sent['id']}", text=text)

    assert [name for name, _ in wrong_fields(answer)] == ["text"]


# Deleting


async def test_deleting(ann: Api, bob: Api) -> None:
    """The place stays, the content goes; once more is 204 and no version; no edit any more."""
    group = await ann.group(bob)
    first = await ann.send(group)
    sent = await ann.send(group, "oops", mentions=["bob"], reply_to=first["id"], client_id="c")
    path = f"/conversations/{group}/messages/{sent['id']}"

    deleted = [await ann.delete(path), await ann.delete(path)]

    assert [answer.status_code for answer in deleted] == [204, 204]
    assert [answer.headers["Chat-Version"] for answer in deleted] == ["3", "3"]
    tombstone = ok(await bob.get(path))
    assert tombstone["deleted_at"] is not None
    emptied: Json = {"text": None, "mentions": [], "reply_to": None, "version": 3}
    assert (tombstone["version"], tombstone["created_version"]) == (3, 2)
    assert tombstone == {**sent, **emptied, "deleted_at": tombstone["deleted_at"]}
    assert ok(await bob.get(f"/conversations/{group}/messages"))["items"] == [first, tombstone]
    assert problem(await ann.patch(path, text="back")) == (404, "message_not_found")
    seen = await bob.conversation(group)
    assert (seen["seq"], seen["version"], seen["last_message"]) == (2, 3, shared_message(tombstone))


@pytest.mark.parametrize(
    ("actor", "allowed"), [("owner", True), ("admin", True), ("sender", True), ("member", False)]
)
async def test_who_may_delete(api: MakeApi, actor: str, allowed: bool) -> None:
    """The sender, and owner and admin anybody's."""
    owner, sender = api("owner"), api("sender")
    group = await owner.group(sender, api("member"))
    await owner.post(f"/conversations/{group}/participants", user_ids=["admin"], role="admin")
    sent = await sender.send(group)

    answer = await api(actor).delete(f"/conversations/{group}/messages/{sent['id']}")

    if allowed:
        assert answer.status_code == 204
    else:
        assert problem(answer) == (403, "permission_denied")


async def test_messages_that_do_not_exist(ann: Api) -> None:
    """Nor do those of another conversation, here."""
    group, other = await ann.group(), await ann.group()
    elsewhere = (await ann.send(other))["id"]
    for message_id in (random_id(), elsewhere, "x", "__x__", "🦆"):
        path = f"/conversations/{group}/messages/{message_id}"
        for answer in (
            await ann.get(path),
            await ann.patch(path, text="x"),
            await ann.delete(path),
        ):
            assert problem(answer) == (404, "message_not_found")


# History


@pytest.fixture
async def ten(ann: Api) -> str:
    """A conversation with the messages 1 … 10."""
    group = await ann.group()
    for number in range(1, 11):
        await ann.send(group, str(number))
    return group


@pytest.mark.parametrize(
    ("query", "seqs", "before", "after"),
    [
        ({}, range(1, 11), False, False),
        ({"limit": 10}, range(1, 11), False, False),
        ({"limit": 9}, range(2, 11), True, False),
        ({"limit": 1}, [10], True, False),
        ({"before": 11, "limit": 3}, [8, 9, 10], True, False),
        ({"before": 10**15, "limit": 1}, [10], True, False),
        ({"before": 4, "limit": 3}, [1, 2, 3], False, True),
        ({"before": 4, "limit": 2}, [2, 3], True, True),
        ({"before": 2}, [1], False, True),
        ({"before": 1}, [], False, True),
        ({"before": 0}, [], False, True),
        ({"after": 0, "limit": 3}, [1, 2, 3], False, True),
        ({"after": 7, "limit": 3}, [8, 9, 10], True, False),
        ({"after": 7, "limit": 2}, [8, 9], True, True),
        ({"after": 9}, [10], True, False),
        ({"after": 10}, [], True, False),
        ({"after": 10**15}, [], True, False),
        ({"around": 5, "limit": 3}, [4, 5, 6], True, True),
        ({"around": 5, "limit": 1}, [5], True, True),
        ({"around": 1, "limit": 3}, [1, 2, 3], False, True),
        ({"around": 0, "limit": 3}, [1, 2, 3], False, True),
        ({"around": 10, "limit": 3}, [9, 10], True, False),
        ({"around": 5, "limit": 100}, range(1, 11), False, False),
    ],
)
async def test_pages_of_history(
    ann: Api, ten: str, query: dict[str, int], seqs: list[int], before: bool, after: bool
) -> None:
    """Ascending; `before` and `after` without the named one, `around` with it."""
    page = ok(await ann.get(f"/conversations/{ten}/messages", **query))

    assert [message["seq"] for message in page["items"]] == list(seqs)
    assert (page["has_more_before"], page["has_more_after"]) == (before, after)


async def test_around_far_beyond_the_end(ann: Api, ten: str) -> None:
    """Shows the end."""
    page = ok(await ann.get(f"/conversations/{ten}/messages", around=10**15, limit=4))

    assert page["items"][-1]["seq"] == 10
    assert not page["has_more_after"]


@pytest.mark.parametrize("query", [{}, {"before": 0}, {"before": 5}, {"after": 0}, {"around": 0}])
async def test_an_empty_history(ann: Api, query: dict[str, int]) -> None:
    group = await ann.group()

    page = ok(await ann.get(f"/conversations/{group}/messages", **query))

    assert page == {"items": [], "has_more_before": False, "has_more_after": False}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"before": 1, "after": 1}, ""),
        ({"around": 1, "after": 1}, ""),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": 10**9}, "limit"),
        ({"before": -1}, "before"),
        ({"after": 2**53}, "after"),
        ({"after": 10**40}, "after"),
        ({"around": "x"}, "around"),
        ({"around": "１"}, "around"),
        ({"from": 1}, "from"),
    ],
)
async def test_no_page_of_history(ann: Api, query: dict[str, object], field: str) -> None:
    group = await ann.group()

    answer = await ann.get(f"/conversations/{group}/messages", **query)

    assert [name for name, _ in wrong_fields(answer)] == [field]
