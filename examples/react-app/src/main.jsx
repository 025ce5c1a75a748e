/** The page: a person signs in, and chats. */

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ChatClient } from "chat-client";
import { StoredOutbox } from "chat-client/outbox";
import { ChatProvider } from "chat-client/react";
import { List } from "./list.jsx";
import { Room } from "./room.jsx";

function signIn(userId) {
  const outbox = new StoredOutbox({ userId });
  const chat = new ChatClient({ url: CHAT_URL, token: () => token(userId), outbox });
  chat.connect();
  return chat;
}

/** Your site gives out tokens for whom it knows. This one is for development. */
async function token(userId) {
  const body = JSON.stringify({ user_id: userId });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${CHAT_URL}/api/v1/dev/tokens`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`The chat gave no token: ${answer.status}`);
  return (await answer.json()).token;
}

function App() {
  const [chat, setChat] = useState(null);
  const [id, setId] = useState(null);
  if (chat === null) return <SignIn onName={(name) => setChat(signIn(name))} />;
  return (
    <ChatProvider client={chat}>
      <main className="app">
        <List chosen={id} onChoose={setId} />
        {id === null ? <p className="nothing">Choose a conversation.</p> : <Room key={id} id={id} />}
      </main>
    </ChatProvider>
  );
}

function SignIn({ onName }) {
  return (
    <form
      className="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        onName(new FormData(event.target).get("name"));
      }}
    >
      <label htmlFor="name">Who are you?</label>
      <input id="name" name="name" required pattern="[A-Za-z0-9_.\-]+" autoFocus />
      <button>Sign in</button>
    </form>
  );
}

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
