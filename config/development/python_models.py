"""`python -m config.development.python_models`: generate the types of clients/python from
docs/openapi.yaml and docs/asyncapi.yaml.

Types of answers take any text where the schema lists values, because a later release may add a
value.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from datamodel_code_generator import InputFileType, PythonVersion, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import DatetimeClassType, Formatter

_CHECKOUT = Path(__file__).resolve().parents[2]
FILE = _CHECKOUT / "clients/python/src/chat_client/models.py"
_CAPTION = '"""Objects of the API. `make schema` writes this file: do not edit it."""\n\n'
_WANTED = (
    *("AttachmentState", "Announced", "Completed", "ConversationPage", "FilePage", "Me", "Message"),
    *("MessagePage", "OwnState", "Pins", "Preferences", "PresenceList", "ReactionPage", "Receipts"),
    *("SearchPage", "SharedConversation", "SyncedChanges", "User", "Users"),
)
"""The objects that are generated. The objects in their fields are generated too."""
_MERGED = {"OwnMessage": "Message", "ConversationWithAdded": "Conversation"}
"""The same objects, with fields that only some answers have."""
_ROOT = re.compile(r"^\w+: TypeAlias = Any$", re.MULTILINE)
"""What the generator makes of the document itself."""
_UNSET = "| None | UnsetType = UNSET"
_FROZEN = ("(Struct, kw_only=True)", "(Struct, frozen=True, kw_only=True)")
_BOUNDS = {
    *("example", "description", "enum", "pattern", "minimum", "maximum"),
    *("minLength", "maxLength", "minItems", "maxItems", "title"),
}


def models() -> str:
    """Return the text of the module."""
    definitions = _definitions()
    wanted = sorted(_closure(definitions, _WANTED))
    schema = {"$defs": {name: definitions[name] for name in wanted}}
    text = generate(
        json.dumps(schema),
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.MsgspecStruct,
        target_python_version=PythonVersion.PY_311,
        use_generic_container_types=True,
        use_standard_collections=True,
        use_union_operator=True,
        keyword_only=True,
        custom_file_header=_CAPTION,
        output_datetime_class=DatetimeClassType.Datetime,
        formatters=[Formatter.BUILTIN],
    )
    return _formatted(_ROOT.sub("", str(text)).replace(_UNSET, "| None = None").replace(*_FROZEN))


def _definitions() -> Mapping[str, Any]:
    """The schemas of both documents, by name, in plain JSON Schema."""
    found: dict[str, Any] = {}
    for name in ("asyncapi", "openapi"):
        document = yaml.safe_load((_CHECKOUT / f"docs/{name}.yaml").read_text())
        found |= document["components"]["schemas"]
    plain = {name: _plain(schema, found) for name, schema in found.items()}
    for whole, name in _MERGED.items():
        required = set(found[name]["required"])
        plain[name] = plain.pop(whole)
        for field in plain[name]["properties"].keys() - required:
            plain[name]["properties"][field] = _optional(plain[name]["properties"][field])
        plain[name]["required"] = sorted(required)
    return plain


def _plain(schema: Any, all_: Mapping[str, Any]) -> Any:
    """Leave out what only documents, and what a later release may widen."""
    if isinstance(schema, list):
        return [_plain(one, all_) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if "enum" in all_[name]:
            return {"type": "string"}
        return {"$ref": f"#/$defs/{_MERGED.get(name, name)}"}
    if "properties" in schema:
        properties = {key: _plain(one, all_) for key, one in schema["properties"].items()}
        required = schema.get("required", [])
        for key in properties.keys() - set(required):
            properties[key] = _optional(properties[key])
        return {"type": "object", "properties": properties, "required": required}
    if "allOf" in schema:  # a reference with a description
        (one,) = schema["allOf"]
        return _plain(one, all_)
    return {key: _plain(one, all_) for key, one in schema.items() if key not in _BOUNDS}


def _optional(schema: Any) -> Any:
    """What may be left out is None then."""
    return {"anyOf": [schema, {"type": "null"}]}


def _closure(definitions: Mapping[str, Any], names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_references(definitions[name]))
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for one in schema.values():
            yield from _references(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def _formatted(text: str) -> str:
    for command in (["check", "--fix", "--exit-zero", "-q"], ["format", "-q"]):
        name = ("--stdin-filename", str(FILE))
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *name, "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=_CHECKOUT,
        )
        text = done.stdout
    return text


if __name__ == "__main__":
    FILE.write_text(models())
