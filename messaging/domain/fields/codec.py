"""Functions that copy, write and read an entity, compiled from the fields of its dataclass.

A representation (a row, a document, a message between instances) defines once for each type how its
values are written and read. A new field of a known type needs no code in any representation.

Each function is compiled when it is created, as `dataclasses` compiles `__init__`. It does the same
as hand-written code, at the same speed; `tests/benchmarks/test_codec.py` compares them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from messaging.domain.change import COMMIT_TIME

T = TypeVar("T")
Convert = Callable[[Any], Any]

ATTRIBUTE = "source.{}"
"""A reader's source has each value as an attribute of the field's name."""
ITEM = "source[{!r}]"
"""A reader's source is a mapping from the field's name."""
_NONE = object()


class Attribute(str):
    """A conversion: take this attribute of the value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversions:
    """The conversions of one representation by type; None keeps values unchanged.

    Types are listed without bounds: `str` for `Annotated[str, …]`. The conversion of `X | None` is
    that of `X` for values other than None, unless it has its own entry.
    """

    types: Mapping[Any, Convert | Attribute | None]
    enumeration: Callable[[type[StrEnum]], Convert | Attribute]
    """Returns the conversion of an enumeration."""
    optional: Callable[[Any], Convert] | None = None
    """Returns the conversion of `X | None` from that of `X`, if null is not None."""

    def find(self, kind: Any) -> Convert | Attribute | None:
        """Return the conversion of a type. Raises TypeError if it has none."""
        if kind in self.types:
            return self.types[kind]
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return self.enumeration(kind)
        raise TypeError(f"This representation has no conversion of {kind}.")


def types_of(entity: type, *, bounds: bool = False) -> dict[str, Any]:
    """Return the types of a dataclass's fields by name, in their order. With `bounds`,
    keep the bounds that `Annotated` adds."""
    hints = get_type_hints(entity, include_extras=bounds)
    return {field.name: hints[field.name] for field in fields(entity)}


def required(kind: Any) -> Any:
    """Return `X` of `X | None`, and every other type as it is."""
    parts = [part for part in get_args(kind) if part is not NoneType]
    return parts[0] if NoneType in get_args(kind) and len(parts) == 1 else kind


