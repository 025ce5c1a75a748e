"""Each process has an id of its own."""

import os
import subprocess
import sys
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[3]
_PRINT = "import os; from config import env; print(env.INSTANCE_ID, os.getpid())"
_IN_WORKERS = """
import multiprocessing
import os

def show():
    from config import env
    os.write(1, f"{env.INSTANCE_ID}\\n".encode())  # at once, or lines of two mix

if __name__ == "__main__":
    workers = [multiprocessing.get_context("spawn").Process(target=show) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""


def run(*arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=_CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(_CHECKOUT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def test_one_process_has_the_id_that_it_was_given() -> None:
    assert run("-c", _PRINT, INSTANCE_ID="a")[0] == "a"


def test_without_one_it_names_host_and_process() -> None:
    name, number = run("-c", _PRINT, INSTANCE_ID="")
    assert name.endswith(f"-{number}")


def test_workers_of_one_server_have_different_ids(tmp_path: Path) -> None:
    script = tmp_path / "workers.py"
    script.write_text(_IN_WORKERS)
    names = run(str(script), INSTANCE_ID="a")

    assert len(set(names)) == 2
    assert all(name.startswith("a-") for name in names)

    name, number = run("-c", _PRINT, INSTANCE_ID="a", SERVER_SOFTWARE="gunicorn/23.0.0")
    assert name == f"a-{number}"
