"""The lines of the log as JSON, from a process of their own: configuring them is for ever."""

import json
import logging
import os
from collections.abc import Sequence
from typing import Any

from tests.servers.forked import run_python

_SCRIPT = """
import logging
import django
django.setup(set_prefix=False)
import structlog
logger = structlog.get_logger("chat.here")
structlog.contextvars.bind_contextvars(user_id="ann")
{lines}
"""


def logged(lines: str, level: str = "info") -> Sequence[dict[str, Any]]:
    finished = run_python(
        "-c",
        _SCRIPT.format(lines=lines),
        environment={**os.environ, "LOG_FORMAT": "json", "LOG_LEVEL": level, "INSTANCE_ID": "one"},
        check=True,
    )
    return [json.loads(line) for line in finished.stderr.splitlines()]


def test_each_line_has_its_action_and_its_context() -> None:
    """Whichever way it is written."""
    ways = (("info", ""), ("info", ", refused=True"), ("warning", ""))
    lines = logged("\n".join(f'logger.{way}("message.sent", seq=7{more})' for way, more in ways))
    for (method, _), line in zip(ways, lines, strict=True):
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "action": "message.sent",
            "seq": 7,
            "user_id": "ann",
            "logger": "chat.here",
            "level": method,
            "instance_id": "one",
        }


def test_lines_of_refused_work_are_limited_and_others_are_not() -> None:
    script = """
for _ in range(40): logger.info("request.handled")
for _ in range(40): logger.info("request.handled", refused=True, seq=7)
"""
    lines = logged(script)

    assert len([line for line in lines if "seq" not in line]) == 40
    assert len([line for line in lines if "seq" in line]) < 20


def test_a_second_configuration_reaches_loggers_that_are_in_use() -> None:
    """A second `django.setup()`, after which somebody captures the lines."""
    (line,) = logged(
        'logger.info("one"); django.setup()\n'
        'with structlog.testing.capture_logs(): logger.info("two")'
    )

    assert line["action"] == "one"


def test_what_is_below_the_level_is_not_written() -> None:
    disable = "logging.disable(logging.CRITICAL)"
    assert logged(f'logger.debug("ping"); {disable}; logger.info("a"); logger.error("b")') == []
    assert logged('logger.info("ping")', level="warning") == []


def test_an_exception_is_in_its_line() -> None:
    (line,) = logged('try: 1 / 0\nexcept Exception: logger.exception("commit.failed")')

    assert line["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_values_that_json_does_not_know_are_still_written() -> None:
    """A line must not fail the work that it reports."""
    (line,) = logged(r'logger.info("odd", large=2 ** 70, lone="\ud800", kind=logging.Handler)')

    assert line["large"] == 2**70
    assert line["lone"] == "\ud800"
    assert line["kind"] == repr(logging.Handler)


def test_a_broken_stream_does_not_fail_the_work() -> None:
    """The line takes the way of the others."""
    stream = "types.SimpleNamespace(write=lambda text: 1 / 0, flush=lambda: None)"
    broken = f"import sys, types; sys.stderr = {stream}"
    (line,) = logged(f'{broken}; logger.info("message.sent", seq=7)')

    assert (line["action"], line["seq"]) == ("message.sent", 7)
