"""Attachments over REST: from the announcement to the file in a message."""

import asyncio
import io
import time
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from messaging.files.keys import staging_key
from messaging.files.storages.local import LocalStorage
from messaging.files.storages.local_addresses import Granted
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.integration.chat.rest.files import (
    PDF,
    addresses,
    announce,
    attach,
    complete,
    photo,
    upload,
)


async def test_a_photo_is_sent_and_seen(ann: Api, bob: Api) -> None:
    tea = await ann.group(bob)
    content = photo(600, 400)
    attachment = await attach(ann, tea, content, filename="tee.jpg", content_type="image/jpeg")
    assert attachment["status"] == "ready"
    assert (attachment["width"], attachment["height"]) == (600, 400)

    message = await ann.send(tea, "", attachments=[attachment["id"]])

    hidden = {"status", "conversation_id"}
    shown = {key: value for key, value in attachment.items() if key not in hidden}
    assert message["attachments"] == [shown]
    page = ok(await bob.get(f"/conversations/{tea}/messages"))
    assert page["items"][0]["attachments"] == [shown]
    [file] = await addresses(bob, tea, attachment["id"])
    downloaded = await bob.client.get(file["url"])
    assert downloaded.status_code == 200
    assert downloaded.headers["content-type"] == "image/jpeg"
    assert downloaded.headers["x-content-type-options"] == "nosniff"
    assert downloaded.headers["content-security-policy"] == "sandbox"
    assert downloaded.headers["content-disposition"] == "inline; filename*=UTF-8''tee.jpg"
    assert len(downloaded.content) == attachment["size"]
    assert Image.open(io.BytesIO(downloaded.content)).size == (600, 400)
    thumbnail = await bob.client.get(file["thumbnail_url"])
    assert Image.open(io.BytesIO(thumbnail.content)).size == (512, 341)


async def test_only_people_who_see_the_message_get_addresses(ann: Api, bob: Api, cid: Api) -> None:
    tea = await ann.group(bob)
    attachment = await attach(ann, tea)
    assert await addresses(bob, tea, attachment["id"]) == []  # it is not sent

    await ann.send(tea, attachments=[attachment["id"]])

    assert len(await addresses(bob, tea, attachment["id"])) == 1
    path = f"/conversations/{tea}/attachments"
    assert problem(await cid.get(path, ids=attachment["id"])) == (403, "not_a_participant")
    elsewhere = await cid.group()
    assert await addresses(cid, elsewhere, attachment["id"]) == []
    await ann.delete(f"/conversations/{tea}/participants/bob")
    assert problem(await bob.get(path)) == (403, "not_a_participant")


async def test_a_message_uses_ready_attachments_of_its_sender_once(ann: Api, bob: Api) -> None:
    tea, other = await ann.group(bob), await ann.group(bob)
    ready, elsewhere = await attach(ann, tea), await attach(ann, other)
    of_bob = await attach(bob, tea)
    pending = await announce(ann, tea)
    used = await attach(ann, tea)
    await ann.send(tea, attachments=[used["id"]])
    ids = [one["id"] for one in (of_bob, elsewhere, pending["attachment"], used)]

    refused = await ann.post(
        f"/conversations/{tea}/messages", text="x", attachments=[*ids, "nothing", ready["id"]]
    )

    assert wrong_fields(refused) == [
        ("attachments.0", "does_not_exist"),
        ("attachments.1", "does_not_exist"),
        ("attachments.2", "not_ready"),
        ("attachments.3", "already_used"),
        ("attachments.4", "does_not_exist"),
    ]
    await ann.send(tea, attachments=[ready["id"]])


async def test_a_retry_is_answered_before_its_attachments_are_judged(ann: Api, bob: Api) -> None:
    tea = await ann.group(bob)
    attachment = await attach(ann, tea)
    first = await ann.send(tea, client_id="1", attachments=[attachment["id"]])
    path = f"/conversations/{tea}/messages"

    again = await ann.post(path, text="hello", client_id="1", attachments=[attachment["id"]])

    assert (again.status_code, again.json()) == (200, first)
    other = await ann.post(path, text="hello", client_id="1")
    assert problem(other) == (409, "client_id_reused")


