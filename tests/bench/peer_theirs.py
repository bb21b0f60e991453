"""django-helpdesk in an environment of its own, with as many tickets as wanted, and its jobs.

It is set up as its documentation says (`peer_site`), with the Django, psycopg and gunicorn that
we have. A ticket's description is the first of its three messages, as its public form writes it:
its search looks there and not into follow-ups, so the rare word stands there too.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from tests.bench import crowd, desk
from tests.bench.peer_rounds import QUICK, SLOW, Often, Outcome, Work, measure, page, told
from tests.bench.server import Client, gunicorn

NAME, VERSION = "django-helpdesk", "2.6.1"
DATABASE = "peer"
WSGI = "django.core.wsgi:get_wsgi_application()"
SITE = Path(__file__).with_name("peer_site")
PER_PAGE = 25

_SEED = """
INSERT INTO helpdesk_ticket (id, title, created, modified, submitter_email, status, on_hold,
    description, resolution, priority, queue_id, assigned_to_id, secret_key)
SELECT n, '{title}', at, at, 'fan' || n || '@example.com',
    CASE WHEN (n + n / 20) % 20 = 0 THEN 1 ELSE 4 END, false,
    t.body || ' serial' || n || 'x', '', 3, 1,
    CASE WHEN n / 20 % 3 > 0 THEN 1 + n / 60 % 20 END, md5(n::text)
FROM (SELECT n, now() - interval '730 days' + n * interval '{each} seconds' AS at
    FROM generate_series(1, {size}) n) numbers
JOIN peer_text t ON t.number = (n * 31 + 17) % {texts};
INSERT INTO helpdesk_followup (ticket_id, date, title, comment, public, user_id)
SELECT n, now() - interval '730 days' + n * interval '{each} seconds' + k * interval '1 hour',
    CASE k WHEN 1 THEN 'Ticket Opened Via Web' ELSE 'Comment' END,
    t.body || CASE WHEN k = 1 THEN ' serial' || n || 'x' ELSE '' END, true,
    CASE WHEN k = 2 THEN 1 + n % 20 END
