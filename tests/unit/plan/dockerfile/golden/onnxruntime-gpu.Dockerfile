FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS builder
ARG DEVICE=gpu
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip curl && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /service
COPY requirements-${DEVICE}.txt /service/
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip3 install -r requirements-${DEVICE}.txt

FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04 AS runtime
ARG DEVICE=gpu
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /service
ENV HOME=/home/app
WORKDIR /service
COPY --chown=10001:10001 . /service
ENV MODEL=/service/model.onnx
EXPOSE 8000
HEALTHCHECK --interval=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=4)"]
ENV PYTHONUNBUFFERED=1
USER 10001:10001
CMD ["python3", "serve.py"]