async def test_a_file_that_is_not_what_it_says_is_refused(ann: Api) -> None:
    tea = await ann.group()
    not_uploaded = await announce(ann, tea)
    assert problem(await complete(ann, not_uploaded)) == (409, "not_uploaded")

    announced = await announce(ann, tea, photo(), content_type="image/png", filename="a.png")
    assert (await upload(ann, announced, photo())).status_code == 200
    assert wrong_fields(await complete(ann, announced)) == [("content_type", "type_mismatch")]

    broken = photo()[:300] + b"\xff\xd9"
    announced = await announce(ann, tea, broken, content_type="image/jpeg", filename="a.jpg")
    await upload(ann, announced, broken)
    assert wrong_fields(await complete(ann, announced)) == [("file", "unreadable_image")]
    again = photo()[:300] + b"\xff\xd9"
    assert len(again) == len(broken)
    assert wrong_fields(await complete(ann, announced)) == [("file", "unreadable_image")]


async def test_an_upload_has_the_announced_size_and_type(ann: Api) -> None:
    tea = await ann.group()
    announced = await announce(ann, tea)
    assert wrong_fields(await upload(ann, announced, PDF[:-1])) == [("size", "size_mismatch")]
    assert problem(await upload(ann, announced, PDF + b"x")) == (413, "payload_too_large")
    other_type = await upload(ann, announced, PDF, **{"Content-Type": "text/html"})
    assert wrong_fields(other_type) == [("content_type", "type_mismatch")]
    assert problem(await complete(ann, announced)) == (409, "not_uploaded")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"filename": "a/b.pdf"}, ("filename", "invalid_characters")),
        ({"filename": "..\\b.pdf"}, ("filename", "invalid_characters")),
        ({"filename": ".."}, ("filename", "invalid_characters")),
        ({"filename": "a\u202efdp.exe"}, ("filename", "invalid_characters")),
        ({"filename": "a\nb.pdf"}, ("filename", "invalid")),
        ({"filename": "a\x01b.pdf"}, ("filename", "invalid_characters")),
        ({"filename": "\u200b"}, ("filename", "blank")),
        ({"filename": "a" * 256}, ("filename", "max_length")),
        ({"content_type": "text/html"}, ("content_type", "not_allowed")),
        ({"content_type": "image/svg+xml"}, ("content_type", "not_allowed")),
        ({"size": 0}, ("size", "min_value")),
        ({"size": 25 * 1024 * 1024 + 1}, ("size", "max_value")),
    ],
)
async def test_an_announcement_is_refused(
    ann: Api, fields: dict[str, object], wrong: tuple[str, str]
) -> None:
    tea = await ann.group()
    body: dict[str, object] = {"filename": "a.pdf", "content_type": "application/pdf", "size": 9}
    answer = await ann.post("/attachments", conversation_id=tea, **{**body, **fields})
    assert wrong_fields(answer) == [wrong]


async def test_position_data_is_removed(ann: Api, bob: Api) -> None:
    """And the photo stays turned as it was."""
    tea = await ann.group(bob)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    content = photo(exif=exif, comment=b"at home")
    attachment = await attach(ann, tea, content, filename="a.jpg", content_type="image/jpeg")
    assert (attachment["width"], attachment["height"]) == (40, 60)
    await ann.send(tea, attachments=[attachment["id"]])

    [file] = await addresses(bob, tea, attachment["id"])
    kept = (await bob.client.get(file["url"])).content

    assert dict(Image.open(io.BytesIO(kept)).getexif()) == {0x0112: 6}
    assert b"home" not in kept
    small = (await bob.client.get(file["thumbnail_url"])).content
    assert Image.open(io.BytesIO(small)).size == (40, 60)


async def test_everything_shared_is_listed_newest_first(ann: Api, bob: Api) -> None:
    tea = await ann.group(bob)
    sent: list[str] = []
    for _ in range(3):
        ids = sorted([(await attach(ann, tea))["id"], (await attach(ann, tea))["id"]])
        await ann.send(tea, attachments=ids)
        sent = [*reversed(ids), *sent]
    path = f"/conversations/{tea}/attachments"

    first = ok(await bob.get(path, limit=4))
    rest = ok(await bob.get(path, limit=4, cursor=first["next_cursor"]))

    assert [file["id"] for file in first["items"] + rest["items"]] == sent
    assert rest["next_cursor"] is None
    assert problem(await bob.get(path, cursor="x")) == (400, "invalid_request")


