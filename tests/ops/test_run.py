"""The engines of a test run are its own."""

import django.db
import pytest
import redis
from django.conf import settings


@pytest.mark.django_db
def test_the_tests_run_on_a_real_postgresql_18_and_valkey() -> None:
    with django.db.connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert cursor.fetchone()[0].startswith("18")
        cursor.execute("SELECT lower('ÄÖ'), 'a' < 'B' COLLATE \"default\"")
        assert cursor.fetchone() == ("äö", False)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.ping()
