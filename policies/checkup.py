"""A pack file looked over: read plainly, and counted when it is fine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from policies.pack import load_pack
from policies.reading import Mistake, PackError

MAX_BYTES = 4_000_000  # a pack has some tens of thousands


def read_pack_file(path: Path) -> str:
    """Return the text of a pack file; PackError when there is none to read."""
    try:
        if not path.exists():
            raise PackError([_unread(path, "there is no such file")])
        with path.open("rb") as file:  # a pipe, or a device without an end, as well
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PackError([_unread(path, f"cannot be read: {error.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise PackError([_unread(path, "is far too long for a pack")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: the byte 0x{data[error.start]:02x} is no character"
        raise PackError([Mistake(str(path), line, "", None, message)]) from None


def checkup(
    text: str, source: str, locales: Sequence[str], *, taken: frozenset[str] = frozenset()
) -> str:
    """Return one line about a pack that is fine; PackError with every mistake of one that is not.

    `locales` are languages whose missing texts are counted.
    """
    pack = load_pack(text, source, taken=taken)
    document = pack.document
    texts = list(_texts(document.model_dump(by_alias=True)))
    parts = [
        f"{document.store.name}, version {document.version}",
        counted(len(document.rules), "rule"),
        counted(len(document.requests), "request"),
        counted(len(texts), "text"),
    ]
    for locale in locales:
        lacking = sum(1 for found in texts if not _speaks(found, locale))
        parts.append(f"{lacking or 'none'} of them without {locale}")
    return f"fine: {', '.join(parts)}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, for whoever runs the command."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _unread(path: Path, message: str) -> Mistake:
    return Mistake(str(path), None, "", None, message)


def _speaks(text: Mapping[str, object], locale: str) -> bool:
    return locale in text or locale.split("-")[0] in text


def _texts(value: object) -> Iterator[Mapping[str, object]]:
    """Return every text of a document: a mapping of locales to words."""
    if isinstance(value, Mapping):
        if isinstance(value.get("en"), str | tuple) and not _numbers(value["en"]):
            yield value
            return
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts(inner)


def _numbers(value: Iterable[object]) -> bool:
    return any(isinstance(item, int) for item in value)
