/** The state of the connection, and what a person can do if it has ended. */

const WORDS = {
  connecting: "Connecting…",
  connected: "Connected",
  offline: "Offline",
  reconnecting: "Reconnecting…",
  degraded: "Delayed",
  stopped: "Disconnected",
};

/** By close code: why the server does not let this page connect again. */
const REASONS = {
  4501: "You are not signed in. Reload the page to sign in again.",
  4503: "You were signed out.",
  4504: "This page may not connect: its origin is not among ALLOWED_ORIGINS.",
  4505: "The server did not understand this page. Reload it.",
  4506: "Too many windows are open. This one was disconnected.",
};

const byId = (id) => document.getElementById(id);

export class Connection {
  #chat;
  #wasLive = false;

  constructor(chat) {
    this.#chat = chat;
    byId("connect").addEventListener("click", () => chat.connect());
    for (const type of ["online", "offline"]) addEventListener(type, () => this.render());
  }

  render() {
    const { state, degraded, code } = this.#chat.connection.getSnapshot();
    this.#wasLive ||= state === "live";
    // Before the first `connect`, nothing has ended.
    const hasEnded = state === "replaced" || (state === "signed_out" && code !== null);
    const shown = hasEnded ? "stopped" : this.#shown(state, degraded);
    const pill = byId("connection");
    if (pill.dataset.state !== shown) {
      pill.dataset.state = shown;
      pill.textContent = WORDS[shown];
    }
    byId("instance").textContent = this.#chat.instanceId ?? "";
    byId("stopped").hidden = !hasEnded;
    byId("stopped-why").textContent = hasEnded ? (REASONS[code] ?? "The server ended this session.") : "";
  }

  #shown(state, degraded) {
    if (state === "live") return degraded ? "degraded" : "connected";
    if (!navigator.onLine) return "offline";
    return this.#wasLive ? "reconnecting" : "connecting";
  }
}
