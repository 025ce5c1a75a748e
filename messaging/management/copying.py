"""What `copy_store` and `move_store` have in common: their settings, errors and progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.management.progress import Progress
from messaging.services.copying.copying import CopyAhead, CopyChanged, CopyCounts, NotACopy
from messaging.services.copying.owning import Busy, LeaseLost
from messaging.services.exchange.dumping import UnreadableRecords
from messaging.stores.damage import Damaged

KINDS = ("sql", "firestore")


@contextmanager
def copy_errors(source: str, target: str) -> Iterator[None]:
    """Turn the errors of a copy from one kind of store to another into those of a command."""
    try:
        yield
    except StoreUnavailable:
        raise CommandError(
            "A store does not answer. Run `manage.py doctor`, then this command again: it goes on."
        ) from None
    except NotACopy:
        raise CommandError(
            f"The {target} store holds data, and is no copy of the present {source} store. "
            "Delete its data, or restore both stores (docs/copy-store.md). Nothing was changed "
            "in it."
        ) from None
    except CopyAhead as error:
        raise CommandError(
            f"Conversation {error} has later changes in the {target} store. That store is in "
            "use, or the other one was restored. The copying has stopped."
        ) from None
    except CopyChanged as error:
        raise CommandError(
            f"Something else writes conversation {error} into the {target} store. Let no instance "
            "use the copy."
        ) from None
    except (Damaged, UnreadableRecords) as error:
        raise CommandError(f"{error} Repair it in the store, and run the command again.") from None
    except Busy as error:
        raise CommandError(
            f"Another command copies or moves the store: {error}. Wait for its end. If it was "
            "killed, wait for 20 seconds."
        ) from None
    except LeaseLost:
        raise CommandError(
            "The database did not answer for 20 seconds, so that another command may have begun. "
            "Run this command again: it goes on."
        ) from None


def require_firestore() -> None:
    if not settings.GOOGLE_CLOUD_PROJECT:
        raise CommandError("Set GOOGLE_CLOUD_PROJECT to the project of the Firestore.")


def counted(counts: CopyCounts) -> str:
    return (
        f"{counts.people} people, {counts.conversations} conversations (of {counts.compared} that "
        f"were compared), {counts.messages} messages, {counts.files} attachments, "
        f"{counts.reports} reports"
    )


def shower(progress: Progress) -> Callable[[CopyCounts], None]:
    """Return a function that shows the progress of a copy."""

    def show(counts: CopyCounts) -> None:
        progress.at(0, counts.messages, counted(counts))

    return show
