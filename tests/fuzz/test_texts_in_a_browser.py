"""Any text that is accepted, on the demo page in Chromium: whole, visible and inside its box."""

import base64
import time
from collections.abc import Sequence
from functools import partial

from playwright.async_api import Error, Page, expect

from tests.fuzz.doors import Doors, accepted, group
from tests.fuzz.texts import normalised, short_and_long, title_of
from tests.servers.chromium import COMPLETE, HEADLESS, running_chromium

_BATCH = 47


@short_and_long
async def test_the_demo_page_shows_any_text(ann: Doors, url: str, count: int) -> None:
    """In Chromium, live and after a reload: whole, with something painted, and nothing outside its
    bubble; the title of its conversation too."""
    texts = await accepted(ann, count)
    async with running_chromium(HEADLESS, COMPLETE) as browser:
        for start in range(0, len(texts), _BATCH):
            page = await browser.new_page(viewport={"width": 900, "height": 700})
            complaints: list[str] = []
            page.on("pageerror", partial(_complain, complaints))
            await show_batch(page, ann, url, texts[start : start + _BATCH])
            assert complaints == []
            await page.close()


async def show_batch(page: Page, ann: Doors, url: str, texts: Sequence[str]) -> None:
    title = title_of(texts[-1])
    conversation = await group(ann, "bob", title=title)
    path = f"/conversations/{conversation}/messages"
    await ann.request("POST", path, {"text": "The first."})
    await page.goto(f"{url}/?user=bob#{conversation}")
    await expect(page.get_by_test_id("message")).to_have_count(1)
    for text in texts:
        await ann.request("POST", path, {"text": text})
    await check_page(page, title, texts)
    await page.reload()
    await check_page(page, title, texts)


async def check_page(page: Page, title: str, texts: Sequence[str]) -> None:
    messages = page.get_by_test_id("message")
    await expect(messages).to_have_count(len(texts) + 1, timeout=30_000)  # on a busy machine
    name, *shown = await page.evaluate(_LOOK)
    assert name["text"] == title
    for message, text in zip(shown[1:], texts, strict=True):
        assert message["text"] == normalised(text), ascii(text)
        assert message["painted"], ascii(text)
    for box in (name, *shown):
        assert box["inside"], box
        assert box["isolated"], box
        assert box["clipped"], box


def _complain(complaints: list[str], error: Error) -> None:
    complaints.append(str(error))


_LOOK = """() => {
  const context = new OffscreenCanvas(400, 60).getContext("2d");
  const painted = (text) => {
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      context.clearRect(0, 0, 400, 60);
      context.font = "20px sans-serif";
      context.fillText(segment, 20, 40);
      if (context.getImageData(0, 0, 400, 60).data.some((part) => part > 0)) return true;
    }
    return false;
  };
  const clips = (element) => {
    const { overflowX, overflowY } = getComputedStyle(element);
    return [overflowX, overflowY].every((value) => ["clip", "hidden"].includes(value));
  };
  const look = (box, text) => {
    const inner = text.getBoundingClientRect();
    const outer = box.getBoundingClientRect();
    return {
      text: text.textContent,
      painted: painted(text.textContent),
      inside: inner.left >= outer.left - 1 && inner.right <= outer.right + 1,
      isolated: /isolate|plaintext/.test(getComputedStyle(text).unicodeBidi),
      clipped: clips(box),
    };
  };
  const name = document.getElementById("conversation-name");
  const messages = [...document.querySelectorAll("[data-testid=message]")];
  return [
    look(name, name),
    ...messages.map((one) => look(one.querySelector(".bubble"), one.querySelector(".text"))),
  ];
}"""


async def test_marks_that_pile_up_paint_over_nothing(ann: Doors, url: str) -> None:
    """The messages above and below look the same with them and without. If nothing clipped them,
    they would not."""
    async with running_chromium(HEADLESS, COMPLETE) as browser:
        page = await browser.new_page(viewport={"width": 900, "height": 700})
        conversation = await group(ann, "bob")
        path = f"/conversations/{conversation}/messages"
        for text in ("Nothing covers this.", "Z" + "\u0301" * 400, "Nothing covers this."):
            await ann.request("POST", path, {"text": text})
        await page.goto(f"{url}/?user=bob#{conversation}")
        messages = page.get_by_test_id("message")
        await expect(messages).to_have_count(3)
        await page.mouse.move(1, 1)

        # Until the page has come to rest. Marks that are not clipped differ every time.
        end = time.monotonic() + 30
        while await painted_over(page) > _ROUNDING and time.monotonic() < end:
            pass
        assert await painted_over(page) <= _ROUNDING

        await (
            messages.nth(1)
            .locator(".bubble")
            .evaluate("element => element.style.overflow = 'visible'")
        )
        assert await painted_over(page) > 100


_ROUNDING = 4
"""Of 255. Chromium rounds the shadow at the edge of a message otherwise, by one, when it paints a
part of the page again."""


async def painted_over(page: Page) -> int:
    """By how much, of 255, the second message changes a pixel of the first or the third."""
    messages = page.get_by_test_id("message")
    middle = messages.nth(1)
    around = (messages.first, messages.last)
    shown = [await one.screenshot(animations="disabled") for one in around]
    await middle.evaluate("element => element.style.visibility = 'hidden'")
    alone = [await one.screenshot(animations="disabled") for one in around]
    await middle.evaluate("element => element.style.visibility = ''")
    pictures = [base64.b64encode(one).decode() for one in (*shown, *alone)]
    difference: int = await page.evaluate(_DIFFERENCE, pictures)
    return difference


_DIFFERENCE = """async (pictures) => {
  const pixels = await Promise.all(pictures.map(async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  }));
  const between = (one, other) => one.length !== other.length ? 255 : one.reduce(
    (most, part, index) => Math.max(most, Math.abs(part - other[index])), 0);
  return Math.max(between(pixels[0], pixels[2]), between(pixels[1], pixels[3]));
}"""
