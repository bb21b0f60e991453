"""The JSON Schema of a pack, for editors: what may stand where, and what it means."""

from functools import lru_cache
from typing import Any

from policies.schema import PackDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12), made from the models themselves. Do not change it.

    It knows the shape; that a rule, a figure or a text exists only `pack check` can tell.
    """
    made = PackDocument.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, "title": "A store's pack", **_without_titles(made)}


def _without_titles(value: Any) -> Any:
    """pydantic titles every key with the key itself, which an editor shows already."""
    if isinstance(value, dict):
        return {
            key: _without_titles(inner)
            for key, inner in value.items()
            if not (key == "title" and isinstance(inner, str))
        }
    return [_without_titles(item) for item in value] if isinstance(value, list) else value
