"""A Prometheus that scrapes instances each second, with the rules of `deploy/`."""

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from config.development.ports import free_port
from config.development.processes import Process

_CHECKOUT = Path(__file__).resolve().parents[2]
SCRAPE_SECONDS = 1.0
FOR_SECONDS = 3.0
"""The `for` of each alert that has one. The windows of the rules stay as they are."""
_COMES_WITH = re.compile(r"Comes with: ((?:.|\n)*?)\.\n")


class PrometheusMissing(Exception):
    """Prometheus is not installed. Install the Debian package prometheus."""


class Prometheus:
    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        alerts = self._get("/alerts")["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def active(self) -> set[str]:
        """The names of the alerts whose condition holds, whether or not for long enough."""
        return {one["labels"]["alertname"] for one in self._get("/alerts")["alerts"]}

    def samples(self, query: str) -> int:
        """How many series a query has."""
        return len(self._get(f"/query?query={query}")["result"])

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._url}{path}", timeout=5) as answer:
            return json.load(answer)["data"]


@contextmanager
def prometheus(folder: Path, jobs: Mapping[str, Sequence[int]]) -> Iterator[Prometheus]:
    """Run one until the context is left. `jobs`: the ports of each job. Raises PrometheusMissing,
    NotReady."""
    program = shutil.which("prometheus")
    if program is None:
        raise PrometheusMissing(PrometheusMissing.__doc__)
    folder.mkdir()
    rules = (_CHECKOUT / "deploy/prometheus/alerts.yml").read_text()
    hurried = re.sub(r"(?m)^( +for:) .*", rf"\1 {FOR_SECONDS:.0f}s", rules)
    (folder / "alerts.yml").write_text(hurried)
    config = {
        "global": {
            "scrape_interval": f"{SCRAPE_SECONDS:.0f}s",
            "evaluation_interval": f"{SCRAPE_SECONDS:.0f}s",
        },
        "rule_files": ["alerts.yml"],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
            }
            for job, ports in jobs.items()
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        *(program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"),
    ]
    with Process(command, ready=partial(_is_ready, port), deadline=60):
        yield Prometheus(port)


def consequences(alert: str) -> set[str]:
    """The alerts that may fire beside this one, by the runbook."""
    page = (_CHECKOUT / "docs/runbook.md").read_text()
    section = page.split(f"## {alert}\n")[1].split("\n## ")[0]
    found = _COMES_WITH.search(section)
    return set(re.findall(r"`(\w+)`", found[1])) if found else set()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
