"""Frozen values, made as fast as plain ones.

A frozen dataclass sets each field through `object.__setattr__`, which takes most of the time of
a decision when thousands are made in a second. Here a twin with the same slots and no guard is
filled in, and becomes the frozen class as its last act; nobody ever sees the twin.
"""

from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def quick(frozen: type[T]) -> Callable[..., T]:
    """Return what makes values of a frozen dataclass with slots, called as the class itself.

    The class must have no `__post_init__` of its own; TypeError when it has one.
    """
    if hasattr(frozen, "__post_init__"):
        raise TypeError(f"{frozen.__name__} has a __post_init__, which would not be run")

    def freeze(self: Any) -> None:
        self.__class__ = frozen

    twin: Callable[..., T] = make_dataclass(
        frozen.__name__,
        [
            (item.name, Any, field(default=item.default, default_factory=item.default_factory))
            for item in fields(frozen)  # type: ignore[arg-type]  # a dataclass, by the contract
        ],
        namespace={"__post_init__": freeze},
        slots=True,
    )
    return twin
