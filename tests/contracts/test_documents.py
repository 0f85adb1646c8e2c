"""The committed documents say what the code does, and no stored event changes its meaning."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.cli.installed import RUNTIMES
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PREFIX, PlatformSettings
from shared.platform.http.documents import asyncapi, event_schema, text_of
from tests.support.committed import committed
from tests.support.compatibility import Schema, incompatible

SERVICES: Final = Path(__file__).parents[2] / "services"
NOWHERE: Final = "postgresql://nobody@localhost:1/nothing"  # Nothing is opened before a start.


def _hosts() -> Mapping[str, Host]:
    """Of an installation that changed nothing."""
    given = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith(PREFIX)}
    try:
        settings = PlatformSettings(database_url=NOWHERE)
        return {name: runtime.host(settings) for name, runtime in RUNTIMES.items()}
    finally:
        os.environ.update(given)


HOSTS: Final = _hosts()
TYPES: Final = {name: kind for host in HOSTS.values() for name, kind in host.service.own.items()}


def contract_of(name: str) -> Path:
    return SERVICES / name.partition(".")[0] / "contract"


@pytest.mark.parametrize("name", sorted(TYPES))
class TestEventSchema:
    def test_is_compatible_with_the_committed_one_and_then_committed(self, name: str) -> None:
        file = contract_of(name) / "schemas" / f"{name}.json"
        made = event_schema(name, TYPES[name])
        if file.exists():  # A type that is new has no readers yet.
            assert incompatible(json.loads(file.read_text("utf-8")), made) == []

        assert committed(file, text_of(made)) == text_of(made)

    def test_has_exactly_the_fields_that_are_written(self, name: str) -> None:
        golden = json.loads((contract_of(name) / "golden" / f"{name}.json").read_text("utf-8"))
        schema = event_schema(name, TYPES[name])

        assert set(schema["properties"]) == set(golden)
        assert set(schema["required"]) == set(golden)
        assert schema["additionalProperties"] is False


@pytest.mark.parametrize("service", HOSTS)
class TestDocuments:
    def test_show_every_route(self, service: str) -> None:
        made = text_of(HOSTS[service].app.openapi())

        assert committed(contract_of(service) / "openapi.json", made) == made

    def test_show_every_topic(self, service: str) -> None:
        made = text_of(asyncapi(HOSTS[service].service))

        assert committed(contract_of(service) / "asyncapi.json", made) == made

    def test_show_no_type_that_nobody_writes(self, service: str) -> None:
        files = {file.stem for file in (contract_of(service) / "schemas").glob("*.json")}

        assert files == set(HOSTS[service].service.own)

    def test_refer_only_to_what_is_there(self, service: str) -> None:
        document = asyncapi(HOSTS[service].service)

        for reference in _references(document):
            file, _, pointer = reference.partition("#")
            assert not file or (contract_of(service) / file).exists()
            found = document
            for part in pointer.split("/")[1:]:
                found = found[part]

    async def test_are_served_as_they_are_committed(self, service: str) -> None:
        app = httpx.ASGITransport(HOSTS[service].app)
        async with httpx.AsyncClient(transport=app, base_url="http://here") as client:
            for name in ("openapi", "asyncapi", *(f"schemas/{one}" for one in TYPES)):
                answer = await client.get(f"/{name}.json")
                file = SERVICES / service / "contract" / f"{name}.json"
                if file.exists():
                    assert answer.json() == json.loads(file.read_text("utf-8"))
                else:  # The type of another service.
                    assert answer.status_code == 404


def _references(document: Any) -> list[str]:
    if isinstance(document, dict):
        own = [document["$ref"]] if "$ref" in document else []
        return own + [one for value in document.values() for one in _references(value)]
    if isinstance(document, list):
        return [one for value in document for one in _references(value)]
    return []


OLD: Final[Schema] = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "due_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "method": {"enum": ["cash", "card"]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
    },
    "required": ["number", "due_on", "method", "items"],
    "additionalProperties": False,
    "$defs": {
        "Item": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    },
}


class TestIncompatible:
    def test_accepts_the_same_and_other_words_about_it(self) -> None:
        new = deepcopy(OLD)
        new["properties"]["number"]["description"] = "The caller's."

        assert incompatible(OLD, new) == []

    def test_accepts_a_new_optional_field_at_any_depth(self) -> None:
        new = deepcopy(OLD)
        new["properties"]["note_id"] = {"type": "string"}
        new["$defs"]["Item"]["properties"]["installment"] = {"type": "integer"}

        assert incompatible(OLD, new) == []

    def test_accepts_a_wider_enum(self) -> None:
        new = deepcopy(OLD)
        new["properties"]["method"]["enum"].append("check")

        assert incompatible(OLD, new) == []

    def test_accepts_another_name_of_a_part(self) -> None:
        new = deepcopy(OLD)
        new["$defs"]["Line"] = new["$defs"].pop("Item")
        new["properties"]["items"]["items"]["$ref"] = "#/$defs/Line"

        assert incompatible(OLD, new) == []

    def test_refuses_a_removed_field(self) -> None:
        new = deepcopy(OLD)
        del new["properties"]["number"]

        assert incompatible(OLD, new) == ["number: removed"]

    def test_refuses_a_renamed_field(self) -> None:
        new = deepcopy(OLD)
        new["properties"]["invoice_number"] = new["properties"].pop("number")
        new["required"][0] = "invoice_number"

        assert incompatible(OLD, new) == ["number: removed", "invoice_number: new and required"]

    def test_refuses_a_new_required_field(self) -> None:
        new = deepcopy(OLD)
        new["properties"]["note_id"] = {"type": "string"}
        new["required"].append("note_id")

        assert incompatible(OLD, new) == ["note_id: new and required"]

    def test_refuses_a_field_that_may_be_absent_from_now_on(self) -> None:
        new = deepcopy(OLD)
        new["required"].remove("number")

        assert incompatible(OLD, new) == ["number: no longer required"]

    @pytest.mark.parametrize(
        ("field", "schema"),
        [
            ("number", {"type": "integer"}),
            ("number", {"type": "string", "format": "uuid"}),
            ("number", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
            ("number", {"enum": ["1", "2"]}),
            ("due_on", {"type": "string", "format": "date"}),
            ("due_on", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
            ("method", {"type": "string"}),
            ("items", {"type": "array"}),
        ],
    )
    def test_refuses_a_retyped_field(self, field: str, schema: Schema) -> None:
        new = deepcopy(OLD)
        new["properties"][field] = schema

        assert incompatible(OLD, new) == [f"{field}: retyped"]

    @pytest.mark.parametrize("narrow", [{"enum": ["cash"]}, {"const": "cash"}])
    def test_refuses_a_narrowed_enum(self, narrow: Schema) -> None:
        new = deepcopy(OLD)
        new["properties"]["method"] = narrow

        assert incompatible(OLD, new) == ["method: narrowed by card"]

    def test_refuses_a_change_inside_a_list(self) -> None:
        new = deepcopy(OLD)
        new["$defs"]["Item"]["properties"]["id"] = {"type": "integer"}

        assert incompatible(OLD, new) == ["items[].id: retyped"]
