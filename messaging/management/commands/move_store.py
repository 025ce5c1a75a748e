"""`manage.py move_store`: move the store into the other kind of store, while people chat."""

import asyncio
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.domain.identifiers import random_id
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.management.copying import KINDS, copy_errors, counted, require_firestore, shower
from messaging.management.progress import Progress
from messaging.management.stores import former_store_refused
from messaging.redis.client import make_redis
from messaging.runtime.figures import LiveFigures, Status
from messaging.services.copying.copying import StoreCopy
from messaging.services.copying.moving import SILENT_SECONDS, MoveFailed, StoreMove, Unheard
from messaging.services.copying.owning import owned
from messaging.stores import Stores, make_stores
from messaging.stores.database.audit import AuditTrail
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Move, Phase, StoreProcess

_ATTEMPTS = 20


class Command(BaseCommand):
    help = (
        "Moves the store in use into the other kind of store, while people chat: copies it, "
        "follows the changes, freezes all processes for at most four seconds, and switches them. "
        "Kill it at any time: the next call goes on. See docs/move-store.md. On Firestore each "
        "document is a billed read or write."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", choices=KINDS)
        parser.add_argument("--to", dest="target", choices=KINDS)
        parser.add_argument(
            "--gone",
            action="store_true",
            help="the processes that do not answer have ended; without this, the command refuses "
            "to begin, because they might still write",
        )
        other = parser.add_mutually_exclusive_group()
        other.add_argument(
            "--undo",
            action="store_true",
            help="move back into the former store, with everything that has changed since",
        )
        other.add_argument(
            "--abort", action="store_true", help="end a move that has not switched yet"
        )
        other.add_argument(
            "--confirm",
            action="store_true",
            help="let CHAT_STORE decide again, which all processes have set to the new store",
        )
        other.add_argument(
            "--forget",
            action="store_true",
            help="after --confirm, let processes whose CHAT_STORE names the former store use it",
        )
        other.add_argument("--status", action="store_true", help="only report the state")

    def handle(self, *args: Any, **options: Any) -> None:
        self._options = options
        act = next((name for name in _ACTS if options[name]), None)
        named = options["source"], options["target"]
        if (act is None) is (None in named) or (act is not None and any(named)):
            raise CommandError("Give --from and --to, or one of the other options.")
        if act is None and named[0] == named[1]:
            raise CommandError("Name two kinds of stores.")
        asyncio.run(self._run(act))

    async def _run(self, act: str | None) -> None:
        stores = make_stores()
        self._moves, self._trail = MoveStore(stores.database), AuditTrail(stores.database)
        self._stores = stores
        try:
            with copy_errors("source", "target"):
                move = await self._moves.look()
                if act == "status":
                    await self._report(move)
                    return
                self._owner = f"move_store {random_id()}"
                async with owned(self._moves, self._owner) as move:
                    acts: dict[str | None, Callable[[Move], Awaitable[None]]] = {
                        "undo": self._undo,
                        "abort": self._abort,
                        "confirm": self._confirm,
                        "forget": self._forget,
                    }
                    await acts.get(act, self._go)(move)
        except MoveFailed as error:
            raise CommandError(await self._explained(error)) from None
        finally:
            await stores.close()

    async def _go(self, move: Move) -> None:
        await self._move(move, self._options["source"], self._options["target"])

    async def _undo(self, move: Move) -> None:
        used = move.in_force
        if move.phase is not Phase.IDLE and move.target == _other(used):
            await self._move(move, move.source, move.target)  # goes on
            return
        if not used or move.phase is not Phase.IDLE:
            raise CommandError(
                "There is no move to undo. End a move that has not switched yet with --abort; "
                "after --confirm, move back with --from and --to."
            )
        await self._move(move, used, _other(used))

    async def _move(self, move: Move, source: str, target: str) -> None:
        require_firestore()
        self._require_use(move, source, target)
        there, here = self._kind(source), self._kind(target)
        try:
            with copy_errors(source, target):
                if move.phase is Phase.IDLE:
                    await self._begin(source, target)
                progress = Progress(lambda line: self.stderr.write(line, str))
                copy = StoreCopy(there, here, on_progress=shower(progress))
                work = StoreMove(
                    *(self._moves, copy, there, here),
                    owner=self._owner,
                    say=self._say,
                    silent_are_gone=self._options["gone"],
                )
                await work.run(attempts=_ATTEMPTS)
                self._say(f"Wrote {counted(copy.counts)} before the freeze.")
                await self._record("store.moved", source, target)
                try:
                    await work.wait_for_processes(target)
                except Unheard as error:
                    raise CommandError(
                        f"The store in use is {target}. {error} did not say yet that they use it. "
                        "They do once they reach the database; until then they refuse everything."
                    ) from None
                await self._end(target)
        finally:
            for one in (there, here):
                if one is not self._stores:
                    await one.conversations.close()

    async def _begin(self, source: str, target: str) -> None:
        processes = await self._moves.list_processes()
        silent = [one for one in processes if one.unseen_seconds > SILENT_SECONDS]
        if silent and not self._options["gone"]:
            raise Unheard(silent)
        await self._moves.drop([one.boot_id for one in silent])
        processes = [one for one in processes if one not in silent]
        await self._require_listed({one.boot_id for one in processes})
        if not await self._moves.begin(self._owner, source=source, target=target):
            raise MoveFailed("Somebody else has begun a move. Look at --status.")
        await self._record("store.move_begun", source, target)
        self._say(f"Copying from {source} to {target}. {len(processes)} processes use the store.")

    async def _require_listed(self, boot_ids: Collection[str]) -> None:
        """Require that each process that shows itself in Redis takes part."""
        redis = make_redis(settings.REDIS)
        own = Status(instance_id="", boot_id=self._owner, uptime=0.0, link="unused", draining=False)
        try:
            found, complete = await LiveFigures(redis, lambda: own).all()
        finally:
            if redis is not None:
                await redis.aclose()
        if not complete:
            self._say("Redis does not answer: processes of an earlier release would not be found.")
        unlisted = [
            f"{one.instance_id} ({one.role}, release {one.version})"
            for one in found
            if one.boot_id not in {own.boot_id, *boot_ids}
        ]
        if unlisted:
            raise MoveFailed(
                f"These processes do not hear of a move: {', '.join(unlisted)}. They run an "
                "earlier release, have another DATABASE_URL, or cannot reach it. Replace them. If "
                "they have just been killed, wait for 20 seconds."
            )

    async def _end(self, target: str) -> None:
        """Say what is left to do. A move back into the store of `CHAT_STORE` needs no more."""
        processes = await self._moves.list_processes()
        other = [one.name for one in processes if one.setting != target]
        if not other and target == settings.CHAT_STORE:
            await self._moves.confirm(self._owner)
            self._say(f"All processes use {target}, as CHAT_STORE says.")
            return
        self._say(
            f"All processes use {target}. Set CHAT_STORE={target} everywhere, restart the "
            "processes one after the other, and run `manage.py move_store --confirm`. Until then, "
            "--undo moves back."
        )

    async def _abort(self, move: Move) -> None:
        if not await self._moves.abort(self._owner):
            raise CommandError("Nothing is being moved. After the switch, move back with --undo.")
        await self._record("store.move_aborted", move.source, move.target)
        self._say(f"The move has ended. All processes go on with {move.source}.")
        named = {one.setting for one in await self._moves.list_processes()}
        if {settings.CHAT_STORE, *named} == {move.source}:
            await self._moves.confirm(self._owner)

    async def _confirm(self, move: Move) -> None:
        if not move.in_force:
            raise CommandError("There is no move to confirm.")
        if move.phase is not Phase.IDLE:
            raise CommandError(f"The store is being moved to {move.target}. Finish that first.")
        processes = await self._moves.list_processes()
        wrong = [one for one in processes if one.setting != move.in_force]
        here = [] if move.in_force == settings.CHAT_STORE else ["this command"]
        if names := [*here, *(one.name for one in wrong if not self._is_gone(one))]:
            raise CommandError(
                f"CHAT_STORE is not {move.in_force} for: {', '.join(names)}. Set it everywhere, "
                "restart the processes, and run this command again. Add --gone if processes have "
                "ended that it names."
            )
        await self._moves.drop([one.boot_id for one in wrong])
        await self._moves.confirm(self._owner)
        await self._record("store.move_confirmed", move.source, move.target)
        self._say(
            "CHAT_STORE decides again. A process that names another store is refused. The data in "
            f"{_other(move.in_force)} can be deleted."
        )

    async def _forget(self, move: Move) -> None:
        if move.in_force:
            raise CommandError("The move is not confirmed. Confirm it, undo it or abort it first.")
        if not move.moved_to:
            raise CommandError("There is no move to forget.")
        await self._moves.forget(self._owner)
        await self._record("store.move_forgotten", move.source, move.target)
        self._say("Each process uses the store that its CHAT_STORE names.")

    def _is_gone(self, process: StoreProcess) -> bool:
        return self._options["gone"] and process.unseen_seconds > SILENT_SECONDS

    async def _report(self, move: Move) -> None:
        used = move.in_force or move.moved_to or settings.CHAT_STORE
        state = {
            Phase.IDLE: f"The store in use is {used}.",
            Phase.FOLLOWING: f"The store is being copied from {move.source} to {move.target}.",
            Phase.FREEZING: f"The freeze before the switch to {move.target} goes on.",
        }[move.phase]
        self._say(state)
        if move.phase is Phase.IDLE and move.in_force:
            self._say("The move is not confirmed: CHAT_STORE does not decide yet.")
        elif move.phase is Phase.IDLE and move.moved_to:
            self._say("The move is confirmed: a process with another CHAT_STORE is refused.")
        if move.owner:
            self._say(f"At work: {move.owner}.")
        for one in await self._moves.list_processes():
            self._say(
                f"{one.name} ({one.role}) uses {one.kind}, CHAT_STORE is {one.setting}, seen "
                f"{one.unseen_seconds:.0f} s ago."
            )

    def _require_use(self, move: Move, source: str, target: str) -> None:
        if move.phase is not Phase.IDLE:
            if (source, target) != (move.source, move.target):
                raise CommandError(
                    f"The store is being moved from {move.source} to {move.target}. Finish that, "
                    "or end it with --abort."
                )
            return
        with former_store_refused():
            used = move.kind_for(settings.CHAT_STORE)
        if source != used:
            raise CommandError(
                f"The {source} store is not in use. Only the store in use, {used}, can be moved."
            )

    def _kind(self, kind: str) -> Stores:
        if kind == settings.CHAT_STORE:
            return self._stores
        return make_stores(kind, beside=self._stores)

    async def _record(self, action: str, source: str, target: str) -> None:
        entry = AuditEntry(
            actor=Actor(kind=ActorKind.COMMAND, name="move_store"),
            action=action,
            detail={"from": source, "to": target},
        )
        await self._trail.record(entry)

    async def _explained(self, error: MoveFailed) -> str:
        """Return what to do about an error."""
        if not isinstance(error, Unheard):
            return str(error)
        return f"{_described(error.processes)} {_ADVICE}"

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


_ACTS = ("undo", "abort", "confirm", "forget", "status")
_ADVICE = (
    "An instance or worker: look whether it runs and reaches DATABASE_URL and both stores. A "
    "command: wait until it has ended. If they have been killed, run this command with --gone once "
    "they have been silent for a minute. The next call goes on; --abort ends a move."
)


def _other(kind: str) -> str:
    return KINDS[1 - KINDS.index(kind)]


def _described(processes: Sequence[StoreProcess]) -> str:
    each = [
        f"{one.name} ({one.role}, last seen {one.unseen_seconds:.0f} s ago)" for one in processes
    ]
    return f"These processes use the store and do not take part: {', '.join(each)}."
