"""The demo page's people, and the first conversations between them."""

from chat.pages.demo import PEOPLE
from messaging.domain.conversation import ConversationKind
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, receipts
from messaging.services.account import profiles

DIRECT = (
    ("alice", "Good morning! Are we still on for the release today?"),
    ("bob", "Yes. The last test ran through an hour ago 🎉"),
    ("alice", "The notes are ready, only the picture is missing."),
    ("bob", "I can take one as soon as the page is up."),
    ("alice", "Open this conversation in two tabs: whatever you type appears in the other."),
)
GROUP_TITLE = "Release"
GROUP = (
    ("alice", "Everybody is here: Bob, Carol and Dave."),
    ("carol", "I have read the notes twice. Two typos, both fixed."),
    ("dave", "Deploying to the **first instance** now:\n```\nmake release\n```"),
    ("dave", "Done. Nobody was disconnected, and nothing was lost."),
    ("carol", "Then the cake is mine to bring 🍰 @Alice, at four?"),
)
READ_BY_ALICE = 4
"""The `seq` up to which the group is read, so that the page shows unread messages. The first
message of the group is the system's."""


async def seed() -> bool:
    """Create the conversations, unless there are any. Return whether it did."""
    instance = Instance()
    try:
        if await instance.store.list_conversation_ids(limit=1):
            return False
        for person in PEOPLE:
            await profiles.set_profile(
                instance, user_id=person["user_id"], changes={"name": person["name"]}
            )
        direct = await conversations.create_conversation(
            instance, user_id="alice", kind=ConversationKind.DIRECT, participant_ids=["bob"]
        )
        group = await conversations.create_conversation(
            instance,
            user_id="alice",
            kind=ConversationKind.GROUP,
            participant_ids=["bob", "carol", "dave"],
            title=GROUP_TITLE,
            system_messages=True,
        )
        for created, said in ((direct, DIRECT), (group, GROUP)):
            for user_id, text in said:
                await messages.send_message(
                    instance,
                    user_id=user_id,
                    conversation_id=created.own.conversation.id,
                    text=text,
                    mentions=[one["user_id"] for one in PEOPLE if f"@{one['name']}" in text],
                )
        await receipts.mark_read(
            instance, user_id="alice", conversation_id=group.own.conversation.id, seq=READ_BY_ALICE
        )
        await receipts.mark_read(
            instance, user_id="bob", conversation_id=direct.own.conversation.id, seq=len(DIRECT) - 1
        )
        return True
    finally:
        await instance.writer.drain()
        await instance.close()
