"""Cut Tabler down to what the customers' pages name: a phone on a slow network waits for it.

Reads `vendor/tabler.min.css` and writes `vendor/tabler.portal.css`, which is kept in the
repository; a test says when it has to be made again. Every word of the templates counts as a
class that may be used, so the result is rather too large than too small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "supportdesk" / "static" / "vendor"
SOURCE, TARGET = VENDOR / "tabler.min.css", VENDOR / "tabler.portal.css"
# Where a class name of a customers' page may stand.
PLACES = (
    "templates/base.html",
    "templates/portal/**/*.html",
    "templates/components/*.html",
    "supportdesk/static/portal/*.js",
    "tickets/templatetags/*.py",
)
OURS = ("supportdesk/static/app.css", "supportdesk/static/portal/portal.css")
_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_PSEUDO = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
_CONDITIONS = ("@media", "@supports", "@container")
_UNUSED_THEMES = ("data-bs-theme", "data-theme", "data-bs-navbar", "theme-dark", "dir=rtl")


def words() -> set[str]:
    """Every word of the places where a class may be named."""
    found: set[str] = set()
    for pattern in PLACES:
        for path in sorted(ROOT.glob(pattern)):
            found.update(re.findall(r"[A-Za-z][\w-]*", path.read_text(encoding="utf-8")))
    return found


def blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """(prelude, body) of each rule at this level; the body is None for a plain statement."""
    at = start = 0
    while at < len(css):
        mark = css[at]
        if mark in "\"'":
            at = _after_string(css, at)
            continue
        if mark == ";":
            yield css[start:at].strip(), None
            start = at + 1
        elif mark == "{":
            end = _closing(css, at)
            yield css[start:at].strip(), css[at + 1 : end]
            at = end
            start = end + 1
        at += 1


def _after_string(css: str, at: int) -> int:
    quote = css[at]
    at += 1
    while css[at] != quote:
        at += 2 if css[at] == "\\" else 1
    return at + 1


def _closing(css: str, at: int) -> int:
    depth = 0
    while True:
        if css[at] in "\"'":
            at = _after_string(css, at)
            continue
        depth += {"{": 1, "}": -1}.get(css[at], 0)
        if depth == 0:
            return at
        at += 1


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands outside brackets and strings."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        if text[at] in "\"'":
            at = _after_string(text, at)
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[at], 0)
        if text[at] == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _wanted(selector: str, used: set[str]) -> bool:
    if any(theme in selector for theme in _UNUSED_THEMES):
        return False
    return all(name in used for name in _CLASS.findall(_PSEUDO.sub("", selector)))


def trim(css: str, used: set[str]) -> str:
    """The rules whose every class is used; conditions around them stay, empty ones go."""
    kept = []
    for prelude, body in blocks(css):
        if body is None:
            continue
        if prelude.startswith((*_CONDITIONS, "@layer")):
            inner = trim(body, used)
            if inner and not prelude.startswith("@layer"):
                inner = f"{prelude}{{{inner}}}"
            kept.append(inner)
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{body}}}")
        else:
            chosen = [one for one in _split(prelude, ",") if _wanted(one, used)]
            if chosen:
                kept.append(f"{','.join(chosen)}{{{body}}}")
    return "".join(kept)


def drop_unread(css: str, elsewhere: str) -> str:
    """Without the variables that nothing reads any more, until there are none."""
    while True:
        read = set(_VARIABLE.findall(css)) | set(_VARIABLE.findall(elsewhere))
        smaller = _without(css, read)
        if smaller == css:
            return css
        css = smaller


def _without(css: str, read: set[str]) -> str:
    kept = []
    for prelude, body in blocks(css):
        assert body is not None
        if prelude.startswith("@keyframes"):
            name = prelude.split()[-1]
            if re.search(rf"animation[\w-]*:[^;}}]*\b{re.escape(name)}\b", css):
                kept.append(f"{prelude}{{{body}}}")
            continue
        if prelude.startswith(_CONDITIONS):
            inner = _without(body, read)
        elif prelude.startswith("@"):
            inner = body
        else:
            lines = [line for line in _split(body, ";") if line.strip()]
            inner = ";".join(
                line
                for line in lines
                if not line.strip().startswith("--") or line.split(":")[0].strip() in read
            )
        if inner:
            kept.append(f"{prelude}{{{inner}}}")
    return "".join(kept)


def made() -> str:
    """What the trimmed file has to hold."""
    css = re.sub(r"/\*.*?\*/", "", SOURCE.read_text(encoding="utf-8"), flags=re.DOTALL)
    css = css.removeprefix('@charset "UTF-8";').strip()
    ours = "".join((ROOT / path).read_text(encoding="utf-8") for path in OURS)
    small = drop_unread(trim(css, words()), ours)
    licence = (
        "/* From Tabler 1.6.1, MIT, (c) The Tabler Authors; see VENDORED.md. Made by trim_css. */"
    )
    return f'@charset "UTF-8";{licence}\n@layer tabler{{{small}}}\n'


if __name__ == "__main__":
    TARGET.write_text(made(), encoding="utf-8")
