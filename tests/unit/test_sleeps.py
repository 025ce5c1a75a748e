"""No test sleeps and hopes: it waits for what it expects, in a loop, or asks `tests.moments`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def sleeps(node: ast.AST, *, depth: int = 0, in_loop: bool = False) -> Iterator[int]:
    """The lines of the sleeps outside of loops. Zero seconds only let others take a step, and a
    function within a test plays a part that is slow."""
    for child in ast.iter_child_nodes(node):
        if depth == 1 and not in_loop and isinstance(child, ast.Call) and _is_sleep(child):
            yield child.lineno
        inner = isinstance(child, _FUNCTIONS)
        yield from sleeps(
            child,
            depth=depth + inner,
            in_loop=not inner and (in_loop or isinstance(child, _LOOPS)),
        )


def _is_sleep(call: ast.Call) -> bool:
    nothing = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
    return ast.unparse(call.func) in ("asyncio.sleep", "time.sleep") and not nothing


def files() -> Iterator[Path]:
    for folder in ("unit", "integration", "acceptance", "fuzz"):
        yield from sorted((_TESTS / folder).rglob("*.py"))


def test_no_sleep_outside_of_a_loop() -> None:
    found = [
        f"{file.relative_to(_TESTS)}:{line}"
        for file in files()
        for line in sleeps(ast.parse(file.read_text()))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("async def test():\n    await asyncio.sleep(0.1)\n    assert done", [2]),
        ("def test():\n    with patch():\n        time.sleep(seconds)", [3]),
        ("async def test():\n    await asyncio.sleep(0)", []),
        ("async def test():\n    while not done:\n        await asyncio.sleep(0.1)", []),
        ("async def test():\n    async def slow():\n        await asyncio.sleep(1)", []),
    ],
)
def test_what_counts(source: str, lines: list[int]) -> None:
    assert list(sleeps(ast.parse(source))) == lines
