"""Lets the checking suite speak to the client in a page of Chromium.

The argument is the script of the page.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.servers.chromium import COMPLETE, HEADLESS, running_chromium

Json = dict[str, Any]


async def opened(browser: Browser, url: str, script: str) -> Page:
    """A page of the server's origin, which the wire gives out, with the script."""
    page = await browser.new_page()
    page.on("pageerror", lambda error: print(error, file=sys.stderr))
    page.on("console", lambda message: print(message.text, file=sys.stderr))
    await page.goto(f"{url}/page")
    await page.add_script_tag(content=script, type="module")
    return page


async def main(script: Path) -> None:
    """Carry out the lines of standard input until it ends."""
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    page: Page | None = None
    async with running_chromium(HEADLESS, COMPLETE) as browser:
        while line := await reader.readline():
            asked: Json = json.loads(line)
            if page is None:
                page = await opened(browser, asked["url"], script.read_text())
            answer = await page.evaluate("asked => window.answered(asked)", asked)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
