"""A follower of one's own: it keeps a tantivy index of all messages in a folder.

    pip install tantivy
    python -m examples.followers.tantivy_follower follow FOLDER [NAME]
    python -m examples.followers.tantivy_follower search FOLDER 'green tea'

Any number of these may run; each needs a folder and a name of its own, which is `tantivy` unless
you give one. What a follower has handled is kept under its name: two with one name would share the
changes, and each would miss those of the other. Who may see a message is not in this index: it is
for the operators of a server.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import tantivy

from messaging.domain.message import Message
from messaging.followers.follower import Followed

DEFAULT_NAME = "tantivy"


class TantivyFollower:
    """Implements `messaging.followers.follower.RemoteFollower`."""

    from_beginning = True
    lease_seconds = 30.0

    def __init__(self, folder: Path, *, name: str = DEFAULT_NAME) -> None:
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("conversation_id", tokenizer_name="raw")
        builder.add_text_field("text", stored=True)
        self._index = tantivy.Index(builder.build(), path=str(folder))
        self._writer: tantivy.IndexWriter | None = None
        self._writing = asyncio.Lock()

    async def deliver(self, followed: Followed) -> None:
        """Write the present state of the messages. It can be repeated."""
        async with self._writing:
            await asyncio.to_thread(self._write, followed)

    async def forget(self, conversation_id: str) -> None:
        async with self._writing:
            await asyncio.to_thread(self._forget, conversation_id)

    def search(self, text: str, *, limit: int = 10) -> Sequence[tuple[str, str]]:
        """Return the id and the text of the best messages."""
        self._index.reload()
        searcher = self._index.searcher()
        hits = searcher.search(self._index.parse_query(text, ["text"]), limit).hits
        found = [searcher.doc(address) for _, address in hits]
        return [(str(one["id"][0]), str(one["text"][0])) for one in found]

    def _write(self, followed: Followed) -> None:
        writer = self._open()
        conversation = followed.conversation
        if followed.whole or (conversation.seq == 0 and not conversation.participants):
            writer.delete_documents_by_term("conversation_id", conversation.id)
        for message in followed.messages:
            writer.delete_documents_by_term("id", message.id)
            if message.text:
                writer.add_document(_document(message))
        writer.commit()

    def _forget(self, conversation_id: str) -> None:
        writer = self._open()
        writer.delete_documents_by_term("conversation_id", conversation_id)
        writer.commit()

    def _open(self) -> "tantivy.IndexWriter":
        """Return the writer. Only one process can have it."""
        if self._writer is None:
            self._writer = self._index.writer()
        return self._writer


def _document(message: Message) -> "tantivy.Document":
    return tantivy.Document(
        id=message.id, conversation_id=message.conversation_id, text=message.text or ""
    )


async def follow(folder: Path, *, name: str) -> None:
    """Follow until the process is stopped."""
    from messaging.followers.epoch import StoredEpoch  # noqa: PLC0415 - after django.setup()
    from messaging.followers.following import Following  # noqa: PLC0415
    from messaging.stores import make_stores  # noqa: PLC0415

    stores = make_stores()
    following = Following(
        store=stores.conversations,
        epochs=StoredEpoch(stores.epochs),
        calls=stores.index,
        owner=f"tantivy-{os.getpid()}",
    )
    following.add_remote(TantivyFollower(folder, name=name))
    following.start()
    try:
        await asyncio.Event().wait()
    finally:
        await following.stop()
        await stores.index.close()
        await stores.conversations.close()


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case ["follow", folder, *names] if len(names) <= 1:
            import django  # noqa: PLC0415

            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            asyncio.run(follow(Path(folder), name=names[0] if names else DEFAULT_NAME))
        case ["search", folder, text]:
            for id_, found in TantivyFollower(Path(folder)).search(text):
                sys.stdout.write(f"{id_} {found}\n")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
