/** Errors, in one shape for REST (problem+json) and the socket (error replies). */

const PASSING = [0, 429, 500, 502, 503, 504];

export class ChatError extends Error {
  /**
   * @param {object} problem
   * @param {string} [problem.code] the stable code, for programs
   * @param {string} [problem.detail] what is wrong, for people
   * @param {number} [problem.status] the HTTP status; 0 if there was no answer
   * @param {number | null} [problem.retry_after] in seconds
   * @param {object[]} [problem.errors] what is wrong with each field
   */
  constructor({ code = "unreachable", detail = "", status = 0, retry_after = null, errors = [] }) {
    super(detail || "Something went wrong.");
    this.name = "ChatError";
    this.code = code;
    this.status = status;
    this.retryAfter = retry_after;
    this.errors = errors;
  }

  /** Whether the same request may succeed a moment later. */
  get passing() {
    return PASSING.includes(this.status);
  }
}

/** @param {string} detail */
export function noAnswer(detail) {
  return new ChatError({ detail });
}
