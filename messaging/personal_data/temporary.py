"""Temporary folders, made and removed without blocking the event loop."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp


@asynccontextmanager
async def temporary_folder(prefix: str) -> AsyncIterator[Path]:
    """Yield an empty folder, which only this process may read."""
    folder = await asyncio.to_thread(mkdtemp, prefix=prefix)
    try:
        yield Path(folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
