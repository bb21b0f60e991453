"""docs/a-new-store.md, followed word by word: its files written, its commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from policies.models import PolicyVersion
from supportdesk import clock
from tests.cast import make_customer, make_order
from tests.portal.conftest import Clock, Customer
from tickets.models import Claim, Event, Store

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "a-new-store.md"
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, what its fence names (a file, a key), and its text."""

    language: str
    names: tuple[str, ...]
    text: str


def blocks() -> list[Block]:
    found = FENCE.findall(PAGE.read_text("utf-8"))
    return [Block(language, tuple(names.split()), text) for language, names, text in found]


class Reader:
    """Does what the page says, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = False

    def follow(self, block: Block) -> None:
        match block.language:
            case "console":
                for command, expected in spoken(block.text):
                    told = self.run(command)
                    assert re.fullmatch(like(expected), told.strip()), f"{command}\n{told}"
            case "yaml":
                name, key = block.names
                self.rewrite(name, f"\n{key}:\n", f"\n{key}:\n{block.text}")
            case "diff":
                lines = block.text.splitlines(keepends=True)
                assert all(line[0] in "-+" for line in lines)
                old = "".join(line[1:] for line in lines if line[0] == "-")
                new = "".join(line[1:] for line in lines if line[0] == "+")
                self.rewrite(block.names[0], old, new)
            case _:
                (self.folder / block.names[0]).write_text(block.text, "utf-8")

    def rewrite(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), "utf-8")

    def run(self, command: str) -> str:
        """Run a command as it is written; what needs the database runs in the test's own."""
        words = shlex.split(command)
        assert words[:2] == ["python", "manage.py"]
        if words[2] == "open_store":
            self.opened = True
            out = StringIO()
            call_command(*words[2:], stdout=out)
            return out.getvalue()
        done = subprocess.run(
            command.replace(
                "python manage.py",
                f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'manage.py'))}",
                1,
            ),
            shell=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


def spoken(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a block, and what it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected.strip()


def like(expected: str) -> str:
    """Match what is shown; an ellipsis stands for anything on its line."""
    return re.escape(expected).replace("…", ".*")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path)


@pytest.mark.django_db
def test_a_fourth_store_opens_by_the_page_and_takes_a_claim(
    reader: Reader, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in blocks():
        reader.follow(block)

    assert reader.opened
    store = Store.objects.get()
    assert (store.slug, store.name, store.time_zone) == ("hallyu", "Hallyu Light", "Europe/Berlin")
    version = PolicyVersion.objects.get(store=store)
    assert version.source == (reader.folder / "hallyu.yaml").read_text("utf-8")

    # A customer, at the web.
    monkeypatch.setattr(clock, "now", Clock())
    buyer = make_customer(store, "lena@example.com", "Lena")
    lena = Customer(client, make_order(buyer, "H-1", lines=(("LS-1", "Light stick", 1, "59.00"),)))
    assert "Hallyu Light" in client.get("/hallyu/").text
    assert lena.begin("missing_photocard").status_code == 302
    lena.tick("strap")
    assert lena.get().headers["Location"].endswith("/question/opened/")
    lena.say("opened", "yes")
    lena.say("video_exists", "yes")
    answer = lena.get("answer/").text
    assert "We need a video of the unboxing." in answer
    assert "in Berlin" in answer
    lena.post("review/", {"note": "The strap is not in the box."})

    claim = Claim.objects.get()
    assert (claim.state, claim.rule) == ("awaiting_evidence", "hallyu.missing-part")
    assert claim.missing == [{"unboxing_video": 1}]
    assert claim.policy_version == version
    assert Event.objects.get(ticket=claim.ticket).rule == "hallyu.missing-part"


def test_the_page_shows_a_pack_and_each_way_to_look_at_it() -> None:
    """What the page is for: nobody drops a step without this noticing."""
    languages = [block.language for block in blocks()]
    commands = [command for block in blocks() for command, _ in spoken(block.text)]

    assert set(languages) == {"console", "yaml", "diff", "json"}
    assert not [command for command in commands if "make" in command.split()]
    for words in ("pack new hallyu", "pack schema", "pack check", "decide --policy", "open_store"):
        assert any(words in command for command in commands)
