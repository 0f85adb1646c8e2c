"""Makes the documents of a service's contract: JSON Schema of its events, AsyncAPI of its topics.

Schemas are those of the writer: closed. Readers stay open to fields they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from shared.platform.http.views import money_schema
from shared.platform.log.envelope import CONTENT_TYPE, SCHEMAS
from shared.platform.log.port import TopicSpec
from shared.platform.observability.logs import version
from shared.platform.service import Service, Topics, events_spec, public_spec

Schema = dict[str, Any]  # A JSON Schema, or a part of a document around it.

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
KAFKA_BINDING: Final = "0.5.0"

_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_COUNT: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]*$"}


def _said(shape: Schema, description: str) -> Schema:
    return {**shape, "description": description}


_ALWAYS: Final[Mapping[str, Schema]] = {
    "content-type": {"const": CONTENT_TYPE.decode()},
    "ce_specversion": {"const": "1.0"},
    "ce_id": _said(_ID, "The same wherever the event is published; drop what you have processed."),
    "ce_type": _TEXT,
    "ce_source": _TEXT,
    "ce_subject": _said(
        _ID, "What it is about: the open item of an overdue alert, else as ce_streamid."
    ),
    "ce_time": _said(
        _INSTANT,
        "When it happened for the business: of a fact about a business day the first instant of"
        " ce_effectiveon in the legal entity's time zone, of a contact its own instant. As"
        " ce_recordedtime where no time zone is known.",
    ),
    "ce_recordedtime": _said(_INSTANT, "When Duebook learned it."),
    "ce_streamid": _ID,
    "ce_sequence": _said(
        _COUNT, "Version in its stream: dense on the event topics, with gaps on a public topic."
    ),
    "ce_tenantid": _ID,
    "ce_partitionkey": _said(_ID, "The account, or the stream where there is none: the key."),
    "ce_effectiveon": _said({"type": "string", "format": "date"}, "The business date."),
    "ce_correlationid": _said(_ID, "The same in all that follows from one request or timer."),
    "ce_entityid": _said(_TEXT, "The legal entity."),
    "ce_actor": _TEXT,
    "ce_txid": _said(_ID, "The same in all events that were written together, all or none."),
    "ce_txindex": _COUNT,
    "ce_txcount": _COUNT,
    "ce_dataschema": {"type": "string", "format": "uri"},
}
_SOMETIMES: Final[Mapping[str, Schema]] = {
    "ce_causationid": _said(_ID, "The event that this one is a reaction to."),
    "ce_causationpos": _said(_TEXT, "Where the log has that event: topic/partition/offset."),
    "ce_commandid": _said(_TEXT, "The Idempotency-Key of the command."),
    "ce_commandhash": _said(_TEXT, "SHA-256 of the command's method, path and body."),
    "traceparent": _said(_TEXT, "W3C Trace Context of the request, where it had one."),
}


def text_of(document: Schema) -> str:
    """Writes the document as it is committed."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def event_schema(name: str, kind: type) -> Schema:
    """Describes what is written under a type name, complete in itself."""
    _, parts = msgspec.json.schema_components(
        [kind], schema_hook=money_schema, ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        if "properties" in part:
            part["additionalProperties"] = False
    body = parts.pop(kind.__name__)
    document = {"$schema": DIALECT, "$id": f"{SCHEMAS}{name}.json", **body}
    return {**document, "$defs": parts} if parts else document


def asyncapi(service: Service) -> Schema:
    """AsyncAPI 3.0 of the topics this service writes. Payloads refer to the schemas beside it."""
    topics = Topics()
    channels = {
        "events": (events_spec(topics, service.name), sorted(service.own)),
        **{
            name: (public_spec(topics, name), sorted(types))
            for name, types in service.public.items()
        },
    }
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
    return {
        "type": "object",
        "properties": {**_ALWAYS, **_SOMETIMES},
        "required": list(_ALWAYS),
    }
