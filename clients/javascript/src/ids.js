/** Ids that nobody else chooses. */

/** Returns an id of 128 random bits, in at most 43 characters. Works outside of secure contexts too,
 * where `crypto.randomUUID` is missing.
 * @returns {string} */
export const randomId = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
