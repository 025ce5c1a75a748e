/** The conversations, and what is unread. */

import { useEffect } from "react";
import { useChat, useConnection, useConversations, usePeople, useUnread } from "chat-client/react";

export function List({ chosen, onChoose }) {
  const chat = useChat();
  const { items } = useConversations();
  const { state } = useConnection();
  const { messages } = useUnread();
  useEffect(() => {
    document.title = messages > 0 ? `(${messages}) Chat` : "Chat";
  }, [messages]);

  async function start(event) {
    event.preventDefault();
    const name = new FormData(event.target).get("name");
    event.target.reset();
    onChoose((await chat.createConversation({ kind: "direct", participant_ids: [name] })).id);
  }

  return (
    <nav className="list" aria-label="Conversations">
      <strong>{chat.userId}</strong> <span role="status">{state}</span>
      <ul>
        {items.map((one) => (
          <li key={one.id}>
            <button aria-current={one.id === chosen} onClick={() => onChoose(one.id)}>
              <Title conversation={one} />
              {one.unread_count > 0 && <span className="badge">{one.unread_count}</span>}
              <span className="last">{one.last_message?.text}</span>
            </button>
          </li>
        ))}
      </ul>
      <form className="start" onSubmit={start}>
        <input name="name" required placeholder="Write to…" aria-label="Write to" />
        <button>Start</button>
      </form>
    </nav>
  );
}

/** The title of a group, or the name of the other person. */
export function Title({ conversation }) {
  const me = useChat().userId;
  const others = (conversation.participants ?? []).map((one) => one.user_id).filter((id) => id !== me);
  const people = usePeople(others.slice(0, 3));
  const names = others.slice(0, 3).map((id) => people[id]?.name ?? id);
  return <span>{conversation.title ?? (names.join(", ") || "Only you")}</span>;
}
