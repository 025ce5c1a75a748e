"""What a bot does that answers "You said: …"."""

from chat_client import ChatClient, MessageEvent
from tests.clients.python.waiting import following


async def answers_texts(person: ChatClient, bot: str) -> None:
    """Texts alone, and no reports of changes. A refusal does not end the bot. `person` is
    connected, and the bot is in conversations that are created now."""
    events = person.events(MessageEvent)
    quiet = await person.create_conversation(bot, kind="group", title="Quiet", posting="admins")
    tea = await person.create_conversation(bot, kind="group", title="Tea", system_messages=True)
    await quiet.send("Quiet!")
    await person.request("PATCH", f"conversations/{tea.id}", body={"title": "Green tea"})
    for text in ("Tea?", "Still there?"):
        await tea.send(text)
        while (message := (await following(events)).message).sender_id != bot:
            pass
        assert (message.conversation_id, message.text) == (tea.id, f"You said: {text}")