async def test_files_of_a_deleted_message_are_gone(ann: Api, bob: Api, instance: Instance) -> None:
    tea = await ann.group(bob)
    attachment = await attach(ann, tea, photo(), filename="a.jpg", content_type="image/jpeg")
    message = await ann.send(tea, attachments=[attachment["id"]])
    [file] = await addresses(bob, tea, attachment["id"])

    await ann.delete(f"/conversations/{tea}/messages/{message['id']}")
    assert await addresses(bob, tea, attachment["id"]) == []
    assert ok(await bob.get(f"/conversations/{tea}/attachments"))["items"] == []
    await instance.attachments.sweep.sweep()

    assert (await bob.client.get(file["url"])).status_code == 404
    assert (await bob.client.get(file["thumbnail_url"])).status_code == 404


async def test_completing_again_changes_nothing(ann: Api, bob: Api) -> None:
    tea = await ann.group(bob)
    announced = await announce(ann, tea)
    await upload(ann, announced, PDF)
    first = ok(await complete(ann, announced))
    other = PDF.replace(b"%%%%", b"evil")

    await upload(ann, announced, other)

    assert ok(await complete(ann, announced)) == first
    assert problem(await complete(bob, announced)) == (404, "not_found")
    await ann.send(tea, attachments=[first["attachment"]["id"]])
    [file] = await addresses(bob, tea, first["attachment"]["id"])
    assert (await bob.client.get(file["url"])).content == PDF


async def test_an_address_allows_only_what_was_signed(ann: Api, bob: Api) -> None:
    tea = await ann.group(bob)
    attachment = await attach(ann, tea)
    await ann.send(tea, attachments=[attachment["id"]])
    [file] = await addresses(bob, tea, attachment["id"])
    forged = file["url"].replace("application%2Fpdf", "text%2Fhtml")

    assert forged != file["url"]
    for method, url in (("GET", forged), ("PUT", file["url"]), ("GET", file["url"][:-4])):
        answer = await bob.client.request(method, url)
        assert problem(answer) == (403, "permission_denied")
        assert answer.json()["detail"].startswith("This signed URL is not valid")


@pytest.mark.parametrize(
    ("asked", "status", "content", "range_"),
    [
        ("bytes=0-3", 206, PDF[:4], f"bytes 0-3/{len(PDF)}"),
        ("bytes=5-", 206, PDF[5:], f"bytes 5-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-6", 206, PDF[-6:], f"bytes {len(PDF) - 6}-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=9999-", 200, PDF, None),
        ("bytes=0-1,3-4", 200, PDF, None),
        ("lines=1-2", 200, PDF, None),
    ],
)
async def test_a_range_is_served(
    ann: Api, asked: str, status: int, content: bytes, range_: str | None
) -> None:
    tea = await ann.group()
    attachment = await attach(ann, tea)
    await ann.send(tea, attachments=[attachment["id"]])
    [file] = await addresses(ann, tea, attachment["id"])

    answer = await ann.client.get(file["url"], headers={"Range": asked})

    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == range_


async def test_an_upload_ends_with_its_address(instance: Instance, ann: Api) -> None:
    """However slowly it arrives. Otherwise a file could appear after its attachment is gone."""
    tea = await ann.group()
    announced = await announce(ann, tea)
    storage = instance.attachments.storage
    assert isinstance(storage, LocalStorage)
    address = storage.addresses.sign(
        Granted(
            method="PUT",
            key=staging_key(announced["attachment"]["id"]),
            content_type="application/pdf",
            size=len(PDF),
            expires=int(time.time()) + 2,
        )
    )
    never = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PDF[:10]
        await never.wait()

    late = await ann.client.put(
        f"http://testserver{address}",
        content=slowly(),
        headers={"Content-Type": "application/pdf"},
    )

    assert problem(late) == (403, "permission_denied")
    assert late.json()["detail"].startswith("This signed URL has expired")
    assert problem(await complete(ann, announced)) == (409, "not_uploaded")
