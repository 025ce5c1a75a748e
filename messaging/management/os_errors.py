"""What an error of the operating system means, for the user of a command."""

import errno
import tempfile
from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def words_of(error: OSError, source: Path, *, written: Path | None = None) -> str:
    """Return a sentence about an error of a command that reads `source`, writes temporary files,
    and maybe writes a file."""
    if error.errno == errno.EPIPE:
        return f"The output cannot be written: {error.strerror}."
    if error.errno in _FULL:
        places = [tempfile.gettempdir(), *([str(written.parent)] if written else ())]
        return f"There is not enough room in {' or '.join(places)}: {error.strerror}."
    named = Path(str(error.filename or source))
    if written is not None and named in {written, written.with_name(f"{written.name}.new")}:
        return f"{written} cannot be written: {error.strerror}."
    return f"{named} cannot be read: {error.strerror}."
