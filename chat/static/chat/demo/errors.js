/** Errors, in one shape for REST (problem+json) and the socket (error replies). */

export class ChatError extends Error {
  /** `status` is 0 if there was no answer; `retry_after` is in seconds. */
  constructor({ status = 0, code = "unreachable", detail, retry_after = null, errors = [] }) {
    super(detail || "Something went wrong.");
    this.name = "ChatError";
    this.status = status;
    this.code = code;
    this.retry_after = retry_after;
    this.errors = errors;
  }

  /** Whether the same request may succeed a moment later. */
  get passing() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}
