"""The embedded engines: found again, started again, whatever happened before."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from environ import Env

from supportdesk import embedded
from supportdesk.embedded import EngineError
from supportdesk.engines import host
from supportdesk.engines.place import existing_home
from tests.ops.desk import ROOT, outside, python


def connect(url: str) -> psycopg.Connection:
    parts = Env.db_url_config(url)
    return psycopg.connect(
        host=parts["HOST"], user=parts["USER"], dbname=parts["NAME"], autocommit=True
    )


def write(engines: embedded.Engines, word: str) -> None:
    with connect(engines.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])
    with redis.Redis.from_url(engines.redis_url) as client:
        client.rpush("kept", word)


def words(engines: embedded.Engines) -> tuple[list[str], list[str]]:
    with connect(engines.database_url) as connection:
        rows = [row[0] for row in connection.execute("SELECT word FROM kept")]
    with redis.Redis.from_url(engines.redis_url, decode_responses=True) as client:
        return rows, client.lrange("kept", 0, -1)


def test_data_survives_a_stop_and_a_second_start_finds_what_runs(data_dir: Path) -> None:
    first = embedded.start(data_dir)
    write(first, "yesterday")
    assert embedded.start(data_dir).started == []
    assert embedded.stop(data_dir) == ["postgres", "valkey"]
    assert embedded.status(data_dir) == {"postgres": None, "valkey": None}

    again = embedded.start(data_dir)
    assert again.started == ["postgres", "valkey"]
    assert words(again) == (["yesterday"], ["yesterday"])


def test_killed_engines_come_back_with_what_was_committed(data_dir: Path) -> None:
    engines = embedded.start(data_dir)
    write(engines, "committed")
    for pid in embedded.status(data_dir).values():
        os.kill(pid, signal.SIGKILL)
        assert host.gone(psutil.Process(pid), 10)
    assert embedded.status(data_dir) == {"postgres": None, "valkey": None}

    again = embedded.start(data_dir)
    assert words(again)[0] == ["committed"]
    assert again.redis_url == engines.redis_url


def test_an_interrupted_initdb_is_made_anew(data_dir: Path) -> None:
    home = existing_home(data_dir)
    (home / "data.new" / "base").mkdir(parents=True)
    (home / "data").mkdir()
    (home / "data" / "PG_VERSION").write_text("18\n")
    write(embedded.start(data_dir), "whole")
    assert not (home / "data.new").exists()
    assert len(list(home.glob("data.unfinished-*"))) == 1


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(data_dir: Path) -> None:
    embedded.start(data_dir)
    embedded.stop(data_dir)
    note = existing_home(data_dir) / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n1\n5432\n\n\n0 0\nready\n")
    assert embedded.status(data_dir)["postgres"] is None
    assert "postgres" in embedded.start(data_dir).started
    assert psutil.pid_exists(os.getpid())


def test_valkeys_port_taken_by_somebody_else_means_another_port(data_dir: Path) -> None:
    before = embedded.start(data_dir, ["valkey"])
    embedded.stop(data_dir)
    port = int(before.redis_url.rsplit(":", 1)[1].split("/")[0])
    with host.socket.socket() as other:
        other.setsockopt(host.socket.SOL_SOCKET, host.socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        after = embedded.start(data_dir, ["valkey"])
        assert after.redis_url != before.redis_url
        with redis.Redis.from_url(after.redis_url) as client:
            assert client.ping()


def test_valkey_refuses_whoever_has_no_password(data_dir: Path) -> None:
    url = embedded.start(data_dir, ["valkey"]).redis_url
    with (
        redis.Redis.from_url("redis://" + url.split("@")[1]) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_an_unreadable_broker_log_is_put_aside(data_dir: Path) -> None:
    embedded.start(data_dir, ["valkey"])
    embedded.stop(data_dir)
    for part in (data_dir / "valkey" / "appendonlydir").glob("*.aof"):
        part.write_bytes(b"this is no log\n" * 9)
    with redis.Redis.from_url(embedded.start(data_dir, ["valkey"]).redis_url) as client:
        assert client.ping()
    assert list((data_dir / "valkey").glob("appendonlydir.unreadable-*"))


def test_two_starts_at_once_make_one_engine(data_dir: Path) -> None:
    given: list[embedded.Engines] = []
    threads = [
        threading.Thread(target=lambda: given.append(embedded.start(data_dir))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(each.started) for each in given) == [0, 2]
    assert given[0].database_url == given[1].database_url


@pytest.mark.parametrize("name", ["with space and ü'\"", "d" * 120])
def test_any_directory_will_do(data_dir: Path, name: str) -> None:
    place = data_dir / name
    place.mkdir()
    try:
        write(embedded.start(place), "here")
    finally:
        embedded.destroy(place)


def test_a_directory_closed_to_other_accounts_stays_closed_and_works(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    place = closed / "data"
    try:
        write(embedded.start(place), "private")
        embedded.stop(place)
        assert words(embedded.start(place)) == (["private"], ["private"])
        assert closed.stat().st_mode & 0o777 == 0o700
        # Root's PostgreSQL runs under a lent account, which cannot enter: its data is elsewhere.
        assert existing_home(place).is_relative_to(closed) is (os.geteuid() != 0)
        postmaster = psutil.Process(embedded.status(place)["postgres"])
        assert postmaster.uids().effective != 0
    finally:
        home = existing_home(place)
        embedded.destroy(place)
    assert not home.exists()


def test_data_of_another_postgresql_is_refused_in_a_sentence(data_dir: Path) -> None:
    embedded.start(data_dir)
    embedded.stop(data_dir)
    (existing_home(data_dir) / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EngineError, match="was made by PostgreSQL 14, this is 18"):
        embedded.start(data_dir)


def test_a_data_directory_that_cannot_be_is_refused_in_a_sentence(data_dir: Path) -> None:
    (data_dir / "file").touch()
    done = python("-m", "supportdesk.embedded", "start", DATA_DIR=str(data_dir / "file" / "x"))
    assert done.returncode == 1
    assert "cannot be used: Not a directory. Choose another one with DATA_DIR." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_last_command_turns_off_the_light(data_dir: Path) -> None:
    code = "from supportdesk import embedded; embedded.database_url(); embedded.redis_url(); "
    with subprocess.Popen(
        [sys.executable, "-c", code + "print('up', flush=True); input()"],
        cwd=ROOT,
        env=outside(DATA_DIR=str(data_dir)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as longer:
        assert longer.stdout.readline() == "up\n"
        assert python("-c", code, DATA_DIR=str(data_dir)).returncode == 0
        assert all(embedded.status(data_dir).values()), "the shorter one left them to the longer"
        longer.communicate("\n", timeout=60)
    assert embedded.status(data_dir) == {"postgres": None, "valkey": None}


def test_a_developer_starts_looks_and_stops(data_dir: Path) -> None:
    def say(word: str) -> str:
        return python("-m", "supportdesk.embedded", word, DATA_DIR=str(data_dir)).stdout

    assert "DATABASE_URL=postgres://" in say("start")
    code = "from supportdesk import embedded; embedded.database_url()"
    assert python("-c", code, DATA_DIR=str(data_dir)).returncode == 0
    assert say("status").count("running (process") == 2, "what was started stays"
    assert say("stop") == "stopped: postgres, valkey\n"
    assert say("status").count("not running") == 2
