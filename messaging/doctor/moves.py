"""The examination of the move to the other kind of store."""

from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError

from messaging.doctor.findings import Finding, ok, problem, warning
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores import make_stores
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import FormerStore, Move, Phase


async def examine_move() -> Sequence[Finding]:
    """Warn of a move that nobody finishes, and of a `CHAT_STORE` that does not decide. A
    `CHAT_STORE` that names the former store is a problem."""
    stores = make_stores()
    try:
        return [_found(await MoveStore(stores.database).look())]
    except (StoreUnavailable, DatabaseError) as error:
        text = f"The tables of the move cannot be read: {error.__cause__ or error}"
        return [warning(text, "See the findings about the database. Run `manage.py migrate`.")]
    finally:
        await stores.close()


def _found(move: Move) -> Finding:
    if move.phase is not Phase.IDLE:
        text = f"The store is being moved from {move.source} to {move.target}."
        if move.owner:
            return ok(text)
        remedy = "Run `manage.py move_store` again to finish it, or end it with --abort."
        return warning(f"{text} No command is at work on it.", remedy)
    if not move.in_force:
        try:
            return ok(f"The store in use is {move.kind_for(settings.CHAT_STORE)}.")
        except FormerStore as error:
            return problem("This process refuses everything: the store was moved.", str(error))
    text = f"The store was moved: every process uses {move.in_force}."
    if move.in_force == settings.CHAT_STORE:
        return warning(text, "Run `manage.py move_store --confirm`, or move back with --undo.")
    remedy = (
        f"Set CHAT_STORE={move.in_force} everywhere, restart the processes one after the other, "
        "and run `manage.py move_store --confirm`. Or move back with --undo."
    )
    return warning(f"{text} CHAT_STORE is still {settings.CHAT_STORE}.", remedy)
