FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS builder
RUN apt-get update && apt-get install -y python3 python3-pip git wget vim tmux htop \
    && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip3 install numpy==1.26.4 tqdm pyyaml tensorboardX

FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04 AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /workspace /workspace/runs
ENV HOME=/home/app
COPY --chown=10001:10001 . /workspace
WORKDIR /workspace
ENV SEED=3
VOLUME /workspace/runs
ENV PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["python3", "train.py"]
CMD ["--config", "config.yaml"]
