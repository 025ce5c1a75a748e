/** The page: a person signs in with Firebase. As long as they are signed in, they chat. */

import { initializeApp } from "firebase/app";
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  getAuth,
  onAuthStateChanged,
  signInWithEmailAndPassword,
  signOut,
} from "firebase/auth";
import { ChatClient } from "chat-client";
import { show } from "./room.js";

const auth = getAuth(initializeApp(FIREBASE_CONFIG));
if (AUTH_EMULATOR) connectAuthEmulator(auth, AUTH_EMULATOR);

const form = document.querySelector("#sign-in");
const problem = form.querySelector("[role=alert]");
let end = () => {};

// Called with the person who is signed in, also after a reload of the page; and with null.
onAuthStateChanged(auth, (user) => {
  end();
  form.hidden = user !== null;
  end = user ? begin(user) : () => {};
});

/** Starts the chat of a person. Returns a function that ends it. */
function begin(user) {
  // Firebase keeps the token fresh. `expired` asks for another one than before.
  const chat = new ChatClient({ url: CHAT_URL, token: ({ expired }) => user.getIdToken(expired) });
  // The person was logged out everywhere, or banned: only a new sign-in can help.
  const leave = chat.on("connection", ({ state }) => state === "signed_out" && signOut(auth));
  chat.connect();
  const page = show(chat, user, () => signOut(auth));
  return () => {
    leave();
    chat.disconnect();
    page.remove();
  };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(form));
  const isNew = event.submitter?.value === "up";
  const enter = isNew ? createUserWithEmailAndPassword : signInWithEmailAndPassword;
  problem.textContent = "";
  try {
    await enter(auth, email, password);
    form.reset();
  } catch (error) {
    problem.textContent = error.message;
  }
});
