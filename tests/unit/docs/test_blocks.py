"""Each block of code in docs/ is run by a test, or says here why not."""

import json
from collections import Counter

import pytest

from tests.integration.chat import validator
from tests.unit.docs.test_pages import PAGES, ROOT, found_blocks

_DOCUMENTED = "tests/acceptance/test_documented.py"
RUN = {
    "exchange console 1": _DOCUMENTED,
    "exchange console 2": _DOCUMENTED,
    "followers python 1": _DOCUMENTED,
    "followers python 2": _DOCUMENTED,
    "moderation json 1": _DOCUMENTED,
    "moderation python 1": _DOCUMENTED,
    "notifications js 1": "tests/acceptance/test_web_push.py",
    "personal-data console 1": _DOCUMENTED,
    "services console 1": _DOCUMENTED,
    "services console 2": _DOCUMENTED,
    "services console 3": _DOCUMENTED,
    "services console 4": _DOCUMENTED,
    "services python 1": _DOCUMENTED,
    "start console 2": _DOCUMENTED,
    "start js 1": _DOCUMENTED,
    "start js 2": _DOCUMENTED,
    "webhooks js 1": _DOCUMENTED,
    "webhooks python 1": _DOCUMENTED,
    "errors json 1": "tests/unit/docs/test_blocks.py",
}
NOT_RUN = {
    "checking-a-client console 1": "tests/clients runs the same program, with clients that exist",
    "checking-a-client json 1": "a message of the protocol that tests/clients speaks",
    "checking-a-client json 2": "a message of the protocol that tests/clients speaks",
    "copy-store console 1": "tests/integration/stores/copying runs the command, with an emulator",
    "exchange console 3": "tests/integration/personal_data gives up a load that was killed",
    "exchange console 4": "the commands of the first blocks, with Firestore",
    "move-store console 1": "tests/integration/stores/moving and tests/chaos run the command",
    "exchange json 1": "a line that is shortened",
    "moving console 1": "tests/integration/stores/exchange runs it with exports that exist",
    "performance console 1": "measures for minutes",
    "production console 1": "needs systemd as its init",
    "production console 2": "needs a cluster; tests/integration/deploy checks the manifests",
    "retention console 1": "tests/integration/personal_data/retention runs it on old messages",
    "retention console 2": "tests/integration/personal_data/retention runs it on old messages",
    "search text 1": "a request and an answer that is shortened",
    "socket json 1": "an event that is shortened",
    "start console 1": "installs everything; tests/integration/deploy runs the server",
    "start console 3": "a server without an end; tests/acceptance/test_examples.py runs it",
    "start console 4": "two servers without an end; tests/acceptance runs such servers",
    "upgrade console 1": "tests/integration/stores/sql/test_migrating.py sets that timeout",
}


def test_each_block_is_run_or_says_why_not() -> None:
    """A new block belongs into one of the tables."""
    counted: Counter[str] = Counter()
    named = set()
    for page in PAGES:
        for language, _ in found_blocks(page):
            counted[f"{page.stem} {language}"] += 1
            named.add(f"{page.stem} {language} {counted[f'{page.stem} {language}']}")

    assert named == RUN.keys() | NOT_RUN.keys()
    assert not RUN.keys() & NOT_RUN.keys()


@pytest.mark.parametrize("test", sorted(set(RUN.values())))
def test_what_runs_them_names_the_pages(test: str) -> None:
    source = (ROOT / test).read_text()
    for block in (block for block, runs in RUN.items() if runs == test):
        page = block.split()[0]
        assert f'"{page}"' in source or f"'{page}'" in source or f"{page}.md" in source, block


def test_the_example_of_a_refusal_is_a_refusal() -> None:
    """errors.md: as the OpenAPI document has it."""
    ((_, block),) = found_blocks(ROOT / "docs" / "errors.md")

    validator({"$ref": "#/components/schemas/Problem"}).validate(json.loads(block))
