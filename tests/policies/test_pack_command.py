"""`manage.py pack`, as a program: what a person who writes a pack is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies.editor import json_schema
from policies.evaluate import decide, explain
from policies.pack import PACKS, PackError, load_pack
from policies.parse import parse_facts
from policies.reading import Source
from policies.shapes import Request

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(PACKS.glob("*.yaml"))
INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
SMALL = Path(__file__).parent / "small.yaml"


def run(*arguments: str, away: Path) -> tuple[int, str, str]:
    """Run the command as a program with nothing configured; `away` must stay empty."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "pack", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(away), "PYTHONUTF8": "1"},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("pack", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[str, str]:
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("pack", *arguments, stdout=out)
    return out.getvalue(), str(caught.value)


# The schema --------------------------------------------------------------------------------


def test_the_schema_is_printed_without_an_engine(tmp_path):
    away = tmp_path / "data"

    status, out, stderr = run("schema", away=away)

    assert (status, stderr) == (0, "")
    assert json.loads(out) == json_schema()
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert not away.exists()


@pytest.mark.parametrize("path", [*SHIPPED, SMALL], ids=lambda path: path.stem)
def test_every_pack_that_loads_is_right_by_the_schema(path):
    Draft202012Validator.check_schema(json_schema())
    data = Source(path.read_text("utf-8"), path.name).data

    assert [error.message for error in Draft202012Validator(json_schema()).iter_errors(data)] == []


def test_every_key_says_what_it_is():
    """In an editor, what a key means stands beside it."""
    schema = json_schema()

    def described(found):
        return found.get("description") or (
            "$ref" in found and schema["$defs"][found["$ref"].rpartition("/")[2]]["description"]
        )

    for name, model in {"the pack": schema, **schema["$defs"]}.items():
        for key, found in model.get("properties", {}).items():
            assert described(found), f"{name}: {key}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kinds: [E]", "kinds: [X]"),
        ('from: "09:00"', 'from: "9"'),
        ("fact: opened", "fact: opend"),
        ("check: accept", "check: approve"),
        ("claim: true", "claims: true"),
        ("sentence: {en: A person", "sentence: {ko: A person"),
        ("is: true", "is: true, missing: true"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(old, new):
    text = SMALL.read_text("utf-8")
    assert old in text
    broken = text.replace(old, new, 1)

    assert not Draft202012Validator(json_schema()).is_valid(Source(broken, "x").data)
    with pytest.raises(PackError):
        load_pack(broken, "x")


# Looking over ------------------------------------------------------------------------------


def test_packs_that_are_fine_are_counted_without_an_engine(tmp_path):
    away = tmp_path / "data"

    status, out, stderr = run("check", *map(str, SHIPPED), away=away)

    assert (status, stderr) == (0, "")
    assert not away.exists()
    lines = out.splitlines()
    assert len(lines) == len(SHIPPED)
    for line, path in zip(lines, SHIPPED, strict=True):
        assert re.fullmatch(
            re.escape(str(path)) + r": fine: .+, version .+, \d+ rules, \d+ requests, \d+ texts,"
            r" none of them without ko",
            line,
        )


def test_texts_without_a_language_are_counted():
    assert "12 texts, 12 of them without ko" in told("check", str(SMALL))
    assert "12 texts, 11 of them without nb" in told("check", str(SMALL), "--locale", "nb")
    assert "none of them without en-GB" in told("check", str(SMALL), "--locale", "en-GB")


def test_every_mistake_of_every_file_is_told_at_once(tmp_path):
    broken = Path(__file__).parent / "invalid" / "shape-and-sense-at-once.yaml"
    expected = [line for line in broken.read_text("utf-8").splitlines() if line.startswith("#")]

    status, out, stderr = run(
        "check", str(broken), str(SMALL), str(tmp_path / "nothing.yaml"), away=tmp_path / "data"
    )

    assert status == 1
    lines = out.splitlines()
    assert len(lines) == len(expected) + 2
    for line, wanted in zip(lines, expected, strict=False):
        number, path, message = (part.strip() for part in wanted[1:].split("|"))
        assert line.startswith(f"{broken}:{number}: {path}")
        assert line.endswith(message)
    assert "(rule corner.defect)" in out
    assert ": fine: The Corner" in lines[-2]
    assert lines[-1] == f"{tmp_path / 'nothing.yaml'}: there is no such file"
    assert f"{len(expected) + 1} mistakes" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a mapping of keys to values"),
        (b"format: 1\nname: \xff\xfe\n", ":2: is not UTF-8: the byte 0xff is no character"),
        (b"a: b\x00\n", ":1: no YAML: a character that no text file holds"),
        (b"x: " + b"y" * 5_000_000, "is far too long for a pack"),
        (b"a: &x [*x]\n", "contains itself"),
        (
            SMALL.read_bytes().replace(b"[{fact: opened, is: true}]", b"[opened]"),
            "when.0 (rule corner.estimate): must be a mapping of keys to values",
        ),
        (b"\xef\xbb\xbfformat: 2\n", "format: must be 1"),
        (b'a: "\\ud800"\nformat: 1\n', "holds half of a character"),
        (b"a: [1, {b: c}\n\tx\n", "no YAML: "),
    ],
)
def test_a_file_that_is_no_pack_is_told_plainly(tmp_path, content, said):
    path = tmp_path / "draft.yaml"
    path.write_bytes(content)

    out, _ = refused("check", str(path))

    assert said in out
    assert out.startswith(str(path))


