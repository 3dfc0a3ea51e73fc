"""The exchange format career-framework/v1: YAML or JSON in and out, every error with its path and line.

`career-framework.v1.schema.json`, a folder up, is the same shape as JSON Schema 2020-12; the rules a schema
cannot say (ids named twice, unknown references) are checked here too. docs/career-framework-format.md explains it.
"""

from framework_svc.documents.exchange.document import FORMAT, LARGEST, Document, FileError, NotReadable, schema
from framework_svc.documents.exchange.reading import read
from framework_svc.documents.exchange.writing import competencies_used, document_of, write

__all__ = [
    "FORMAT",
    "LARGEST",
    "Document",
    "FileError",
    "NotReadable",
    "competencies_used",
    "document_of",
    "read",
    "schema",
    "write",
]
