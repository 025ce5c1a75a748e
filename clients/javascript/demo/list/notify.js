/** The button that asks whether this computer may show notifications. */

const button = () => document.getElementById("notify");

/** Calls `allowed()` if notifications are allowed, now or after the person was asked. `onOpen(id)` is
 * called for a notification that was clicked. */
export function offerNotifications({ allowed, onOpen }) {
  if (!("serviceWorker" in navigator) || !("Notification" in window)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => onOpen(data.open));
  const look = () => {
    button().hidden = Notification.permission !== "default";
    if (Notification.permission === "granted") allowed();
  };
  button().addEventListener("click", async () => {
    await Notification.requestPermission();
    look();
  });
  look();
}
