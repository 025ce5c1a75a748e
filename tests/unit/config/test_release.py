"""Every place names the same version, and the changelog begins with it."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from config.development import release
from config.development.release import NotReady, require_consistent
from messaging import __version__

ROOT = Path(__file__).resolve().parents[3]
_FILES = (
    *("pyproject.toml", "CHANGELOG.md"),
    *(str(one.relative_to(ROOT)) for one in ROOT.glob("clients/*/package*.json")),
    *(str(one.relative_to(ROOT)) for one in ROOT.glob("clients/*/pyproject.toml")),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that name the version, in a repository of its own."""
    for name in _FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def test_this_checkout_names_one_version() -> None:
    require_consistent(ROOT)


@pytest.mark.parametrize("name", [name for name in _FILES if name != "CHANGELOG.md"])
def test_another_version_is_named(checkout: Path, name: str) -> None:
    file = checkout / name
    file.write_text(file.read_text().replace(__version__, "9.9.9", 1))

    with pytest.raises(NotReady, match=r"9\.9\.9"):
        require_consistent(checkout)


def test_the_changelog_lacks_the_version(checkout: Path) -> None:
    file = checkout / "CHANGELOG.md"
    file.write_text(file.read_text().replace(f"## {__version__} - ", "## 9.9.9 - ", 1))

    with pytest.raises(NotReady, match=r"CHANGELOG\.md"):
        require_consistent(checkout)


def test_a_release_has_a_date(checkout: Path) -> None:
    """The dry run does not need it."""
    require_consistent(checkout)

    with pytest.raises(NotReady, match="date"):
        require_consistent(checkout, final=True)


def test_what_is_not_committed_is_in_no_release(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"pyproject\.toml"):
        release.build(checkout, tmp_path / "dist")

    assert not (tmp_path / "dist").exists()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_types_of_removed_modules_are_in_no_package(tmp_path: Path) -> None:
    client, folder = tmp_path / "client", tmp_path / "dist"
    folder.mkdir()
    (client / "types").mkdir(parents=True)
    (client / "types" / "removed.d.ts").touch()
    prepack = "mkdir -p types && touch types/present.d.ts"
    package = {"name": "some", "version": "1.0.0", "files": ["types"]}
    (client / "package.json").write_text(json.dumps({**package, "scripts": {"prepack": prepack}}))

    release.pack_javascript(client, folder)

    (packed,) = folder.iterdir()
    with tarfile.open(packed) as archive:
        assert sorted(archive.getnames()) == ["package/package.json", "package/types/present.d.ts"]
