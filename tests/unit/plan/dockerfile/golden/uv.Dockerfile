# syntax=docker/dockerfile:1

FROM python:3.11-slim AS builder
COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/
WORKDIR /app
COPY . /app
ENV PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON=/opt/venv/bin/python
RUN --mount=type=cache,target=/root/.cache/uv uv sync --no-dev --compile-bytecode --link-mode=copy --locked

FROM python:3.11-slim AS runtime
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /app
ENV HOME=/home/app
WORKDIR /app
COPY --chown=10001:10001 . /app
ENV PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["uvicorn", "ranker.main:app", "--host", "0.0.0.0", "--port", "8000", "--log-level", "warning"]