def default_of(field: "Field[Any]") -> Any:
    """Return the default of a dataclass's field; `dataclasses.MISSING` if it has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def copier(entity: type[T], *changed: str) -> Callable[..., T]:
    """Return `copy(entity, *, **changed)`: the same as `dataclasses.replace`, in half the time. All
    of `changed` must be given."""
    parts = {name: name if name in changed else ATTRIBUTE.format(name) for name in types_of(entity)}
    return _compiled(entity, ["source", "*", *changed], parts, entity, {})


def stamper(
    entity: type[T],
    *,
    always: Collection[str] = (),
    nested: Mapping[str, Callable[[Any, datetime], Any]] | None = None,
    given: Collection[str] = (),
) -> Callable[..., T]:
    """Return `stamp(entity, at, *, **given)`: a copy with `at` instead of every COMMIT_TIME.

    `always`: fields that get `at` whatever they are. `nested`: the stampers of fields that are
    entities or None. `given`: fields whose values are arguments.
    """
    parts = {}
    constants: dict[str, Any] = {"commit_time": COMMIT_TIME}
    for name, kind in types_of(entity).items():
        value = ATTRIBUTE.format(name)
        if name in given:
            parts[name] = name
        elif name in always:
            parts[name] = "at"
        elif nested and name in nested:
            constants[f"stamp_{name}"] = nested[name]
            parts[name] = f"{value} and stamp_{name}({value}, at)"
        elif required(kind) is datetime:
            parts[name] = f"at if {value} is commit_time else {value}"
        else:
            parts[name] = value
    arguments = ["*", *given] if given else []
    return _compiled(entity, ["source", "at", *arguments], parts, entity, constants)


def writer(
    entity: type[T],
    conversions: Conversions,
    *,
    build: Callable[..., Any] = dict,
    only: Iterable[str] | None = None,
    without: Collection[str] = (),
    named: str = "{}",
    computed: Mapping[str, Callable[[T], Any]] | None = None,
    given: Collection[str] = (),
    sparse: Collection[str] = (),
) -> Callable[..., Any]:
    """Return `write(entity, *, **given)`: the result of `build` for the converted fields, by name.

    `only`: these names, in this order. `named`: the form of the names for `build`. `computed`:
    values under additional names, or instead of fields. `given`: arguments that `build` gets
    unchanged. `sparse`: fields that a dict lacks while they have their default.
    """
    kinds = types_of(entity)
    extra = computed or {}
    constants: dict[str, Any] = {}
    parts = {}
    for name in dict.fromkeys((*kinds, *extra)) if only is None else only:
        if name in without:
            continue
        if name in extra:
            constants[f"compute_{name}"] = extra[name]
            part = f"compute_{name}(source)"
        else:
            part = _converted(ATTRIBUTE.format(name), kinds[name], conversions, constants)
        parts[named.format(name)] = part
    parts |= {name: name for name in given}
    arguments = ["*", *given] if given else []
    defaults = {field.name: default_of(field) for field in fields(entity)}  # type: ignore[arg-type]
    constants |= {f"default_{name}": defaults[name] for name in sparse}
    return _compiled(entity, ["source", *arguments], parts, build, constants, sparse=sparse)


def reader(
    entity: type[T],
    conversions: Conversions,
    *,
    source: str | Callable[[str], str] = ITEM,
    sources: Iterable[str] = ("source",),
    given: Collection[str] = (),
    without: Collection[str] = (),
    absent: object = _NONE,
    sparse: Collection[str] = (),
) -> Callable[..., T]:
    """Return `read(*sources, *given)`: the entity from the converted values of a source.

    `source`: the form of an expression of a field's value, or a function that returns it. `given`:
    fields whose values are arguments. `without`: fields that keep their defaults. `absent`: the
    source's result for a missing field: a value, or KeyError. Fields with a default then get it.
    `sparse`: fields that a source lacks more often than not.
    """
    expression = source.format if isinstance(source, str) else source
    constants: dict[str, Any] = {}
    kinds = types_of(entity)
    parts = {}
    for field in fields(entity):  # type: ignore[arg-type]
        name = field.name
        if name in given:
            parts[name] = name
        elif name not in without:
            part = _converted(expression(name), kinds[name], conversions, constants)
            if name in sparse or (
                absent is not _NONE and _has_other_default(field, kinds[name], conversions, absent)
            ):
                default = f"default_{name}"
                if field.default_factory is MISSING:
                    constants[default], use = field.default, default
                else:  # each entity has its own
                    constants[default], use = field.default_factory, f"{default}()"
                part = f"({part}) if {name!r} in source else {use}"
            parts[name] = part
    return _compiled(entity, [*sources, *given], parts, entity, constants)


def converters(
    entity: type, conversions: Conversions, *, without: Collection[str] = ()
) -> Mapping[str, Convert]:
    """Return for each field the function that converts its value."""
    found: dict[str, Convert] = {}
    for name, kind in types_of(entity).items():
        if name not in without:
            constants: dict[str, Any] = {}
            part = _converted("source", kind, conversions, constants)
            found[name] = eval(f"lambda source: {part}", constants)  # noqa: S307  made here
    return found


def _converted(value: str, kind: Any, conversions: Conversions, constants: dict[str, Any]) -> str:
    """Return the expression of a converted value, and add the values it needs to `constants`."""
    inner = required(kind)
    nullable = inner is not kind and kind not in conversions.types
    convert = conversions.find(inner if nullable else kind)
    if nullable and conversions.optional is not None:
        convert, nullable = conversions.optional(convert), False
    if convert is None:
        return value
    name = f"value_{len(constants)}"
    subject = name if nullable else value
    if isinstance(convert, Attribute):
        converted = f"{subject}.{convert}"
    else:
        function = f"convert_{len(constants)}"
        constants[function] = convert
        converted = f"{function}({subject})"
    return f"None if ({name} := {value}) is None else {converted}" if nullable else converted


def _has_other_default(
    field: "Field[Any]", kind: Any, conversions: Conversions, absent: object
) -> bool:
    """Return whether the field's default differs from the result for `absent`."""
    if default_of(field) is MISSING or absent is KeyError:
        return default_of(field) is not MISSING
    constants: dict[str, Any] = {"source": absent}
    part = _converted("source", kind, conversions, constants)
    return bool(eval(part, constants) != default_of(field))  # noqa: S307  made here


def _compiled(
    entity: type,
    parameters: Iterable[str],
    parts: Mapping[str, str],
    build: Callable[..., Any],
    constants: dict[str, Any],
    *,
    sparse: Collection[str] = (),
) -> Callable[..., Any]:
    always = {name: part for name, part in parts.items() if name not in sparse}
    if build is dict:
        result = "{" + ", ".join(f"{name!r}: {part}" for name, part in always.items()) + "}"
    else:
        result = f"build({', '.join(f'{name}={part}' for name, part in always.items())})"
    lines = [f"def function({', '.join(parameters)}):", f"    result = {result}"]
    for name in [name for name in parts if name in sparse]:
        lines.append(f"    if {ATTRIBUTE.format(name)} != default_{name}:")
        lines.append(f"        result[{name!r}] = {parts[name]}")
    code = "\n".join([*lines, "    return result", ""])
    names = {**constants, "build": build}
    exec(compile(code, f"<codec of {entity.__name__}>", "exec"), names)  # noqa: S102  made here
    function: Callable[..., Any] = names["function"]
    return function
