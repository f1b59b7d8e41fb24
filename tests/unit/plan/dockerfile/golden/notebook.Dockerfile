FROM python:3.11 AS builder
WORKDIR /home/work
RUN python -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN --mount=type=cache,target=/root/.cache/pip pip install --upgrade pip
RUN --mount=type=cache,target=/root/.cache/pip pip install jupyterlab==4.3.* nbconvert ipykernel
RUN --mount=type=cache,target=/root/.cache/pip pip install numpy==1.26.4 matplotlib

FROM python:3.11-slim AS runtime
COPY --from=builder /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /home/work
ENV HOME=/home/app
WORKDIR /home/work
COPY --chown=10001:10001 . /home/work
EXPOSE 8888
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8888), 4)"]
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--allow-root", "--ServerApp.token="]
