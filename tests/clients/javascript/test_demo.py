"""The demo page, which is built from `clients/javascript/demo`."""

from tests.clients.javascript.conftest import Run


def test_the_script_of_the_page_is_that_of_its_source(run: Run) -> None:
    """It is committed, so that `make run` needs no Node. `make demo` builds it."""
    run("node", "demo/build.js", "--check")
