"""How far a load has come, in a small file beside the loaded one, so that it goes on after a kill.

Without this file a load begins anew. Nothing is stored twice then, but everything is compared.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    line: int
    """The number of the last line that was handled."""
    at: int
    """The place in the file after it, in bytes."""


class Resuming:
    def __init__(self, loaded: Path, *, load_id: str, target: str) -> None:
        """Create it for a file. `load_id` is that of its header, `target` identifies the store.
        Raises OSError."""
        self._path = loaded.with_name(f"{loaded.name}.loading")
        found = loaded.stat()
        self._key = {
            "load": load_id,
            "target": target,
            "size": found.st_size,
            "changed": found.st_mtime_ns,
        }
        self._noted_at = float("-inf")
        self._begun_at = self.begun_at() or datetime.now(UTC)

    def begun_at(self) -> datetime | None:
        """Return when the load that is noted began; None if none is."""
        try:
            return datetime.fromisoformat(self._noted()["begun_at"])
        except (KeyError, TypeError, ValueError):
            return None

    def place(self) -> Place | None:
        """Return how far an earlier load of this content into this store has come."""
        try:
            return Place(**self._noted()["place"])
        except (KeyError, TypeError):
            return None

    def restored(self) -> Mapping[str, int]:
        """Return the erased people whom that load has brought back."""
        restored: Mapping[str, int] = self._noted().get("restored", {})
        return restored

    def _noted(self) -> dict[str, Any]:
        """Return what is noted of this load; nothing if it begins anew."""
        try:
            noted: dict[str, Any] = json.loads(self._path.read_text())
            return noted if noted["key"] == self._key else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def note(self, place: Place, *, restored: Mapping[str, int]) -> None:
        """Note a place, at most twice a second; and the erased people whom the load has brought
        back until then."""
        if time.monotonic() - self._noted_at < _EVERY_SECONDS:
            return
        self._noted_at = time.monotonic()
        new = self._path.with_name(f"{self._path.name}.new")
        noted = {
            "key": self._key,
            "begun_at": self._begun_at.isoformat(),
            "place": asdict(place),
            "restored": dict(restored),
        }
        new.write_text(json.dumps(noted))
        os.replace(new, self._path)  # noqa: PTH105  atomic

    def end(self) -> None:
        """Forget it: the file is loaded."""
        self._path.unlink(missing_ok=True)
