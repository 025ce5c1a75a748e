"""Lists and objects are bounded before their elements are looked at."""

from typing import Any

import pytest
from rest_framework import serializers

from chat.payloads.fields import BoundedDictField, BoundedListField, StrictIntegerField


class CountingField(StrictIntegerField):
    """Counts how many values it was asked about."""

    asked = 0

    def run_validation(self, data: Any = serializers.empty) -> Any:
        type(self).asked += 1
        return super().run_validation(data)


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    CountingField.asked = 0


def listed(values: list[Any]) -> Any:
    return BoundedListField(child=CountingField(), max_length=100).run_validation(values)


def mapped(values: list[Any]) -> Any:
    data = {str(index): value for index, value in enumerate(values)}
    return BoundedDictField(child=CountingField(), max_length=100).run_validation(data)


@pytest.mark.parametrize("validate", [listed, mapped])
@pytest.mark.parametrize(
    ("values", "asked", "errors"),
    [
        (["x"] * 101, 0, 1),
        (["x"] * 30_000, 0, 1),
        (["x"] * 100, 20, 20),
        ([1] * 50 + ["x"] * 50, 70, 20),
        ([1] * 80 + ["x"] * 20, 100, 20),
        (["x"] * 19, 19, 19),
    ],
)
def test_what_a_refusal_costs(validate: Any, values: list[Any], asked: int, errors: int) -> None:
    """Nothing for what is too long; otherwise it ends with the twentieth mistake."""
    with pytest.raises(serializers.ValidationError) as refused:
        validate(values)

    assert CountingField.asked == asked
    assert len(refused.value.detail) == errors


def test_what_is_accepted() -> None:
    """As many as there may be."""
    assert listed([1] * 100) == [1] * 100
    assert mapped([1, 2]) == {"0": 1, "1": 2}
