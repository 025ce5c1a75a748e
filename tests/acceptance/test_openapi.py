"""docs/openapi.yaml is what the API says of itself."""

from pathlib import Path

from django.core.management import call_command

KEPT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_it_is_what_the_api_says_of_itself(tmp_path: Path) -> None:
    """`make schema` writes it anew."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made))

    assert KEPT.read_text() == made.read_text(), "Run `make schema` and look at what changed."
