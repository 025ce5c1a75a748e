"""The modules that the Makefile and the documentation start with `python -m` can be started."""

import os
import re
from pathlib import Path

import pytest

from tests.servers.forked import run_python

_CHECKOUT = Path(__file__).resolve().parents[2]
_SOURCES = (_CHECKOUT / "Makefile", *sorted((_CHECKOUT / "docs").glob("*.md")))
_STARTED = re.compile(r"python -m ((?:tests|config)[\w.]*)")
_MODULES = sorted({name for source in _SOURCES for name in _STARTED.findall(source.read_text())})
_IMPORT = """
import importlib.util, sys
name = sys.argv[1]
spec = importlib.util.find_spec(name)
package = spec.submodule_search_locations is not None
importlib.import_module(f"{name}.__main__" if package else name)
"""


@pytest.mark.parametrize("module", _MODULES)
def test_a_module_starts_without_the_settings_of_pytest(module: str) -> None:
    """pytest configures Django before it imports anything, and so hides what needs that."""
    environment = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    run_python("-c", _IMPORT, module, environment=environment, check=True)


def test_the_makefile_starts_the_long_suites() -> None:
    assert {"tests.abuse", "tests.benchmarks.peers", "tests.chaos"} <= set(_MODULES)
