"""What is wrong with the settings of files."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from messaging.files.checking.clamd import Clamd
from messaging.files.content_types import CHECKED

STORAGES = ("local", "gcs", "s3")


class Mistake(NamedTuple):
    text: str
    hint: str


def mistakes(*, storage: str, bucket: str, types: Sequence[str], scanner: str) -> Iterator[Mistake]:
    """Yield each mistake, with how to correct it."""
    if storage not in STORAGES:
        yield Mistake(
            f"CHAT_FILES is {storage!r}, which is not supported.",
            f"Set CHAT_FILES to {' or '.join(STORAGES)}.",
        )
    elif storage != "local" and not bucket:
        yield Mistake(
            f"CHAT_FILES={storage} needs a bucket.",
            "Set CHAT_FILES_BUCKET to the name of the bucket.",
        )
    unknown = [name for name in types if name not in CHECKED]
    if unknown:
        yield Mistake(
            f"CHAT_FILES_TYPES has {', '.join(unknown)}, whose content cannot be checked.",
            f"Choose from: {', '.join(sorted(CHECKED))}.",
        )
    if scanner:
        try:
            Clamd(scanner)
        except ValueError as error:
            yield Mistake(f"CHAT_CLAMD is {scanner!r}.", str(error))
