"""Chromium, which tests share: each test has contexts of its own in it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

HEADLESS = "chromium-headless-shell"
"""Chromium without windows, a Debian package of its own: it takes half the CPU."""
COMPLETE = "chromium"
"""It also shows notifications."""


class ChromiumMissing(Exception):
    """Install the Debian package chromium-headless-shell or chromium: no browser has tried the
    pages."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


@asynccontextmanager
async def running_chromium(*names: str) -> AsyncIterator[Browser]:
    """Run the first of these programs that is installed. Raises ChromiumMissing."""
    for name in names:
        if program := shutil.which(name):
            break
    else:
        raise ChromiumMissing
    arguments = [
        "--headless" if name == HEADLESS else "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()
