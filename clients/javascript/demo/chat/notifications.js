/** Notifications of this browser: one for each conversation, closed when the conversation is read.
 *
 * The page and its service worker apply the same pushes. They use only the `data` of a push, which
 * docs/notifications.md describes.
 */

/** Applies a push: shows a notification, which replaces the earlier one of its conversation, or closes
 * the notification. */
export async function apply(registration, data) {
  const { type, tag, title, body, seq, read_seq: readSeq, quiet, link } = data;
  if (type === "clear") {
    const shown = await registration.getNotifications({ tag });
    for (const one of shown) if (one.data.seq <= Number(readSeq)) one.close();
    return;
  }
  const options = { body, tag, silent: quiet === "true", data: { seq: Number(seq), link, tag } };
  await registration.showNotification(title, options);
}

/** Shows the notifications of a person's phone in this browser, and closes the others of this person.
 * `items` are the notifications on the phone now, `before` the notifications on it at the call before.
 * While the person looks at the page (`isLooking`), nothing new is shown. The tag of a notification
 * begins with the user id: several people may have the page open in one browser. */
export async function mirror(registration, userId, { before, items, isLooking }) {
  const prefix = `${userId}/`;
  const tags = new Set(items.map((one) => prefix + one.tag));
  for (const shown of await registration.getNotifications()) {
    if (shown.tag.startsWith(prefix) && !tags.has(shown.tag)) shown.close();
  }
  if (isLooking) return;
  const known = new Map(before.map((one) => [one.tag, one.seq]));
  const link = (tag) => `${location.pathname}${location.search}#${encodeURIComponent(tag)}`;
  for (const { tag, title, body, seq } of items) {
    if (seq <= (known.get(tag) ?? 0)) continue;
    await apply(registration, { type: "message", tag: prefix + tag, title, body, seq, link: link(tag) });
  }
}
