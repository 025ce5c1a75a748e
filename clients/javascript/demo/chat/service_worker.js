/** The service worker of this page, which shows notifications. */

/** Resolves to the registration of the worker, once it is active.
 * @param {string} workerUrl @returns {Promise<ServiceWorkerRegistration>} */
export async function registration(workerUrl) {
  const registered = await navigator.serviceWorker.register(workerUrl);
  const worker = registered.active ?? registered.waiting ?? registered.installing;
  while (worker.state !== "activated" && worker.state !== "redundant") {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
  return registered;
}
