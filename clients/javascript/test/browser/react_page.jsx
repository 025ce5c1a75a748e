/** A page with all hooks, in strict mode, as test_react.py and test_history.py of
 * tests/clients/javascript drive it. */

import { StrictMode, memo, startTransition, useLayoutEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { useHistory } from "../../src/history/react.js";
import { ChatClient } from "../../src/index.js";
import {
  ChatProvider,
  useChat,
  useConnection,
  useConversation,
  useConversations,
  useMessages,
  usePeople,
  usePresence,
  useTyping,
  useUnread,
} from "../../src/react/index.js";

const chat = new ChatClient({
  url: location.origin,
  token: async () => (await fetch(`/token?user=${new URLSearchParams(location.search).get("user")}`)).text(),
});

/** How often each component was rendered. */
const renders = {};
/** What differed within one commit. */
const tears = [];
const count = (name) => (renders[name] = (renders[name] ?? 0) + 1);

function App() {
  const [id, setId] = useState(null);
  const [past, setPast] = useState(null);
  const [watched, setWatched] = useState([]);
  const [slow, setSlow] = useState(0);
  Object.assign(window.page, { setId, setPast, setWatched, setSlow });
  return (
    <>
      <p id="connection">{useConnection().state}</p>
      <Badge />
      <List />
      <Room id={id} />
      {past && <Past id={past} />}
      <Presence ids={watched} />
      {slow > 0 && <Wall key={slow} id={id} />}
    </>
  );
}

function Badge() {
  count("Badge");
  const { messages, conversations, mentions } = useUnread();
  return <p id="unread">{`${messages} ${conversations} ${mentions}`}</p>;
}

function List() {
  const { isLoaded, items } = useConversations();
  return <ul id="list">{isLoaded && items.map(({ id, title }) => <li key={id}>{title}</li>)}</ul>;
}

function Room({ id }) {
  const { state, conversation } = useConversation(id);
  return (
    <section id="room" data-state={state}>
      <h1>{conversation?.title}</h1>
      <Messages id={id} />
      <p id="typing">{useTyping(id).join()}</p>
    </section>
  );
}

const Messages = memo(function Messages({ id }) {
  count("Messages");
  const chat = useChat();
  const { messages, pending, hasOlder, loadOlder } = useMessages(id);
  const names = usePeople(messages.map((one) => one.sender_id));
  return (
    <>
      {hasOlder && <button onClick={loadOlder}>Older</button>}
      <ol id="messages">
        {messages.map((one) => (
          <li key={one.id}>{`${names[one.sender_id]?.name ?? one.sender_id}: ${one.text}`}</li>
        ))}
        {pending.map((one) => (
          <li key={one.client_id}>{`waits: ${one.text}`}</li>
        ))}
      </ol>
      <button onClick={() => chat.conversation(id).send("Hello from React")}>Send</button>
    </>
  );
});

function Past({ id }) {
  const history = useHistory(id);
  return (
    <section id="past">
      <button onClick={history.jumpToFirstUnread}>First unread</button>
      {history.hasNewer && <button onClick={history.loadNewer}>Newer</button>}
      <button onClick={history.latest}>Latest</button>
      <ol>
        {history.messages.map(({ seq }) => (
          <li key={seq} data-seq={seq} className={seq === history.unreadFrom ? "unread" : undefined} />
        ))}
      </ol>
    </section>
  );
}

function Presence({ ids }) {
  const presence = usePresence(ids);
  return <p id="presence">{ids.map((one) => `${one} ${presence[one]?.status ?? "unknown"}`).join()}</p>;
}

/** Many components that take long to render and show the same: in one commit they must agree. */
function Wall({ id }) {
  useLayoutEffect(() => look());
  return (
    <div id="wall">
      {Array.from({ length: 40 }, (_, number) => (
        <Brick key={number} id={id} />
      ))}
    </div>
  );
}

function Brick({ id }) {
  const { messages } = useMessages(id);
  for (const end = performance.now() + 4; performance.now() < end; );
  useLayoutEffect(() => look());
  return <i>{messages.length}</i>;
}

function look() {
  const shown = new Set([...document.querySelectorAll("#wall i")].map((one) => one.textContent));
  if (shown.size > 1) tears.push([...shown]);
}

window.page = {
  state: () => chat.connection.getSnapshot().state,
  renders: () => ({ ...renders }),
  tears: () => tears,
  chat,
  show: (id) => window.page.setId(id),
  watch: (ids) => window.page.setWatched(ids),
  /** Builds the wall anew, in the background. */
  build: (number) => startTransition(() => window.page.setSlow(number)),
  unmount: () => root.unmount(),
};

const root = createRoot(document.querySelector("#root"));
root.render(
  <StrictMode>
    <ChatProvider client={chat}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
chat.connect();
