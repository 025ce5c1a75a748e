/** One conversation. */

import { useEffect, useRef } from "react";
import { useChat, useConversation, useMessages, usePeople, useTyping } from "chat-client/react";
import { Title } from "./list.jsx";

export function Room({ id }) {
  const { conversation } = useConversation(id);
  return (
    <section className="room" aria-label="Conversation">
      <header>
        <h2>{conversation && <Title conversation={conversation} />}</h2>
      </header>
      <Messages id={id} />
      <Typing id={id} />
      <Composer id={id} />
    </section>
  );
}

function Messages({ id }) {
  const chat = useChat();
  const { messages, pending, hasOlder, loadOlder } = useMessages(id);
  const people = usePeople([...new Set(messages.map((one) => one.sender_id))]);
  const end = useRef(null);
  const last = messages.at(-1)?.seq;

  useEffect(() => {
    end.current?.scrollIntoView();
    const read = () => document.visibilityState === "visible" && chat.conversation(id).read();
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [chat, id, last, pending.length]);

  return (
    <ol className="messages" tabIndex={0} aria-label="Messages">
      {hasOlder && (
        <li>
          <button onClick={loadOlder}>Older messages</button>
        </li>
      )}
      {messages.map((one) => (
        <li key={one.id} className={one.sender_id === chat.userId ? "message mine" : "message"} dir="auto">
          {one.sender_id !== chat.userId && (
            <span className="sender">{people[one.sender_id]?.name ?? one.sender_id}</span>
          )}
          {one.deleted_at ? <em>This message was deleted.</em> : one.text}
        </li>
      ))}
      {pending.map((one) => (
        <li key={one.client_id} className="message mine waits" dir="auto">
          {one.text}
          {one.error && (
            <>
              <strong> {one.error.message} </strong>
              <button onClick={() => chat.conversation(id).retry(one.client_id)}>Try again</button>
            </>
          )}
        </li>
      ))}
      <li ref={end} aria-hidden="true" />
    </ol>
  );
}

function Typing({ id }) {
  const typing = useTyping(id);
  const people = usePeople(typing);
  const names = typing.map((one) => people[one]?.name ?? one);
  return (
    <p className="typing" role="status">
      {names.length > 0 && `${names.join(", ")} is typing…`}
    </p>
  );
}

function Composer({ id }) {
  const conversation = useChat().conversation(id);

  function send(event) {
    event.preventDefault();
    const text = new FormData(event.target).get("text");
    if (!text.trim()) return;
    event.target.reset();
    conversation.stopTyping();
    conversation.send(text).catch(() => {}); // it is shown with its error
  }

  return (
    <form className="composer" onSubmit={send}>
      <input
        name="text"
        placeholder="Write a message"
        aria-label="Message"
        autoComplete="off"
        dir="auto"
        onInput={() => conversation.typing()}
      />
      <button>Send</button>
    </form>
  );
}
