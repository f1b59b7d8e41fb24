FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS builder
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y python3 python3-pip python3-dev build-essential \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN pip3 install --no-cache-dir -r /tmp/requirements.txt

FROM nvidia/cuda:12.4.1-base-ubuntu22.04 AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /srv/service
ENV HOME=/home/app
COPY --chown=10001:10001 requirements.txt /tmp/
COPY --chown=10001:10001 . /srv/service
WORKDIR /srv/service
ENV PYTHONUNBUFFERED=1
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080), 4)"]
ENTRYPOINT ["python3"]
CMD ["server.py"]
