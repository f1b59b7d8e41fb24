FROM continuumio/miniconda3:24.1.2-0 AS builder
RUN apt-get update && apt-get install -y build-essential curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY environment.yml /app/
RUN conda env create -f environment.yml \
    && conda clean -afy

FROM debian:bookworm-slim AS runtime
COPY --from=builder /opt/conda/envs/pricing /opt/conda/envs/pricing
RUN useradd --uid 10001 --user-group --create-home --no-log-init --shell /usr/sbin/nologin app \
    && install --directory --owner=10001 --group=10001 /app
ENV HOME=/home/app
WORKDIR /app
COPY --chown=10001:10001 . /app
ENV PATH=/opt/conda/envs/pricing/bin:$PATH
EXPOSE 5000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=4)"]
CMD ["gunicorn", "--bind", "0.0.0.0:5000", "pricing.web:app"]
