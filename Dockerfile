# One image for web, worker, files, beat and migrate: docker-compose.yml says which.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles
WORKDIR /app

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin desk \
    && mkdir /data && chown desk:desk /data

# A server has its own PostgreSQL and Valkey: the lock without the embedded engines.
COPY requirements.lock ./
RUN python -m pip install --no-deps --require-hashes --requirement requirements.lock

COPY manage.py ./
COPY supportdesk supportdesk
COPY policies policies
COPY tickets tickets
COPY templates templates
# Collecting files asks neither engine; the addresses only have to be there.
RUN DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --noinput --verbosity 0

USER desk
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-m", "supportdesk.probe", "web"]
CMD ["python", "-m", "gunicorn", "supportdesk.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120", \
     "--no-control-socket"]
