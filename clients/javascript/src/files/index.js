/** `chat-client/files`: files for messages, and the addresses of the files in messages.
 *
 * The bytes go directly to the storage. Only a completed file can be sent.
 */

export { FileAddresses } from "./addresses.js";
export { uploadFile } from "./upload.js";

/**
 * @typedef {import("./addresses.js").FileAddress} FileAddress
 * @typedef {import("./upload.js").Attachment} Attachment
 * @typedef {import("./upload.js").UploadOptions} UploadOptions
 * @typedef {import("./upload.js").UploadProgress} UploadProgress
 */
