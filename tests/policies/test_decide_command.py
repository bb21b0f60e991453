"""`manage.py decide`, as a program at the other end of two pipes."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from policies.lines import decide_line, decide_lines, encode
from policies.pack import PACKS, load_builtin_packs
from policies.types import Request
from tests.bench.questions import questions

ROOT = Path(__file__).parents[2]
GOOD = {"id": "good", "store": "kpopusa", "request": "charts", "at": "2026-03-05T12:00:00-08:00"}
PACKS_BY_STORE = load_builtin_packs()
EXAMPLES = (Path(__file__).parent / "examples.jsonl").read_text("utf-8").splitlines()


def run(stdin: bytes, *arguments: str) -> tuple[int, list[dict], str]:
    """Run the command without any setting, secret or database at hand."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.endswith(("_URL", "_KEY")) and key not in ("DEBUG", "DJANGO_SETTINGS_MODULE")
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "decide", *arguments],
        input=stdin,
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    return (
        done.returncode,
        [json.loads(line) for line in done.stdout.splitlines()],
        done.stderr.decode(),
    )


def lines(*items: object) -> bytes:
    return b"".join(
        (item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in items
    )


def test_every_example_is_answered_in_order_with_sentences():
    examples = [json.loads(line) for line in EXAMPLES]

    status, answers, stderr = run(lines(*(example["facts"] for example in examples)))

    assert status == 0
    assert stderr == ""
    assert [answer["id"] for answer in answers] == [item["facts"]["id"] for item in examples]
    for answer, example in zip(answers, examples, strict=True):
        told = answer.pop("explain")
        assert answer == example["decision"]
        assert told
        assert all(isinstance(sentence, str) for sentence in told)


def test_a_line_that_is_not_usable_is_told_why_and_the_others_are_decided():
    status, answers, _ = run(
        lines(
            b"\xef\xbb\xbf" + json.dumps(GOOD | {"id": "먼저"}).encode(),
            GOOD | {"id": "unknown key", "deliverd": 1},
            b"{not json",
            GOOD | {"id": "naive", "at": "2026-03-05T12:00:00"},
            b"",
            GOOD | {"id": "store", "store": "nowhere"},
            b'{"id": "twice", "store": "kpopusa", "store": "kpop2"}',
            b'{"id": "nan", "store": NaN}',
            b'{"id": "\xff"}',
            b"[" * 100_000,
            b"5",
            GOOD | {"id": 5},
            GOOD | {"id": "last"},
        )
    )

    assert status == 2
    assert [answer["id"] for answer in answers] == [
        *("먼저", "unknown key", None, "naive", "store", "twice", "nan", None, None, None, None),
        "last",
    ]
    errors = [answer.get("error", "") for answer in answers]
    assert errors[0] == errors[-1] == ""
    assert errors[1] == "deliverd: is not a known key"
    assert "is not JSON at character 2" in errors[2]
    assert "at: '2026-03-05T12:00:00' has no offset" in errors[3]
    assert "store: 'nowhere' is not a loaded store (kpop2, kpopusa, popmart)" in errors[4]
    assert "'store' stands twice" in errors[5]
    assert "NaN is no JSON number" in errors[6]
    assert "is not UTF-8" in errors[7]
    assert all(errors[1:-1])


def test_nothing_in_is_nothing_out():
    assert run(b"") == (0, [], "")


def test_half_a_surrogate_pair_in_an_id_comes_back():
    status, answers, _ = run(json.dumps(GOOD | {"id": "\ud83d"}).encode())

    assert status == 0
    assert answers[0]["id"] == "\ud83d"


def test_a_draft_is_evaluated_instead(tmp_path):
    text = (PACKS / "kpopusa.yaml").read_text("utf-8")
    draft = tmp_path / "draft.yaml"
    draft.write_text(text.replace("figures: {days: 7}", "figures: {days: 30}"), "utf-8")
    late = json.loads(EXAMPLES[1])["facts"]

    status, answers, _ = run(lines(late, GOOD | {"store": "kpop2"}), "--policy", str(draft))

    assert status == 2
    assert answers[0]["verdict"] == "accepted"
    assert answers[0]["closes_at"] == "2026-04-03T00:00:00-07:00"
    assert "is not a loaded store (kpopusa)" in answers[1]["error"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("format: 1\n", "store: is missing"), (":\n\t:", "no YAML"), (None, "cannot be read")],
)
def test_a_draft_that_cannot_be_used_is_told_why(tmp_path, content, message):
    draft = tmp_path / "draft.yaml"
    if content is not None:
        draft.write_text(content, "utf-8")

    status, answers, stderr = run(lines(GOOD), "--policy", str(draft))

    assert status == 1
    assert answers == []
    assert message in stderr
    assert "Traceback" not in stderr


