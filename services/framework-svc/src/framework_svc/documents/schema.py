"""The JSON Schema (2020-12) of the exchange format, made from its models.

Written to the committed file by `python -m framework_svc.documents.schema > …/career-framework.v1.schema.json`.
"""

import json
import sys
from typing import Any

from framework_svc.documents.exchange.document import FORMAT, Document
from framework_svc.domain.structure import FULL_LEVEL, MOST_BEHAVIOURS, NAME, PARAGRAPH, SENTENCE, SLUG

Json = dict[str, Any]

IDENTIFIER: Json = {"pattern": f"^{SLUG.pattern}$"}
ONE_NAME: Json = {"minLength": 1, "maxLength": NAME}
ONE_PARAGRAPH: Json = {"maxLength": PARAGRAPH}
SENTENCES: Json = {"maxItems": MOST_BEHAVIOURS, "items": {"type": "string", "minLength": 1, "maxLength": SENTENCE}}

LIMITS: dict[str, dict[str, Json]] = {
    "Anchor": {
        "point": {"minimum": 1, "maximum": 5},
        "name": ONE_NAME,
        "text": {"minLength": 1, "maxLength": SENTENCE},
    },
    "Competency": {"id": IDENTIFIER, "name": ONE_NAME, "area": ONE_NAME, "description": ONE_PARAGRAPH},
    "Expectation": {
        "required": {"minimum": 1, "maximum": 5, "multipleOf": 0.5},
        "weight": {"enum": [1, 2, 3]},
        "behaviours": SENTENCES,
        "examples": SENTENCES,
    },
    "Level": {
        "id": IDENTIFIER,
        "code": {"minLength": 1, "maxLength": 20},
        "title": ONE_NAME,
        "scope": ONE_PARAGRAPH,
        "next": {"uniqueItems": True, "items": {"type": "string", "pattern": f"^{FULL_LEVEL.pattern}$"}},
        "expectations": {"propertyNames": IDENTIFIER},
    },
    "Track": {"id": IDENTIFIER, "name": ONE_NAME},
    "Ladder": {"id": IDENTIFIER, "name": ONE_NAME, "description": ONE_PARAGRAPH},
}
"""What a draft may hold, field by field: the same limits as `domain.structure`."""


def generated() -> Json:
    """Return the schema of the present models."""
    schema = Document.model_json_schema(mode="validation")
    for name, fields in LIMITS.items():
        for field, limits in fields.items():
            schema["$defs"][name]["properties"][field].update(limits)
    schema["properties"]["scale"] |= {"minItems": 5, "maxItems": 5}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT.replace('/', ':')}",
        "title": FORMAT,
        **{key: value for key, value in schema.items() if key != "title"},
        "required": ["format"],
    }


def text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(generated(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
