/** Pushes of Firebase Cloud Messaging to this browser, where the server is configured for them. */

import { registration } from "./service_worker.js";

const SDK = "https://www.gstatic.com/firebasejs/12.19.0";
/** Names this browser among the devices of a person. */
const DEVICE = "chat.device";

/** Registers this browser as a device of the person, as an app does at every start. `config` is that of
 * the Firebase web app, with its `vapidKey`. */
export async function registerBrowser(chat, workerUrl, { vapidKey, ...config }) {
  const [{ initializeApp }, { getMessaging, getToken }] = await Promise.all(
    ["app", "messaging"].map((part) => import(`${SDK}/firebase-${part}.js`)),
  );
  const serviceWorkerRegistration = await registration(workerUrl);
  const options = { vapidKey, serviceWorkerRegistration };
  const token = await getToken(getMessaging(initializeApp(config)), options);
  const id = localStorage.getItem(DEVICE) ?? `browser-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;
  localStorage.setItem(DEVICE, id);
  await chat.request("PUT", `devices/${id}`, { body: { token, platform: "web" } });
}
