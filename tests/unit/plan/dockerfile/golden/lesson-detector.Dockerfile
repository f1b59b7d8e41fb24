FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04 AS builder
RUN apt-get update && apt-get install -y \
    python3 python3-pip python3-dev \
    build-essential git wget curl vim \
    libgl1 libglib2.0-0 libsm6 libxext6 libxrender1 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip3 install torch torchvision fastapi uvicorn python-multipart \
    opencv-python albumentations scikit-learn pandas pillow requests

FROM nvidia/cuda:12.4.1-base-ubuntu22.04 AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
        libgl1 \
        libglib2.0-0 \
        libsm6 \
        libxext6 \
        libxrender1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin service \
    && install --directory --owner=10001 --group=10001 /app
ENV HOME=/home/service
WORKDIR /app
COPY --chown=10001:10001 --chmod=777 . .
RUN chmod 777 /app
ENV WEIGHTS=/app/weights/detector.bin
EXPOSE 8000
HEALTHCHECK --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health', timeout=4)"]
USER 10001:10001
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]
