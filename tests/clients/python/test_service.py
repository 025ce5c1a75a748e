"""Back ends use REST alone, as a service or on behalf of people; files go to the storage."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from chat_client import ChatService, Conflict, InvalidRequest, PermissionDenied
from chat_client.files import FileAddresses, UploadProgress, upload_file
from tests.clients.python.conftest import Place


@pytest.fixture
async def service(place: Place, service_token: str) -> AsyncIterator[ChatService]:
    async with ChatService(place.wire.url, service_token) as service:
        yield service


async def test_a_service_speaks_for_itself_and_for_people(
    place: Place, service: ChatService
) -> None:
    tea = await service.create_conversation("bob", owner_id="ann", title=f"Tea {uuid4()}")
    event = await service.send_event(
        tea.id, "order.shipped", metadata={"order": 7}, client_id=f"order-{tea.id}"
    )
    assert event.metadata == {"order": 7, "event": "order.shipped"}
    ann = service.as_user("ann")
    asked = await ann.send(tea.id, "Where is it?")
    answer = await service.send(tea.id, "On its way.", reply_to=asked.id)
    await ann.react(tea.id, answer.id, "🎉")
    await ann.read(tea.id, answer.seq)
    await ann.edit(tea.id, asked.id, "Where is the tea?")
    await service.delete(tea.id, event.id)

    texts = [(one.sender_id, one.text) async for one in ann.messages(tea.id, limit=1)][:2]
    assert texts == [("service:shop", "On its way."), ("ann", "Where is the tea?")]
    assert tea.id in [one.id async for one in ann.conversations()]
    assert (await ann.conversation(tea.id)).unread_count == 0
    assert list(await service.add_participants(tea.id, "cid")) == ["cid"]
    await service.set_role(tea.id, "cid", "admin")
    await service.remove_participant(tea.id, "cid")
    assert (await service.update_conversation(tea.id, frozen=True)).frozen


async def test_a_lost_answer_does_not_double_a_message(place: Place, service: ChatService) -> None:
    tea = await service.create_conversation("bob", owner_id="ann", title=f"Tea {uuid4()}")
    lost: list[str] = []

    def lose_first(method: str, path: str) -> bool:
        lost.append(path)
        return method == "POST" and len(lost) == 1

    place.wire.lose_answer = lose_first
    await service.send(tea.id, "Once.")

    assert len(lost) == 2
    assert [one["text"] for one in await place.ann.history(tea.id)] == ["Once."]
    await service.send(tea.id, "One.", client_id=tea.id)
    with pytest.raises(Conflict):
        await service.send(tea.id, "Another.", client_id=tea.id)


async def test_the_scope_is_missing(place: Place, service: ChatService) -> None:
    with pytest.raises(PermissionDenied):
        await service.request("GET", "blocks")


async def test_a_file_is_sent_with_progress(place: Place) -> None:
    ann = await place.connected()
    group = await place.group()
    steps: list[UploadProgress] = []
    text = b"some text\n" * 50_000
    attachment = await upload_file(
        ann, group, text, filename="a.txt", content_type="text/plain", on_progress=steps.append
    )
    message = await ann.conversation(group).send("", attachments=[attachment.id])

    assert [one.id for one in message.attachments] == [attachment.id]
    sent = [one.sent for one in steps if one.state == "uploading"]
    assert (sent[0], sent[-1]) == (0, len(text))
    assert len(sent) > 3
    assert sent == sorted(sent)
    assert [one.state for one in steps[-2:]] == ["checking", "ready"]
    found = await FileAddresses(ann).get(group, attachment.id)
    assert found is not None
    assert (await ann.http.get(found.url)).content == text


async def test_a_file_that_is_not_what_it_says_is_refused(place: Place) -> None:
    ann = await place.connected()
    with pytest.raises(InvalidRequest) as refused:
        await upload_file(ann, await place.group(), b"no picture", filename="a.png")
    assert refused.value.errors[0]["code"] in {"type_mismatch", "unreadable_image"}
