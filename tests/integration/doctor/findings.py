"""What the doctor finds, looked at by tests."""

from collections.abc import Sequence

from messaging.doctor.findings import Finding, Level


def not_well(findings: Sequence[Finding]) -> Sequence[Finding]:
    return [finding for finding in findings if finding.level is not Level.OK]


def only(findings: Sequence[Finding], level: Level, *named: str) -> None:
    """Nothing but this is found, and it says what to do."""
    (finding,) = not_well(findings)
    assert finding.level is level, finding
    assert finding.remedy
    for words in named:
        assert words in finding.text + finding.remedy
