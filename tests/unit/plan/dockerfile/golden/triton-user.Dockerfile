FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS builder
ARG DEVICE=gpu
RUN apt-get update && apt-get install -y python3 python3-pip python3-dev git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements-${DEVICE}.txt requirements-cpu.txt ./
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip3 install -r requirements-${DEVICE}.txt

FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS runtime
ARG DEVICE=gpu
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
        python3-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /app
ENV HOME=/home/app
WORKDIR /app
COPY --chown=10001:10001 . .
ENV CC=gcc
EXPOSE 8000
ENV PYTHONUNBUFFERED=1
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), 4)"]
CMD ["python3", "kernels.py"]
