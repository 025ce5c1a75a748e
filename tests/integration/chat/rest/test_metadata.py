"""The metadata of messages and conversations, and the picture of a conversation."""

import json
from typing import Any

import pytest

from tests.integration.chat import Api, Json, created, ok, problem, wrong_fields

AS_WRITTEN = '{"b" : [1, 1.0, 1E2, -0.0, 12345678901234567890123],\n"a":{"ü":"\\u00fc 👋"}}'
COMPACT = '{"b":[1,1.0,1E2,-0.0,12345678901234567890123],"a":{"ü":"\\u00fc 👋"}}'


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels - 1):
        inner = {"x": inner}
    return inner


def of_size(size: int) -> str:
    """A JSON object of as many bytes."""
    return '{"x":"' + "a" * (size - 8) + '"}'


async def send_raw(person: Api, path: str, body: str, method: str = "POST") -> Any:
    return await person.request(
        method, path, content=body.encode(), headers={"Content-Type": "application/json"}
    )


async def test_it_is_given_back_as_it_came(ann: Api, bob: Api) -> None:
    """With its order, its numbers and its escapes; only the space between them is gone. Also where
    a text holds what looks like an escaped NUL, or is too long."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/messages"
    for text in ("hi", "\\\\u0000"):
        sent = await send_raw(ann, path, f'{{"metadata": {AS_WRITTEN}, "text":"{text}"}}')

        assert sent.status_code == 201
        assert COMPACT.encode() in sent.content
        assert COMPACT.encode() in (await bob.get(f"{path}/{sent.json()['id']}")).content
        assert COMPACT.encode() in (await bob.get("/conversations")).content


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ('"text"', "not_a_dict"),
        ("[1]", "not_a_dict"),
        ("7", "not_a_dict"),
        (json.dumps(nested(6)), "too_deep"),
        ('{"x":[[[[[]]]]]}', "too_deep"),
        (of_size(4_097), "max_length"),
        ('{"x":"' + "👋" * 1_023 + '"}', "max_length"),
        ('{"x":"a\\u0000b"}', "invalid_characters"),
        ('{"a\\u0000b":1}', "invalid_characters"),
        ('{"x":["\\ud800"]}', "invalid_characters"),
        ('{"\\udfff":1}', "invalid_characters"),
        ('{"x":1e400}', None),
        ('{"x":NaN}', None),
        ('{"x":Infinity}', None),
        ('{"x":1,"x":2}', None),
        ('{"y":{"x":1,"\\u0078":2}}', None),
        ("[" * 20 + "]" * 20, None),
    ],
)
async def test_what_is_refused(ann: Api, metadata: str, code: str | None) -> None:
    """By name if it is JSON, in a message and in a conversation, new or changed."""
    group = await ann.group()
    sent = await ann.send(group)
    message = f"/conversations/{group}/messages/{sent['id']}"
    for method, path, rest in (
        ("POST", f"/conversations/{group}/messages", '"text":"hi"'),
        ("PATCH", message, '"text":"hi"'),
        ("POST", "/conversations", '"kind":"group","participant_ids":[]'),
        ("PATCH", f"/conversations/{group}", '"title":"hi"'),
    ):
        answer = await send_raw(ann, path, f'{{{rest},"metadata":{metadata}}}', method)

        if code is None:
            assert problem(answer) == (400, "invalid_json"), path
        else:
            assert wrong_fields(answer) == [("metadata", code)], path
    assert ok(await ann.get(message)) == sent
    assert (await ann.conversation(group))["version"] == 1


@pytest.mark.parametrize("metadata", ["{}", json.dumps(nested(5)), of_size(4_096), "null"])
async def test_what_is_allowed(ann: Api, metadata: str) -> None:
    group = await ann.group()

    answer = await send_raw(
        ann, f"/conversations/{group}/messages", f'{{"text":"hi","metadata":{metadata}}}'
    )

    assert answer.status_code == 201
    assert answer.json()["metadata"] == json.loads(metadata)


async def test_it_decides_whether_a_send_is_a_retry(ann: Api) -> None:
    """Whatever the order of its names; without it, as before."""
    group = await ann.group()
    path = f"/conversations/{group}/messages"
    cases: list[tuple[str, Json, Json, Json]] = [
        ("1", {"metadata": {"a": 1, "b": 2}}, {"metadata": {"b": 2, "a": 1}}, {}),
        ("2", {}, {"metadata": None}, {"metadata": {}}),
        ("3", {}, {"mentions_all": False}, {"mentions_all": True}),
        ("4", {"mentions_all": True}, {"mentions_all": True}, {}),
    ]
    for client_id, first, same, other in cases:
        answers = [
            await ann.post(path, text="hi", client_id=client_id, **fields)
            for fields in (first, same, other)
        ]

        assert [answer.status_code for answer in answers] == [201, 200, 409]


async def test_other_metadata_is_no_edit(ann: Api, bob: Api) -> None:
    """It takes a version, and leaves `edited_at`; the same once more takes none."""
    group = await ann.group(bob)
    sent = await ann.send(group, "hi", metadata={"a": 1})
    path = f"/conversations/{group}/messages/{sent['id']}"

    changed = ok(await ann.patch(path, metadata={"a": 2}))
    again = ok(await ann.patch(path, metadata={"a": 2}))
    removed = ok(await ann.patch(path, metadata=None))
    both = ok(await ann.patch(path, metadata={"a": 3}, text="ho"))

    assert changed == again == {**sent, "metadata": {"a": 2}, "version": 2}
    assert removed == {**sent, "metadata": None, "version": 3}
    assert (both["text"], both["metadata"], both["version"]) == ("ho", {"a": 3}, 4)
    assert both["edited_at"] is not None
    assert problem(await bob.patch(path, metadata={})) == (403, "permission_denied")
    assert wrong_fields(await ann.patch(path)) == [("text", "required")]


async def test_a_conversation(ann: Api, bob: Api) -> None:
    """Metadata and a picture from the beginning, and changed by owner and admin, each alone."""
    first = created(
        await ann.post(
            "/conversations",
            kind="group",
            participant_ids=["bob"],
            metadata={"topic": "tea"},
            picture="https://example.org/tea.png",
        )
    )
    path = f"/conversations/{first['id']}"
    assert first["metadata"] == {"topic": "tea"}
    assert first["picture"] == "https://example.org/tea.png"

    changed = ok(await ann.patch(path, metadata={"topic": "coffee"}))
    again = ok(await ann.patch(path, metadata={"topic": "coffee"}))
    without = ok(await ann.patch(path, picture=None))

    assert (changed["version"], again["version"], without["version"]) == (1, 1, 2)
    assert changed["picture"] == first["picture"]
    assert without["metadata"] == {"topic": "coffee"}
    assert without["picture"] is None
    assert ok(await bob.get(path))["metadata"] == {"topic": "coffee"}
    assert problem(await bob.patch(path, metadata={})) == (403, "permission_denied")
    assert wrong_fields(await ann.patch(path)) == [("title", "required")]


@pytest.mark.parametrize("picture", ["http://example.org/x", "javascript:x", "", "https://", 7])
async def test_no_picture(ann: Api, picture: object) -> None:
    group = await ann.group()
    for answer in (
        await ann.post("/conversations", kind="group", participant_ids=[], picture=picture),
        await ann.patch(f"/conversations/{group}", picture=picture),
    ):
        assert [name for name, _ in wrong_fields(answer)] == ["picture"]


async def test_a_direct_conversation(ann: Api) -> None:
    """It has no picture; its metadata is what it was created with."""
    body: Json = {"kind": "direct", "participant_ids": ["bob"]}
    picture = "https://example.org/tea.png"
    refused = await ann.post("/conversations", **body, picture=picture)
    assert [name for name, _ in wrong_fields(refused)] == ["picture"]

    first = created(await ann.post("/conversations", **body, metadata={"a": 1}))
    again = ok(await ann.post("/conversations", **body, metadata={"a": 2}))

    assert first["metadata"] == again["metadata"] == {"a": 1}
    changes: list[Json] = [{"metadata": {}}, {"picture": picture}, {"title": "Tea"}]
    for change in changes:
        answer = await ann.patch(f"/conversations/{first['id']}", **change)
        assert problem(answer) == (403, "permission_denied")


async def test_a_client_id_covers_the_new_fields(ann: Api) -> None:
    """Of a group, only where they are given."""
    body: Json = {"kind": "group", "participant_ids": ["bob"], "client_id": "1"}
    first = await ann.post("/conversations", **body)
    same = await ann.post("/conversations", **body, metadata=None, picture=None)
    other = await ann.post("/conversations", **body, metadata={})

    assert [answer.status_code for answer in (first, same, other)] == [201, 200, 409]