def test_an_answer_comes_before_the_next_question():
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "decide"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        for name in ("one", "two"):
            process.stdin.write(lines(GOOD | {"id": name}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == name
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_whole_lines_are_answered_while_the_next_one_is_still_being_written():
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "decide"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        third = lines(GOOD | {"id": "three"})
        process.stdin.write(lines(GOOD | {"id": "one"}, GOOD | {"id": "two"}) + third[:20])
        process.stdin.flush()
        assert [json.loads(process.stdout.readline())["id"] for _ in "12"] == ["one", "two"]
        process.stdin.write(third[20:].rstrip())  # and no end of line at the end
        process.stdin.close()
        assert json.loads(process.stdout.readline())["id"] == "three"
        assert process.wait(timeout=30) == 0


def test_a_line_longer_than_any_piece_of_input_is_one_line():
    long = "long " * 200_000

    status, answers, _ = run(lines(GOOD | {"id": long}, GOOD))

    assert status == 0
    assert [answer["id"] for answer in answers] == [long, "good"]


def test_it_starts_without_models_settings_or_a_database():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "manage.py"), "decide"],
        input=b"",
        capture_output=True,
        timeout=60,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}

    assert "policies.lines" in imported
    assert not imported & {"psycopg", "celery", "supportdesk.settings", "policies.models"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"id": "t", "id": "t"}', "'id' stands twice"),
        (b'{"id": "t", "\\u0069d": "t"}', "'id' stands twice"),
        (b'{"id" : "t", "id": "t"}', "'id' stands twice"),
        (b'{"id"\t:"t","at":":","id":"t"}', "'id' stands twice"),
        (b'{"id": "t", "order": {"total": "1", "total": "2"}}', "'total' stands twice"),
        (b'{"id": "t", "order": {}, "order": {}}', "'order' stands twice"),
        (b'{"id": "t", "said": {"opened": true, "opened": false}}', "'opened' stands twice"),
    ],
)
def test_a_key_that_stands_twice_is_never_a_silent_choice(line, says):
    whole = json.dumps(GOOD)[:-1].encode() + b", " + line[1:]
    for text in (whole, whole.replace(b": ", b":")):
        assert "stands twice" in decide_line(PACKS_BY_STORE, text)["error"]
    assert says in decide_line(PACKS_BY_STORE, line)["error"]


@pytest.mark.parametrize("number", [b"0", b"-0", b"3", b"123456789012345678901234567890"])
def test_every_whole_number_is_one(number):
    said = b', "said": {"active_orders": ' + number + b"}}"

    assert "error" not in decide_line(PACKS_BY_STORE, json.dumps(GOOD)[:-1].encode() + said)


@pytest.mark.parametrize("spaced", [b'{ "id" : "t" , ', b'{\t"id"\t:\r"t",'])
def test_white_space_does_not_matter(spaced):
    line = spaced + json.dumps(GOOD | {"order": {"placed_at": GOOD["at"]}})[14:].encode() + b"\r"

    answer = decide_line(PACKS_BY_STORE, line)

    assert (answer["id"], answer["rule"]) == ("t", "kpopusa.charts")


def test_a_reader_that_leaves_early_meets_no_stack_trace():
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "decide"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        try:
            process.stdin.write(lines(*[GOOD] * 2000))
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert b"Traceback" not in process.stderr.read()
        process.wait(timeout=30)


def test_the_builtin_packs_are_one_for_each_store():
    assert set(load_builtin_packs()) == {"kpopusa", "kpop2", "popmart"}


def test_what_the_quick_way_answers_is_what_the_careful_way_answers() -> None:
    packs = load_builtin_packs()
    lines = list(questions(3000, [str(request) for request in Request]))
    told = io.BytesIO()

    assert decide_lines(packs, io.BytesIO(b"".join(lines)), told)

    assert told.getvalue().splitlines(keepends=True) == [
        encode(decide_line(packs, line)) for line in lines
    ]


@pytest.mark.parametrize("blank", ["2026-03-01 10:00:00+00:00", "2026-03-01t10:00:00+00:00"])
def test_a_date_without_its_letter_is_refused_by_either_way(blank: str) -> None:
    line = json.dumps({"id": "1", "store": "kpopusa", "request": "charts", "at": blank}).encode()
    told = io.BytesIO()

    assert not decide_lines(load_builtin_packs(), io.BytesIO(line), told)

    assert "ISO 8601" in json.loads(told.getvalue())["error"]
