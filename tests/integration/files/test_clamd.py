"""The scanner, against a real ClamAV daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging.files.checking.clamd import Clamd
from messaging.files.checking.findings import Refused
from messaging.files.storage import FilesUnavailable
from tests.conftest import skip_or_fail
from tests.servers.clamd import EICAR, ClamdMissing, clamd_server


@pytest.fixture(scope="module", name="addresses")
def _addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    try:
        with clamd_server(tmp_path_factory.mktemp("clamd")) as addresses:
            yield addresses
    except ClamdMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture(params=[0, 1], ids=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, addresses: tuple[str, str]) -> Clamd:
    return Clamd(addresses[request.param])


async def test_an_infected_file_is_refused(scanner: Clamd, tmp_path: Path) -> None:
    """Wherever in the file the signature is, beyond the first part of the stream too."""
    file = tmp_path / "file"
    for content in (EICAR, b"%PDF-1.7\n" + bytes(600_000) + EICAR + bytes(600_000)):
        file.write_bytes(content)
        with pytest.raises(Refused) as refused:
            await scanner.require_clean(file)
        assert refused.value.code == "infected"


async def test_a_clean_file_passes(scanner: Clamd, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (b"", b"tea", bytes(25 * 1024 * 1024)):
        file.write_bytes(content)
        await scanner.require_clean(file)
    assert (await scanner.version()).startswith("ClamAV ")


async def test_a_file_beyond_the_scanners_limit_is_not_accepted(
    scanner: Clamd, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(31 * 1024 * 1024))
    with pytest.raises(FilesUnavailable):
        await scanner.require_clean(file)


async def test_without_an_answer_no_file_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"tea")
    for address in ("tcp://127.0.0.1:9", f"unix://{tmp_path}/nothing"):
        with pytest.raises(FilesUnavailable):
            await Clamd(address).require_clean(file)


@pytest.mark.parametrize("address", ["", "127.0.0.1:3310", "http://x", "unix://", "tcp://"])
def test_an_address_names_a_host_or_a_socket_file(address: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:port or unix:///path"):
        Clamd(address)
