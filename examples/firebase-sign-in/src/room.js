/** What a person who is signed in sees: one conversation. */

/** Adds the part of the page that belongs to this person, and returns it. */
export function show(chat, user, onSignOut) {
  const page = document.querySelector("template").content.cloneNode(true).firstElementChild;
  const [name, status, link] = page.querySelectorAll("b, [role=status], a");
  name.textContent = user.displayName ?? user.email;
  link.href = link.textContent = `${location.origin}/?with=${encodeURIComponent(user.uid)}`;
  page.querySelector("button").onclick = onSignOut;
  const update = () => (status.textContent = chat.connection.getSnapshot().state);
  chat.connection.subscribe(update);
  update();
  document.body.append(page);
  converse(chat, page).catch((error) => (status.textContent = error.message));
  return page;
}

async function converse(chat, page) {
  const you = new URLSearchParams(location.search).get("with");
  const room = you
    ? await chat.createConversation({ kind: "direct", participant_ids: [you] })
    : await latest(chat);

  const list = page.querySelector("ol");
  room.subscribe(() => {
    const { messages, pending } = room.getSnapshot();
    const items = [...messages, ...pending].map(({ sender_id: sender = chat.userId, text }) => {
      const item = document.createElement("li");
      item.textContent = `${sender === chat.userId ? "You" : "They"}: ${text ?? "(deleted)"}`;
      return item;
    });
    list.replaceChildren(...items);
    room.read();
  });
  const form = page.querySelector("form");
  form.onsubmit = (event) => {
    event.preventDefault();
    const { text } = Object.fromEntries(new FormData(form));
    if (text.trim()) room.send(text); // it is shown as long as it waits
    form.reset();
  };
  form.hidden = false;
  await room.open();
}

/** Waits until the person is in a conversation. */
function latest(chat) {
  return new Promise((resolve) => {
    const look = () => {
      const [one] = chat.conversations.getSnapshot().items;
      if (one) resolve(chat.conversation(one.id));
    };
    chat.conversations.subscribe(look);
    look();
  });
}
