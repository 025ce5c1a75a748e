"""Files for tests, and a person's way to attach them."""

import asyncio
import io
from typing import Any

import httpx
from PIL import Image

from tests.integration.chat import Api, Json, ok

PDF = b"%PDF-1.7\n" + b"%" * 64 + b"\n%%EOF\n"


def photo(width: int = 60, height: int = 40, *, form: str = "JPEG", **options: Any) -> bytes:
    """A picture of a fresh tea."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (180, 90, 20)).save(file, form, **options)
    return file.getvalue()


async def announce(
    who: Api,
    conversation: str,
    content: bytes = PDF,
    *,
    filename: str = "tea.pdf",
    content_type: str = "application/pdf",
) -> Json:
    answer = await who.post(
        "/attachments",
        conversation_id=conversation,
        filename=filename,
        content_type=content_type,
        size=len(content),
    )
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def upload(who: Api, announced: Json, content: bytes, **headers: str) -> httpx.Response:
    """Send the bytes as a browser does: without a token."""
    where = announced["upload"]
    return await who.client.request(
        where["method"], where["url"], content=content, headers={**where["headers"], **headers}
    )


async def complete(who: Api, announced: Json) -> httpx.Response:
    """As a client does it: while the file is still being checked, it asks again."""
    path = f"/attachments/{announced['attachment']['id']}/complete"
    async with asyncio.timeout(60):
        while (answer := await who.post(path)).status_code == 503:
            await asyncio.sleep(int(answer.headers["Retry-After"]))
    return answer


async def attach(
    who: Api,
    conversation: str,
    content: bytes = PDF,
    *,
    filename: str = "tea.pdf",
    content_type: str = "application/pdf",
) -> Json:
    """A file that is ready to be sent."""
    announced = await announce(
        who, conversation, content, filename=filename, content_type=content_type
    )
    uploaded = await upload(who, announced, content)
    assert uploaded.status_code == 200, uploaded.text
    attachment: Json = ok(await complete(who, announced))["attachment"]
    return attachment


async def addresses(who: Api, conversation: str, *attachment_ids: str) -> list[Json]:
    answer = await who.get(
        f"/conversations/{conversation}/attachments", ids=",".join(attachment_ids)
    )
    items: list[Json] = ok(answer)["items"]
    return items
