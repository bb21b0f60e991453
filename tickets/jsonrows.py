"""Rows as JSON arrays, and back as objects: several tables in one statement.

A page that shows a dozen tables asks for them in one go, instead of building, sending and
planning a dozen queries. A row travels as ``json_build_array(…)`` of the model's own columns in
their own order, so that nothing here has to be kept in step with the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

from django.contrib.postgres.search import SearchVectorField
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=models.Model)
Turn = Callable[[Any], Any]


class Shape(Generic[Row]):
    """How rows of one model travel; ``without`` names columns that stay where they are.

    What stays behind is read when somebody asks for it, like a deferred field.
    """

    def __init__(self, model: type[Row], *, without: Iterable[str] = ()) -> None:
        left = set(without)
        fields = [
            field
            for field in model._meta.concrete_fields
            if field.name not in left and not isinstance(field, SearchVectorField)
        ]
        self.model = model
        self._columns = [field.column for field in fields]
        self._names = [field.attname for field in fields]
        self._new = model.__new__
        turns = ((place, _turn(field)) for place, field in enumerate(fields))
        self._turns = [(place, turn) for place, turn in turns if turn is not None]

    def sql(self, alias: str) -> str:
        """The expression for one row of the table that is called ``alias`` there."""
        columns = ", ".join(f'{alias}."{column}"' for column in self._columns)
        return f"json_build_array({columns})"

    def one(self, values: list[Any] | None) -> Row | None:
        """The object of a row; None where there is none."""
        return None if values is None else self.made(values)

    def many(self, rows: Iterable[list[Any]] | None) -> list[Row]:
        """The objects of ``json_agg``, which is NULL for no rows."""
        return [self.made(values) for values in rows or ()]

    def made(self, values: list[Any]) -> Row:
        """The object of a row that is there."""
        for place, turn in self._turns:
            value = values[place]
            if value is not None:
                values[place] = turn(value)
        # As `Model.from_db`, past the signals of making an object: nothing of ours listens to
        # them, and asking who does took longer than all the rest.
        row = self._new(self.model)
        row._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        row.__dict__.update(zip(self._names, values, strict=True))
        return row


def _turn(field: models.Field[Any, Any]) -> Turn | None:
    """What makes the value of a field out of its JSON; None where it is the value already."""
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat
    if isinstance(field, models.DateField):
        return date.fromisoformat
    if isinstance(field, models.DecimalField):
        places = field.decimal_places or 0
        # Amounts have fewer digits than a float keeps exactly.
        return lambda value: Decimal(f"{value:.{places}f}")
    if isinstance(field, models.FloatField):
        return float
    if isinstance(field, models.UUIDField):
        return field.to_python
    return None


class Known(Sequence[Row]):
    """The rows of a relation that were read already, in the place of its queryset.

    To be looped over, counted and looked into without asking; everything else that a queryset
    can do asks the database, as ever.
    """

    def __init__(self, of: models.Model, name: str, rows: list[Row]) -> None:
        self._of, self._name, self._rows = of, name, rows

    def all(self) -> Known[Row]:
        """The rows themselves."""
        return self

    def count(self, value: object = None) -> int:
        """How many there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return self._rows[place]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        fresh = type(self._of)(pk=self._of.pk)
        return getattr(getattr(fresh, self._name).all(), name)


def know(of: models.Model, name: str, rows: list[Row]) -> None:
    """Let ``of.<name>.all()`` be these rows, as after a ``prefetch_related``."""
    kept: dict[str, Any] = of.__dict__.setdefault("_prefetched_objects_cache", {})
    kept[name] = Known(of, name, rows)


def relate(of: models.Model, name: str, other: models.Model | None) -> None:
    """Let ``of.<name>`` be this object, or nobody: as after a ``select_related``."""
    of._meta.get_field(name).set_cached_value(of, other)  # type: ignore[union-attr]  # a relation
