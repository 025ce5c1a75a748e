"""Where the package is."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3] / "clients/python"
