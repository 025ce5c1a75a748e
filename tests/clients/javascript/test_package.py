"""What a front-end developer installs: small, typed, and what a bundler and Node understand."""

import fcntl
import gzip
import json
import re
from pathlib import Path

import pytest

from tests.clients.javascript.conftest import PACKAGE, Run

_DOCS = PACKAGE.parents[1] / "docs"
MAX_BYTES = {
    "index.js": 12 * 1024,
    "files/index.js": 3 * 1024,
    "history/index.js": 3 * 1024,
    "history/react.js": 3 * 1024,
    "outbox_storage/index.js": 3 * 1024,
    "people.js": 2 * 1024,
    "presence.js": 2 * 1024,
    "react/index.js": 3 * 1024,
    "search.js": 2 * 1024,
}
"""Of each module with all that it imports but React, as one minified file, compressed."""
AROUND = """
declare const process: { env: Record<string, string | undefined> };
"""
"""What the blocks of the README use beside the package."""
MISTAKES = """
import { ChatClient, type Message } from "chat-client";
const chat = new ChatClient({ url: "http://127.0.0.1", token: async () => null });
const seen: Message[] = [...chat.conversation("c").getSnapshot().messages];
chat.on("message", ({ message }) => seen.push(message));
chat.on("*", (event) => (event.type === "send.failed" ? event.error.code : null));
// @ts-expect-error - there is no such event
chat.on("massage", () => {});
// @ts-expect-error - nor such a field
chat.on("message", ({ message }) => message.body);
// @ts-expect-error - a snapshot never changes
chat.conversations.getSnapshot().items.push();
// @ts-expect-error - what is inside stays there
chat.conversation("c").model;
// @ts-expect-error - the fields are those of the API
chat.createConversation({ kind: "circle", participant_ids: [] });
"""
"""What the types refuse, and what they accept."""


@pytest.fixture(scope="module")
def tarball(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `npm publish` would upload. Making it checks the types of the source."""
    folder = tmp_path_factory.mktemp("packed")
    with (PACKAGE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be writing the declarations
        printed = run("npm", "pack", "--json", "--pack-destination", folder)
    name = json.loads(printed[printed.index("[") :])[0]["filename"]
    return folder / str(name)


@pytest.mark.parametrize("module", MAX_BYTES)
def test_the_package_is_small(run: Run, bin_folder: Path, tmp_path: Path, module: str) -> None:
    bundle = tmp_path / "bundle.js"
    options = ("--bundle", "--minify", "--format=esm", "--external:react", "--log-level=error")
    run(bin_folder / "esbuild", f"src/{module}", *options, f"--outfile={bundle}")

    assert len(gzip.compress(bundle.read_bytes(), 9)) <= MAX_BYTES[module]


def test_it_needs_nothing_else() -> None:
    """No package comes with it."""
    package = json.loads((PACKAGE / "package.json").read_text())

    assert not package.keys() & {"dependencies", "optionalDependencies"}


@pytest.mark.timeout(300)
def test_bundlers_and_node_understand_it(run: Run, bin_folder: Path, tarball: Path) -> None:
    """publint and arethetypeswrong find nothing."""
    run(bin_folder / "publint", "run", tarball, "--strict")
    run(bin_folder / "attw", tarball, "--profile", "esm-only")


@pytest.mark.timeout(300)
def test_the_code_of_the_readmes_is_typed(
    run: Run, bin_folder: Path, tarball: Path, tmp_path: Path
) -> None:
    """The TypeScript of both READMEs compiles with the packed package, strictly."""
    readmes = (PACKAGE / "README.md").read_text() + (_DOCS.parent / "README.md").read_text()
    blocks = re.findall(r"```tsx?\n(.*?)```", readmes, re.DOTALL)
    sources = [*blocks, MISTAKES]
    for number, block in enumerate(sources):
        (tmp_path / f"block{number}.tsx").write_text(block)
    (tmp_path / "around.d.ts").write_text(AROUND)
    modules = tmp_path / "node_modules" / "chat-client"
    modules.mkdir(parents=True)
    for name in ("@types", "csstype"):
        (tmp_path / "node_modules" / name).symlink_to(PACKAGE / "node_modules" / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run("tar", "-xzf", tarball, "-C", modules, "--strip-components=1")
    files = ["around.d.ts", *(f"block{number}.tsx" for number in range(len(sources)))]
    options = ["--noEmit", "--strict", "--skipDefaultLibCheck", "--module", "nodenext"]
    options += ["--target", "es2022"]
    options += ["--jsx", "react-jsx", "--types", "react"]

    assert len(blocks) >= 3
    run(bin_folder / "tsc", *options, "--lib", "es2023,dom", *files, cwd=tmp_path)


@pytest.mark.timeout(300)
def test_its_types_are_those_of_the_api(run: Run) -> None:
    """Those generated from docs/openapi.yaml and docs/asyncapi.yaml are fresh."""
    run("node", "schema/generate.js", "--check")


@pytest.mark.timeout(300)
def test_a_linter_finds_nothing_in_the_documents(run: Run, bin_folder: Path) -> None:
    """Of the API and of the socket."""
    documents = (_DOCS / "openapi.yaml", _DOCS / "asyncapi.yaml")
    environment = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    for document in documents:
        printed = run(bin_folder / "redocly", "lint", "--format=json", document, **environment)
        assert json.loads(printed)["problems"] == []


@pytest.mark.timeout(300)
def test_its_own_tests_pass(run: Run) -> None:
    run("npm", "test", "--silent")


@pytest.mark.fuzz
def test_its_model_shows_what_the_store_has(run: Run) -> None:
    """In 20,000 random runs."""
    printed = run("node", "--test", "test/model.property.test.js", RUNS="20000")

    assert "in 20000 runs" in printed
