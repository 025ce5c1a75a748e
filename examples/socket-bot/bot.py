"""A bot in ten lines, with the package `chat-client`: it signs in as a person, hears by the socket,
and answers every text in every conversation that it is in."""

import asyncio
import os
from contextlib import suppress

from chat_client import ChatClient, ChatError, MessageEvent


async def main() -> None:
    url = os.environ.get("CHAT_URL", "http://127.0.0.1:8000")
    async with ChatClient(url, os.environ["CHAT_TOKEN"]) as chat:
        print("live")
        async for event in chat.events(MessageEvent):
            # A message without a text is a file, or reports a change of the conversation.
            if event.message.text and event.message.sender_id != chat.user_id:
                answer = f"You said: {event.message.text}"
                with suppress(ChatError):  # such as: only admins may write there
                    await chat.conversation(event.conversation_id).send(answer)


asyncio.run(main())
