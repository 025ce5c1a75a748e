"""The option `--reason`, which the database keeps."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    "command",
    [("apply_retention",), ("erase_user", "ann", "--yes"), ("export_user", "ann", "--output", "x")],
)
def test_a_reason_that_cannot_be_kept_is_refused(command: tuple[str, ...]) -> None:
    for reason, said in (("x" * 501, "up to 500"), ("broken \udcff", "printable")):
        with pytest.raises(CommandError, match=said):
            call_command(*command, "--reason", reason, stdout=StringIO(), stderr=StringIO())
