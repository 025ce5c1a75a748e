"""A bot in ten lines, with the package `chat-client`: it signs in as a person, hears by the socket,
and answers every message in every conversation that it is in."""

import asyncio
import os

from chat_client import ChatClient, MessageEvent


async def main() -> None:
    async with ChatClient(os.environ["CHAT_URL"], os.environ["CHAT_TOKEN"]) as chat:
        async for event in chat.events(MessageEvent):
            if event.message.sender_id != chat.user_id:
                answer = f"You said: {event.message.text}"
                await chat.conversation(event.conversation_id).send(answer)


asyncio.run(main())
