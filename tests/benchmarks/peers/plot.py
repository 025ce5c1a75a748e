"""The plot: bars of the fan-out, as SVG, without a library."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from tests.benchmarks.peers.report import PRODUCT, number
from tests.benchmarks.peers.rounds import Results

_WIDTH, _LEFT, _BAR, _GAP, _TOP = 860, 290, 18, 6, 44
_ROOM = 430
"""The length of the longest bar."""


def as_svg(results: Results, conditions: Mapping[str, Any]) -> str:
    """Return one group of bars for each row of the fan-out, or of the first work there is."""
    works = [work for work, _, _ in results.figures]
    shown = "fan-out" if "fan-out" in works else next(iter(works), "")
    groups: dict[str, list[tuple[str, Sequence[float], str]]] = {}
    for (work, row, peer), figures in results.figures.items():
        if work == shown and figures[0].higher_is_better:
            values = [figure.value for figure in figures]
            groups.setdefault(row, []).append((peer, values, figures[0].unit))
    parts: list[str] = []
    top = _TOP
    for row, bars in groups.items():
        parts.append(f'<text x="12" y="{top + 14}" class="row">{escape(row)}, {bars[0][2]}</text>')
        top += 26
        longest = max(max(values) for _, values, _ in bars)
        for peer, measured, _ in sorted(bars, key=lambda bar: median(bar[1]), reverse=True):
            parts += _bar(top, peer, measured, longest)
            top += _BAR + _GAP
        top += 18
    caption = escape(
        f"{conditions['processor']}, one core each; {_rounds(results.rounds)}; {conditions['date']}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top + 8}" '
        f'viewBox="0 0 {_WIDTH} {top + 8}" role="img">\n'
        "<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.row{font-weight:600}"
        ".note{font-size:11px;fill:#59636e}rect{fill:#8c9bab}.ours{fill:#0a6cff}"
        "line{stroke:#1f2328;stroke-width:1.5}</style>\n"
        f'<rect width="{_WIDTH}" height="{top + 8}" style="fill:#fff"/>\n'
        f'<text x="12" y="22" class="note">{caption}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _rounds(count: int) -> str:
    return "one round" if count == 1 else f"{count} rounds, median and range"


def _bar(top: int, peer: str, values: Sequence[float], longest: float) -> list[str]:
    def at(value: float) -> float:
        return round(_LEFT + _ROOM * value / (longest or 1), 1)

    middle, kind = median(values), ' class="ours"' if peer == PRODUCT else ""
    width = round(at(middle) - _LEFT, 1)
    height = top + _BAR / 2
    return [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(peer)}</text>',
        f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{_BAR}"{kind}/>',
        f'<line x1="{at(min(values))}" x2="{at(max(values))}" y1="{height}" y2="{height}"/>',
        f'<text x="{at(max(values)) + 8}" y="{top + 14}">{number(middle)}</text>',
    ]