FROM generate_series(1, {size}) n, generate_series(1, 3) k
JOIN peer_text t ON true WHERE t.number = (n * 31 + k * 17) % {texts};
SELECT setval(pg_get_serial_sequence('helpdesk_ticket', 'id'), {size});
"""
_PEOPLE = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from helpdesk.models import Queue
Queue.objects.create(id=1, title="Support", slug="support", allow_public_submission=True)
for number in range(1, 21):
    mail = f"agent{number}@staff.test"
    User.objects.create_user(mail, mail, id=number, is_staff=True, is_superuser=number == 1)
user, session = User.objects.get(id=1), SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


def run(home: Path, size: int) -> Outcome:
    """Install it, fill it, serve it, and measure its jobs among ``size`` tickets."""
    python = install(home)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    env = _environment(home)
    django = [str(python), "-m", "django"]
    for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "-v", "0"]):
        subprocess.run([*django, *command], env=env, check=True)
    done = subprocess.run(
        [str(python), "-c", _PEOPLE], env=env, check=True, capture_output=True, text=True
    )
    cookie = f"sessionid={done.stdout.split()[-1]}"
    with told("theirs filled"):
        _fill(size)
    with gunicorn(python, WSGI, env, home, workers=2, threads=4) as client:
        sent: list[int] = []
        outcome = measure(client, _works(client, cookie, size, sent))
    _prove_sent(size, len(sent))
    return outcome


def install(home: Path) -> Path:
    """An environment with the package and what it needs: its Python."""
    home.mkdir(parents=True, exist_ok=True)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    # Our own pip installs into it: not every system can put one there.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    python = home / "venv" / "bin" / "python"
    wanted = [f"{NAME}=={VERSION}", "psycopg-binary==" + version("psycopg-binary")]
    wanted += [f"{name}=={version(name)}" for name in ("Django", "gunicorn", "psycopg")]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq"]
    subprocess.run([*pip, "--disable-pip-version-check", "--no-input", *wanted], check=True)
    for file in SITE.glob("*.py"):
        shutil.copy(file, home / file.name)
    return python


def _environment(home: Path) -> dict[str, str]:
    known = connection.settings_dict
    return {
        **os.environ,
        "PEER_HOME": str(home),
        "PEER_HOST": str(known["HOST"]),
        "PEER_USER": str(known["USER"]),
        "PEER_NAME": DATABASE,
        "DJANGO_SETTINGS_MODULE": "peer_settings",
        "PYTHONPATH": str(home),
        "PYTHONWARNINGS": "ignore::RuntimeWarning",  # of its dashboard's, a line a request
    }


@contextmanager
def _database() -> Iterator[psycopg.Connection[Any]]:
    known = connection.settings_dict
    with psycopg.connect(
        host=known["HOST"], user=known["USER"], dbname=DATABASE, autocommit=True
    ) as line:
        yield line


def _fill(size: int) -> None:
    values = {"size": size, "each": crowd.EACH, "texts": crowd.TEXTS, "title": crowd.TITLE}
    with _database() as line:
        line.execute("CREATE TABLE peer_text (number int PRIMARY KEY, body text)")
        with line.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO peer_text VALUES (%s, %s)", list(enumerate(crowd.texts()))
            )
        for statement in _SEED.format(**values).split(";\n"):
            if statement.strip():
                line.execute(statement.encode())
        line.execute("VACUUM ANALYZE")


def _prove_sent(size: int, sent: int) -> None:
    """What was sent by the form is there, each with its follow-up."""
    asked = "SELECT count(DISTINCT t.id), count(f.id) FROM helpdesk_ticket t"
    asked += " JOIN helpdesk_followup f ON f.ticket_id = t.id"
    with _database() as line:
        tickets, follow_ups = line.execute(asked).fetchone() or (0, 0)
    if (tickets - size, follow_ups - 3 * size) != (sent, sent) or not sent:
        raise RuntimeError(f"{sent} were sent, {tickets - size} tickets came about")


# -- its jobs, and what their answers must hold ----------------------------------------


def is_open(number: int) -> bool:
    """Whether the crowd's ticket of this number is open."""
    return (number + number // 20) % 20 == 0


def _works(client: Client, cookie: str, size: int, sent: list[int]) -> dict[str, Work]:
    texts, numbers = crowd.texts(), range(1, size + 1)
    still_open = sum(map(is_open, numbers))
    common = sum(crowd.COMMON in texts[(n * 31 + 17) % crowd.TEXTS] for n in numbers)
    shown = next(n for n in range(size // 2, size) if is_open(n))
    own_ones = [n for n in numbers if n // 20 % 3 > 0 and n // 60 % 20 == 0]
    own_open = sum(map(is_open, own_ones))
    nobodys = sum(is_open(n) for n in numbers if n // 20 % 3 == 0)
    tables = (own_open, len(own_ones) - own_open, nobodys)  # each shows its first page
    said = [f"Text{(shown * 31 + k * 17) % crowd.TEXTS}a ".encode() for k in (1, 2, 3)]

    def rare(turn: int) -> int:
        return 1 + turn * 7919 % size

    def ticket_shown(own: Client, _turn: int) -> bool:
        return all(text in own.body for text in [*said, crowd.rare(shown).encode()])

    def closed_counted(own: Client, _turn: int) -> bool:
        return f">{size - still_open}<".encode() in own.body

    def mine(own: Client, _turn: int) -> bool:
        links = set(re.findall(rb"""href=['"]/helpdesk/tickets/(\d+)/['"]""", own.body))
        return len(links) >= sum(min(PER_PAGE, count) for count in tables)

    def found(own: Client, turn: int) -> bool:
        return _rows(own, 1, 1, sent) == [rare(turn)]

    def list_of(expected: int) -> Callable[[Client, int], bool]:
        def holds(own: Client, _turn: int) -> bool:
            rows = [row for row in _rows(own, expected, PER_PAGE, sent) if row <= size]
            return rows == sorted(rows, reverse=True)

        return holds

    everything, some = dict[str, Any](), {"status__in": [1, 2]}
    form = _form(client)
    pages: dict[str, tuple[Callable[[int], str], Callable[[Client, int], bool], Often]] = {
        desk.BARE: (lambda _turn: "/bench/bare/", lambda own, _turn: own.body == b"ok", QUICK),
        "ticket page": (lambda _turn: f"/helpdesk/tickets/{shown}/", ticket_shown, QUICK),
        "list, open": (lambda _turn: _list(some), list_of(still_open), SLOW),
        "list, all": (lambda _turn: _list(everything), list_of(size), SLOW),
        "search, rare word": (lambda n: _list(everything, crowd.rare(rare(n))), found, SLOW),
        "search, common word": (
            lambda _turn: _list(everything, crowd.COMMON),
            list_of(common),
            SLOW,
        ),
        "dashboard": (lambda _turn: "/helpdesk/dashboard/", mine, SLOW),
        "report": (lambda _turn: "/helpdesk/reports/queuestatus/", closed_counted, SLOW),
    }
    works = {
        name: Work(page(path, "" if name == desk.BARE else cookie), real, often)
        for name, (path, real, often) in pages.items()
    }

    def submitted(own: Client, turn: int) -> bool:
        sent.append(turn)
        return "/helpdesk/view/?ticket=support-" in own.headers.get("Location", "")

    works["submission"] = Work(form, submitted, QUICK, status=302)
    return works


def _list(filtering: dict[str, Any], words: str = "") -> str:
    """The address of the data behind its table, newest first."""
    asked = {"filtering": filtering, "sorting": "created", "search_string": words}
    packed = base64.b64encode(json.dumps(asked | {"sortreverse": "on"}).encode()).decode()
    return f"/helpdesk/datatables_ticket_list/{packed}?draw=1&start=0&length={PER_PAGE}"


def _rows(own: Client, expected: int, shown: int, sent: list[int]) -> list[int]:
    """The numbers of the tickets in its table's data.

    Raises:
        RuntimeError: there are not as many as there must be; what was sent may have come on top.
    """
    data = json.loads(own.body)
    rows, filtered = data["data"], data["recordsFiltered"]
    if not expected <= filtered <= expected + len(sent) + desk.LINES or len(rows) != shown:
        raise RuntimeError(f"{len(rows)} rows of {filtered}; {shown} of {expected} expected")
    return [int(row["id"]) for row in rows]


def _form(client: Client) -> Callable[[Client, int], int]:
    """Its public form, opened once by a visitor, and sent again and again."""
    path, texts = "/helpdesk/tickets/submit/", crowd.texts()
    if client.get(path) != 200:
        raise RuntimeError("its form does not open")
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', client.body)
    cookie = re.search(r"csrftoken=([^;]+)", client.headers.get("Set-Cookie", ""))
    if token is None or cookie is None:
        raise RuntimeError("its form has no token")
    same = {"csrfmiddlewaretoken": token[1].decode(), "queue": "1", "priority": "3"}
    same["title"] = "Missing photocard"

    def send(own: Client, turn: int) -> int:
        data = {"body": texts[turn % len(texts)], "submitter_email": f"visitor{turn}@example.com"}
        return own.post(path, same | data, "", cookie=f"csrftoken={cookie[1]}")

    return send
