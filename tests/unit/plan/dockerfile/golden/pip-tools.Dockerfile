FROM python:3.11-slim AS builder
RUN apt-get update \
    && apt-get install -y build-essential wget \
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip install --upgrade pip pip-tools
WORKDIR /opt/forecast
COPY requirements.txt /opt/forecast/
RUN pip-sync requirements.txt

FROM python:3.11-slim AS runtime
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /opt/forecast
ENV HOME=/home/app
WORKDIR /opt/forecast
COPY --chown=10001:10001 . /opt/forecast
RUN chmod -R 755 /opt/forecast
EXPOSE 9000
ENV PYTHONUNBUFFERED=1
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9000/healthz', timeout=4)"]
CMD ["python", "forecast.py"]
