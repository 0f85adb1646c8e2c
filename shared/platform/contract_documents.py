"""The contract of a service as documents: JSON Schema of each event, AsyncAPI of its topics.

Schemas are those of the writer: closed. Readers stay open to fields they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from shared.kernel.money import Money
from shared.platform.envelope_headers import CONTENT_TYPE, PASSED, SCHEMAS
from shared.platform.log.port import TopicSpec
from shared.platform.service import Service, Topics
from shared.platform.telemetry import version

Schema = dict[str, Any]  # A JSON Schema, or a part of a document around it.

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
KAFKA_BINDING: Final = "0.5.0"

_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_COUNT: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]*$"}

_ALWAYS: Final[Mapping[str, Schema]] = {
    "content-type": {"const": CONTENT_TYPE.decode()},
    "ce_specversion": {"const": "1.0"},
    "ce_id": _ID,
    "ce_type": _TEXT,
    "ce_source": _TEXT,
    "ce_subject": _TEXT,
    "ce_time": _INSTANT,
    "ce_recordedtime": _INSTANT,
    "ce_streamid": _ID,
    "ce_sequence": _COUNT,
    "ce_tenantid": _ID,
    "ce_partitionkey": _ID,
    "ce_effectiveon": {"type": "string", "format": "date"},
    "ce_dataschema": {"type": "string", "format": "uri"},
}
_SHAPES: Final[Mapping[str, Schema]] = {
    "ce_correlationid": _ID,
    "ce_causationid": _ID,
    "ce_txid": _ID,
    "ce_txindex": _COUNT,
    "ce_txcount": _COUNT,
}


def text_of(document: Schema) -> str:
    """As it is committed."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def event_schema(name: str, kind: type) -> Schema:
    """What is written under a type name, complete in itself."""
    _, parts = msgspec.json.schema_components(
        [kind], schema_hook=_hook, ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        if "properties" in part:
            part["additionalProperties"] = False
    body = parts.pop(kind.__name__)
    document = {"$schema": DIALECT, "$id": f"{SCHEMAS}{name}.json", **body}
    return {**document, "$defs": parts} if parts else document


def _hook(kind: type) -> Schema:
    if kind is not Money:
        raise NotImplementedError(kind.__name__)
    return {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }


def asyncapi(service: Service) -> Schema:
    """AsyncAPI 3.0 of the topics this service writes. Payloads refer to the schemas beside it."""
    topics = Topics()
    specs = {spec.name: spec for spec in topics.all()}
    channels = {"events": (specs[topics.events_of(service.name)], sorted(service.own))}
    if service.public:
        channels["alerts"] = (specs[topics.alerts], sorted(service.public))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Duebook {service.name}",
            "version": version(),
            "description": "CloudEvents 1.0, binary mode. The key of a record is its account.",
        },
        "defaultContentType": CONTENT_TYPE.decode(),
        "channels": {key: _channel(spec, types) for key, (spec, types) in channels.items()},
        "operations": {
            f"publish_{key}": {"action": "send", "channel": {"$ref": f"#/channels/{key}"}}
            for key in channels
        },
        "components": {
            "messages": {name: _message(service.name, name) for name in sorted(service.own)},
            "schemas": {"headers": _headers()},
        },
    }


def _channel(spec: TopicSpec, types: list[str]) -> Schema:
    return {
        "address": spec.name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "topicConfiguration": {"retention.ms": spec.retention_ms},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _message(service: str, name: str) -> Schema:
    own = {
        "ce_type": {"const": name},
        "ce_source": {"const": f"urn:duebook:{service}"},
        "ce_dataschema": {"const": f"{SCHEMAS}{name}.json"},
    }
    return {
        "name": name,
        "contentType": CONTENT_TYPE.decode(),
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {"type": "object", "properties": own},
            ]
        },
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$ref": f"schemas/{name}.json"},
        },
        "bindings": {"kafka": {"key": _ID, "bindingVersion": KAFKA_BINDING}},
    }


def _headers() -> Schema:
    passed = [*(f"ce_{name}" for name in PASSED), "traceparent"]
    return {
        "type": "object",
        "properties": {**_ALWAYS, **{name: _SHAPES.get(name, _TEXT) for name in passed}},
        "required": list(_ALWAYS),
    }