def test_a_file_without_an_end_is_no_pack():
    out, _ = refused("check", "/dev/zero")

    assert out == "/dev/zero: is far too long for a pack\n"


def test_a_folder_is_no_pack(tmp_path):
    out, _ = refused("check", str(tmp_path))

    assert out == f"{tmp_path}: cannot be read: Is a directory\n"


@pytest.mark.parametrize("slug", ["desk", "t", "stores", "static"])
def test_a_store_is_never_named_like_a_page_of_the_desk(tmp_path, slug):
    path = tmp_path / "draft.yaml"
    path.write_text(SMALL.read_text("utf-8").replace("corner", slug), "utf-8")

    out, _ = refused("check", str(path))

    assert f"store.slug: {slug!r} is an address of the desk's own; choose another name" in out


# Starting one ------------------------------------------------------------------------------


def test_a_first_pack_is_written_and_is_fine(tmp_path):
    path = tmp_path / "hallyu.yaml"
    wanted = ["hallyu", "--name", "Hallyu: “Licht” & {mehr}", "--time-zone", "Europe/Berlin"]
    wanted += ["--country", "DE", "--currency", "EUR"]

    status, out, stderr = run("new", *wanted, "--output", str(path), away=tmp_path / "data")

    assert (status, stderr) == (0, "")
    assert out == f"{path} is written. Next: manage.py pack check {path}\n"
    assert "none of them without en" in told("check", str(path), "--locale", "en")
    pack = load_pack(path.read_text("utf-8"), "hallyu.yaml")
    assert pack.name == "Hallyu: “Licht” & {mehr}"
    assert (str(pack.zone), pack.place(), pack.currencies) == ("Europe/Berlin", "Berlin", ("EUR",))
    assert pack.document.store.holidays.country == "DE"
    assert told("new", *wanted) == path.read_text("utf-8")


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "hallyu.yaml"
    path.write_text("mine", "utf-8")

    _, error = refused("new", "hallyu", "--output", str(path))

    assert error == f"{path} is there already; it stays as it is"
    assert path.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hallyu"], "store.slug: 'Hallyu' is no name"),
        (["a\nb"], "is no name"),
        (["desk"], "'desk' is an address of the desk's own"),
        (["hallyu", "--time-zone", "Berlin"], "store.time_zone: 'Berlin' is no time zone"),
        (["hallyu", "--country", "Germany"], "holidays.country: must be two capital letters"),
        (["hallyu", "--country", "XX"], "the holidays of XX are not known"),
        (["hallyu", "--currency", "euro"], "must be three capital letters (ISO 4217)"),
        (["hallyu", "--output", "/nowhere/at/all.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_started_is_told_why(arguments, said):
    out, error = refused("new", *arguments)

    assert said in error
    assert out == ""


# Whatever is broken, it is told ---------------------------------------------------------------

TEXTS = {path.name: path.read_text("utf-8").splitlines() for path in SHIPPED}
FACTS = {"id": "1", "at": "2026-03-05T12:00:00Z"} | {
    "order": {"placed_at": "2026-02-01T12:00:00Z", "delivered_at": "2026-03-01T12:00:00Z"}
}
VALUES = (
    ("", "~", "true", "0", "-3", "x", "1.5", "12:00", "2020-02-30", "99999999999999999"),
    ("[]", "{}", "[a]", "{a: b}", "[0]", "[1, 1]", "- -", "a: b: c", "{days}", "\t"),
    ("&a", "*a", '"', "'", "|", "kpopusa.defect", "2900000000000000000000"),
)
WORDS = st.sampled_from([value for row in VALUES for value in row])


@st.composite
def mutilated(draw):
    """A shipped pack with lines deleted, doubled, indented anew, or with another value."""
    lines = list(TEXTS[draw(st.sampled_from(sorted(TEXTS)))])
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["delete", "double", "indent", "value", "value", "key"])):
            case "delete":
                del lines[at : at + draw(st.integers(1, 4))]
            case "double":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = " " * draw(st.integers(0, 8)) + lines[at].lstrip()
            case "value":
                lines[at] = lines[at].partition(":")[0] + ": " + draw(WORDS)
            case "key":
                lines[at] = re.sub(r"[a-z_]+:", draw(WORDS) + "x:", lines[at], count=1)
    return "\n".join(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutilated())
