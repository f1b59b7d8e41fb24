# Stands in for `python:3.11-slim` and `python:3.11`: an interpreter below /usr/local that no package owns, with pip,
# setuptools, wheel, venv and headers, and site-packages in place of Debian's dist-packages. Its files are Debian's.
FROM debian:bookworm-slim AS parts
WORKDIR /parts
RUN apt-get update && apt-get install -y --no-install-recommends libexpat1 zlib1g \
 && apt-get download python3.11-minimal libpython3.11-minimal libpython3.11-stdlib python3.11-venv libpython3.11 \
      libpython3.11-dev python3-distutils python3-lib2to3 \
 && for deb in *.deb; do dpkg-deb -x "$deb" root; done
COPY undebian.py .
RUN mkdir -p out/lib out/bin out/include \
 && cp -a root/usr/lib/python3.11 out/lib/ \
 && rm -rf out/lib/python3.11/config-3.11-x86_64-linux-gnu/*.a \
 && cp -a root/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0 out/lib/ && ln -s libpython3.11.so.1.0 out/lib/libpython3.11.so \
 && cp -a root/usr/include/python3.11 root/usr/include/x86_64-linux-gnu out/include/ \
 && cp -a root/usr/bin/python3.11 out/bin/ \
 && ln -s python3.11 out/bin/python3 && ln -s python3 out/bin/python \
 && out/bin/python3.11 undebian.py out

FROM debian:bookworm-slim AS slim
ENV PATH=/usr/local/bin:$PATH LANG=C.UTF-8 PYTHON_VERSION=3.11.2
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates netbase tzdata \
      libbz2-1.0 libdb5.3 libexpat1 libffi8 liblzma5 libncursesw6 libnsl2 libreadline8 libsqlite3-0 libssl3 libtirpc3 \
      libuuid1 zlib1g \
 && rm -rf /var/lib/apt/lists/*
COPY --from=parts /parts/out/ /usr/local/
RUN --mount=type=bind,source=wheels,target=/wheels \
    ldconfig && cp -r /wheels/. /usr/local/lib/python3.11/ensurepip/_bundled/ \
 && python3 -m ensurepip --default-pip \
 && python3 -m pip install --no-index --no-cache-dir --root-user-action=ignore /wheels/wheel-*.whl \
 && find /usr/local -name __pycache__ -type d -exec rm -rf {} +
CMD ["python3"]

FROM slim AS full
RUN apt-get update && apt-get install -y --no-install-recommends build-essential curl git gnupg libbz2-dev libffi-dev \
      liblzma-dev libpq-dev libsqlite3-dev libssl-dev openssh-client pkg-config unzip wget zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*

# For the Poetry recipe: Poetry asks the index for a JSON document of each release, which not every index has. The plugin
# lets it ask as pip does, and the variable lets it trust whom the system trusts. Poetry itself is not here.
FROM slim AS poetry
ARG INDEX
ENV POETRY_PYPI_MIRROR_URL=$INDEX REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
RUN pip install --no-deps --no-cache-dir --root-user-action=ignore poetry-plugin-pypi-mirror
