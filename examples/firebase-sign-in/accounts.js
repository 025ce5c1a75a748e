/** Accounts for this machine, in memory: the requests of Firebase Authentication that the page makes.
 *
 * They take the place of Firebase's emulator, which would have to be installed. As with the emulator,
 * tokens have no signature: the chat accepts them only with FIREBASE_AUTH_EMULATOR_HOST and DEBUG.
 * Your site needs no such file. */

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const SECONDS = 3600;
const HEADERS = {
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Allow-Origin": "*",
  "Content-Type": "application/json",
};
const accounts = new Map(); // the user id -> the account

/** Listens on this port, and returns the address. */
export async function serveAccounts(port, project) {
  const server = createServer(async (request, response) => {
    let status = 200;
    let document = {};
    try {
      if (request.method === "POST") document = answer(request.url, await bodyOf(request), project);
    } catch (error) {
      status = 400;
      document = { error: { code: status, message: error.message } }; // the SDK knows these words
    }
    response.writeHead(status, HEADERS).end(JSON.stringify(document));
  });
  await new Promise((resolve, reject) => {
    server.on("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return `127.0.0.1:${port}`;
}

function answer(url, body, project) {
  const known = [...accounts.values()].find(({ email }) => email === body.email);
  switch (/[\w:]+(?=\?|$)/.exec(url)[0]) {
    case "accounts:signUp": {
      if (known) throw new Error("EMAIL_EXISTS");
      const localId = randomBytes(14).toString("hex");
      accounts.set(localId, { localId, email: body.email, password: body.password });
      return session(localId, now(), project);
    }
    case "accounts:signInWithPassword":
      if (known?.password !== body.password) throw new Error("INVALID_LOGIN_CREDENTIALS");
      return session(known.localId, now(), project);
    case "accounts:lookup": {
      // The page names a token, and the chat user ids.
      const ids = body.localId ?? [JSON.parse(atob(body.idToken.split(".")[1])).sub];
      const found = ids.map((id) => accounts.get(id)).filter(Boolean);
      return { users: found.map(({ localId, email }) => ({ localId, email })) };
    }
    case "token": {
      const [localId, signedInAt] = body.refresh_token.split(".");
      if (!accounts.has(localId)) throw new Error("USER_NOT_FOUND");
      const { idToken, refreshToken } = session(localId, Number(signedInAt), project);
      return { access_token: idToken, refresh_token: refreshToken, expires_in: String(SECONDS) };
    }
    default:
      throw new Error("OPERATION_NOT_ALLOWED");
  }
}

function session(localId, signedInAt, project) {
  const { email } = accounts.get(localId);
  const claims = {
    iss: `https://securetoken.google.com/${project}`,
    aud: project,
    sub: localId,
    email,
    auth_time: signedInAt,
    iat: now(),
    exp: now() + SECONDS,
  };
  return {
    localId,
    email,
    idToken: `${encode({ alg: "none", typ: "JWT" })}.${encode(claims)}.`,
    refreshToken: `${localId}.${signedInAt}`,
    expiresIn: String(SECONDS),
  };
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString("utf8");
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
}

const encode = (document) => Buffer.from(JSON.stringify(document)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);