def test_a_mutilated_pack_is_refused_with_a_line_or_can_be_used(text):
    must_be_told_or_work(text)


def must_be_told_or_work(text):
    try:
        pack = load_pack(text, "draft.yaml")
    except PackError as error:
        assert error.mistakes
        assert all(mistake.line for mistake in error.mistakes)
        return
    # It loads: then it decides and tells whatever is asked, and never breaks half-way.
    for request in Request:
        facts = parse_facts(FACTS | {"store": pack.slug, "request": str(request)})
        assert explain(pack, facts, decide(pack, facts))
    assert all(rule.sentence() for rule in pack.rules.values())


DATA = {path.stem: Source(path.read_text("utf-8"), path.name).data for path in (*SHIPPED, SMALL)}


@st.composite
def misshapen(draw):
    """A pack in which one place, however deep, holds something of another kind, or nothing."""
    data = json.loads(json.dumps(DATA[draw(st.sampled_from(sorted(DATA)))]))
    here, key = data, draw(st.sampled_from(sorted(data)))
    for _ in range(draw(st.integers(0, 6))):
        inner = here[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        here = inner
        key = draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
    if draw(st.booleans()):
        wrong = st.sampled_from([None, True, -1, 0, 1.5, "", "??", "x" * 99, [], ["x"], {}, [[]]])
        here[key] = draw(wrong | st.just({"zzz": 1}))
    else:
        del here[key]
    return json.dumps(data, indent=1)  # which is YAML, too


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(misshapen())
def test_a_misshapen_pack_is_refused_with_a_line_or_can_be_used(text):
    must_be_told_or_work(text)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_no_message_is_in_the_words_of_a_library(path):
    with pytest.raises(PackError) as caught:
        load_pack(path.read_text("utf-8"), "draft.yaml")

    for mistake in caught.value.mistakes:
        assert not re.search(r"Input should|String should|Value error|valid|None", mistake.message)
