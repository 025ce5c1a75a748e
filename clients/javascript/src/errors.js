/** Errors, in one shape for REST (problem+json) and the socket (error replies). */

const PASSING = [0, 500, 502, 503, 504];

export class ChatError extends Error {
  /**
   * @param {object} problem
   * @param {string} [problem.code] the stable code, for programs
   * @param {string} [problem.detail] what is wrong, for people; without it, the message is the code
   * @param {number} [problem.status] the HTTP status; 0 if there was no answer
   * @param {number | null} [problem.retry_after] in seconds
   * @param {object[]} [problem.errors] what is wrong with each field
   */
  constructor({ code = "unreachable", detail = code, status = 0, retry_after = null, errors = [] }) {
    super(detail);
    this.name = "ChatError";
    this.code = code;
    this.status = status;
    this.retryAfter = retry_after;
    this.errors = errors;
  }

  /** Whether the same request may succeed a moment later: the quota of a day refuses for many minutes. */
  get passing() {
    return this.status === 429 ? Number(this.retryAfter) <= 60 : PASSING.includes(this.status);
  }
}

/** @param {string} [detail] */
export function noAnswer(detail = "The server cannot be reached.") {
  return new ChatError({ detail });
}

export function sessionEnded() {
  return new ChatError({ code: "session_ended", status: 401, detail: "The session is over." });
}

/** Reports a mistake in an app, or in a frame, which must not stop the client. @param {unknown} error */
export function report(error) {
  (globalThis.reportError ?? console.error)(error);
}

/** Calls listeners of an app. @param {Iterable<(event: any) => void>} listeners @param {unknown} [event] */
export function tell(listeners, event) {
  for (const listener of [...listeners]) {
    try {
      listener(event);
    } catch (error) {
      report(error);
    }
  }
}
