"""Optional libraries are hidden only while another library is imported."""

import importlib
import sys

import pytest

from messaging.optional_libraries import hidden


def test_a_hidden_library_looks_absent_and_returns() -> None:
    sys.modules.pop("antigravity", None)

    with hidden("antigravity"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("antigravity")

    assert "antigravity" not in sys.modules


def test_a_library_returns_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"), hidden("antigravity"):
        raise ValueError("broken")

    assert "antigravity" not in sys.modules


def test_an_imported_library_stays() -> None:
    with hidden("json"):
        assert importlib.import_module("json") is sys.modules["json"]

    assert sys.modules["json"] is not None
