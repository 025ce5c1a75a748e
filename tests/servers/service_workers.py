"""Pushes to a service worker in Chromium, delivered by its developer tools."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Page


class PushDelivery:
    """Delivers pushes to the service worker that a page registers."""

    def __init__(self, tools: CDPSession) -> None:
        self._tools = tools
        self._registrations: list[Mapping[str, Any]] = []
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )

    async def deliver(self, data: Mapping[str, str], **more: Any) -> None:
        """Deliver this `data` as FCM does to browsers, to the worker that was registered last.
        `more`: further fields of the push, such as `notification`."""
        registration = self._registrations[-1]
        scope = urlsplit(registration["scopeURL"])
        payload = {"from": "1", "fcmMessageId": "1", "data": data, **more}
        message = {
            "origin": f"{scope.scheme}://{scope.netloc}",
            "registrationId": registration["registrationId"],
            "data": json.dumps(payload),
        }
        await self._tools.send("ServiceWorker.deliverPushMessage", message)


async def push_delivery(page: Page) -> PushDelivery:
    """Call this before the page registers its worker."""
    tools = await page.context.new_cdp_session(page)
    delivery = PushDelivery(tools)
    await tools.send("ServiceWorker.enable")
    return delivery
