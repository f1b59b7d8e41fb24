# Stands in for `continuumio/miniconda3`: no conda channel is asked. /opt/conda has its own interpreter; `conda` is a
# script that knows what Dockerfiles use, takes the packages as wheels from pip's index, and records them in conda-meta.
FROM debian:bookworm-slim
ENV PATH=/opt/conda/bin:$PATH LANG=C.UTF-8 LC_ALL=C.UTF-8
RUN apt-get update && apt-get install -y --no-install-recommends bzip2 ca-certificates git libbz2-1.0 libdb5.3 libexpat1 \
      libffi8 liblzma5 libncursesw6 libnsl2 libreadline8 libsqlite3-0 libssl3 libtirpc3 libuuid1 procps wget zlib1g \
 && rm -rf /var/lib/apt/lists/*
COPY --from=python:3.11-slim /usr/local/ /opt/conda/
# As in conda's packages, all but libc lies in the prefix, and is found from where the program lies.
RUN apt-get update && apt-get install -y --no-install-recommends patchelf && cd /opt/conda \
 && ldd bin/python3.11 lib/python3.11/lib-dynload/*.so | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u \
      | grep -vE '/lib(c|m|dl|pthread|rt|python3.11)\.' | xargs cp -L -t lib \
 && patchelf --set-rpath '$ORIGIN/../lib' bin/python3.11 \
 && find lib -maxdepth 1 -name 'lib*.so*' -type f -exec patchelf --set-rpath '$ORIGIN' {} + \
 && patchelf --set-rpath '$ORIGIN/../..' lib/python3.11/lib-dynload/*.so \
 && apt-get purge -y patchelf && rm -rf /var/lib/apt/lists/*
COPY conda.py /opt/conda/bin/conda
RUN chmod 755 /opt/conda/bin/conda && mkdir -p /opt/conda/conda-meta /opt/conda/pkgs /opt/conda/envs \
 && touch /opt/conda/conda-meta/history \
 && sed -i '1s|.*|#!/opt/conda/bin/python3.11|' /opt/conda/bin/pip /opt/conda/bin/pip3 /opt/conda/bin/pip3.11
CMD ["/bin/bash"]
