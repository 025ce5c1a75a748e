/** The service worker of the demo page: shows pushes, and leads to their conversation. */

import { apply } from "./chat/notifications.js";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** A push of Firebase Cloud Messaging to a browser has only `data`. */
self.addEventListener("push", (event) => {
  const { data } = event.data.json();
  event.waitUntil(apply(self.registration, data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

/** Brings the page of a person to the front, or opens it. Without a link, any page will do: `tag` is the
 * id of the conversation. */
async function open({ link, tag }) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const url = new URL(link ?? "/", self.location.origin);
  const page = pages.find((one) => !link || isSamePage(new URL(one.url), url));
  if (!page) return self.clients.openWindow(url.href);
  page.postMessage({ open: link ? decodeURIComponent(url.hash.slice(1)) : tag });
  return page.focus();
}

function isSamePage(one, other) {
  return one.pathname === other.pathname && one.search === other.search;
}
