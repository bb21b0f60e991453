"""The catalogues of translations, without GNU gettext: what there is to say, and what is said.

Templates become calls of gettext by Django's own `templatize`; Babel reads those, and the
Python code, and writes what gettext reads. One folder of `supportdesk/locale/` is one language;
the compiled `.mo` is kept in the repository, because a fresh machine has no msgfmt.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "supportdesk" / "locale"
_CODE = ("supportdesk", "tickets", "policies")
_CALLS = {
    "_": None,
    **{f"{name}{lazy}": None for name in ("gettext", "gettext_noop") for lazy in ("", "_lazy")},
    **{f"ngettext{lazy}": (1, 2) for lazy in ("", "_lazy")},
    **{f"pgettext{lazy}": ((1, "c"), 2) for lazy in ("", "_lazy")},
    **{f"npgettext{lazy}": ((1, "c"), 2, 3) for lazy in ("", "_lazy")},
}
_ALIAS = re.compile(r"import (n?p?gettext(?:_lazy)?) as (\w+)")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


def sources() -> Iterator[tuple[str, str]]:
    """Every file that may speak to a person: its path from the root, and Python that says it."""
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            name = path.relative_to(ROOT).as_posix()
            calls = templatize(path.read_text(encoding="utf-8"), origin=name)
            yield name, f"({calls}\n)"  # in brackets a template's indents mean nothing


def spoken() -> Catalog:
    """Every message of the code and the templates, none of them translated."""
    found = Catalog()
    for name, code in sources():
        calls = _CALLS | {alias: _CALLS[call] for call, alias in _ALIAS.findall(code)}
        for _line, text, comments, context in extract(
            "python",
            io.BytesIO(code.encode()),
            keywords=calls,
            comment_tags=["Translators:"],
            strip_comment_tags=True,
        ):
            found.add(text, locations=[(name, 1)], auto_comments=comments, context=context)
    return found


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.name for path in LOCALE.iterdir() if path.is_dir())


def place(language: str, suffix: str) -> Path:
    """Where a language's catalogue is kept: ``.po`` for people, ``.mo`` for the machine."""
    return LOCALE / language / "LC_MESSAGES" / f"django{suffix}"


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one where there is none yet."""
    path = place(language, ".po")
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def update(language: str, messages: Catalog) -> None:
    """Bring a catalogue to what is said now; what is no longer said goes, nothing is guessed."""
    found = read(language)
    made = found.creation_date  # or every run would change the file
    found.update(messages, no_fuzzy_matching=True)
    found.creation_date = made
    path = place(language, ".po")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, found, width=100, ignore_obsolete=True, include_lineno=False)


def compiled(language: str) -> bytes:
    """The bytes that gettext reads, made of a language's ``.po``."""
    file = io.BytesIO()
    write_mo(file, read(language))
    return file.getvalue()


def mistakes(language: str, messages: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, a line each; nothing when it can be shipped."""
    found = read(language)
    said = {(message.id, message.context) for message in messages if message.id}
    kept = {(message.id, message.context) for message in found if message.id}
    for text, _context in sorted(said - kept, key=str):
        yield f"{language}: not in the catalogue: {text!r}"
    for text, _context in sorted(kept - said, key=str):
        yield f"{language}: said nowhere any more: {text!r}"
    for message in found:
        if message.id:
            yield from (f"{language}: {problem}: {message.id!r}" for problem in _wrong(message))
    path = place(language, ".mo")
    if not path.exists() or _texts(path.read_bytes()) != _texts(compiled(language)):
        yield f"{language}: {path.name} is not what {path.stem}.po compiles to"


def _texts(machine: bytes) -> list[str]:
    """What a `.mo` says; its header is left out, because it names the version of Babel."""
    try:
        found = read_mo(io.BytesIO(machine))
    except (OSError, struct.error):
        return []  # not a `.mo` at all
    return sorted(f"{one.context} {one.id} {one.string}" for one in found if one.id)


def _wrong(message: Message) -> Iterator[str]:
    """The problems of one translation."""
    if message.fuzzy:
        yield "only guessed"
    texts = _forms(message.string)
    if not all(texts):
        yield "not translated"
        return
    allowed = [sorted(_PLACEHOLDER.findall(text)) for text in _forms(message.id)]
    if any(sorted(_PLACEHOLDER.findall(text)) not in allowed for text in texts):
        yield "other placeholders than its source"


def _forms(text: str | Sequence[str] | None) -> list[str]:
    """A plain text alone, or each form of a plural; an empty one where nothing is said."""
    return [text or ""] if text is None or isinstance(text, str) else list(text)
