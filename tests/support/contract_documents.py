"""The committed OpenAPI document of each service, and whether an answer is what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationError

NDJSON: Final = "application/x-ndjson"
LINE: Final = {"$ref": "#/components/schemas/LineView"}  # Of NDJSON: its schema tells of bytes.
SERVICES: Final = Path(__file__).parents[2] / "services"
DOCUMENTS: Final[Mapping[str, Any]] = {
    service: json.loads((SERVICES / service / "contract/openapi.json").read_text("utf-8"))
    for service in ("ledger", "credit", "dunning")
}


class Operation(NamedTuple):
    """A method on a path of a service, as the document names it."""

    service: str
    method: str
    path: str


OPERATIONS: Final = [
    Operation(service, method, path)
    for service, document in DOCUMENTS.items()
    for path, methods in document["paths"].items()
    for method in methods
]


def misfit(
    document: Any, asked: Operation, status: int, media_type: str, body: bytes
) -> str | None:
    """What of an answer is not as the document says: status, media type, or a part of the body."""
    responses = document["paths"][asked.path][asked.method]["responses"]
    if str(status) not in responses:
        return f"{status} is not documented: {body.decode(errors='replace')}"
    content = responses[str(status)]["content"]
    if media_type not in content:
        return f"{status} is {media_type}, not {' or '.join(content)}"
    if not media_type.endswith("json"):
        return None
    try:
        is_lines = media_type == NDJSON
        schema = LINE if is_lines else content[media_type]["schema"]
        for text in body.splitlines() if is_lines else [body]:
            _validator(*_texts(document, schema)).validate(json.loads(text))
    except ValidationError as problem:
        return f"{status} {'/'.join(map(str, problem.instance_path))}: {problem.message}"
    return None


def _texts(document: Any, schema: Any) -> tuple[str, str]:
    return json.dumps(schema), json.dumps(document.get("components", {}))


@lru_cache(maxsize=1000)
def _validator(schema: str, components: str) -> Draft202012Validator:
    """Of the schema as it is, but closed: readers may meet new fields, our answers have none."""
    shapes = json.loads(components)
    for shape in shapes.get("schemas", {}).values():
        if "properties" in shape:
            shape["additionalProperties"] = False
    whole = {**json.loads(schema), "components": shapes}
    return Draft202012Validator(whole, validate_formats=True)
