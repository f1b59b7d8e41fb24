# Stands in for `nvidia/cuda:12.4.1-…-ubuntu22.04`: paths, variables and entry point as there, and filler in place of the
# toolkit, a fiftieth of its size: 10 MB for base, 60 for runtime, 100 with cuDNN, 180 for devel (with a real compiler).
# nvcc only tells its version. What an image saves by leaving such a base is therefore understated fifty times.
FROM ubuntu:22.04 AS base
ENV NVARCH=x86_64 CUDA_VERSION=12.4.1 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PATH=/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64
RUN mkdir -p /usr/local/cuda-12.4/lib64 && ln -s cuda-12.4 /usr/local/cuda \
 && echo '{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}' >/usr/local/cuda/version.json \
 && head -c 10000000 /dev/urandom >/usr/local/cuda/lib64/libcudart.so.12

FROM base AS runtime
RUN for name in cublas:40 cufft:10; do head -c "${name#*:}000000" /dev/urandom >"/usr/local/cuda/lib64/lib${name%:*}.so.12"; done \
 && mkdir /opt/nvidia \
 && printf '#!/bin/bash\nexec "$@"\n' >/opt/nvidia/nvidia_entrypoint.sh && chmod 755 /opt/nvidia/nvidia_entrypoint.sh
ENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]

FROM runtime AS cudnn-runtime
ENV NV_CUDNN_VERSION=9.1.0.70-1
RUN head -c 40000000 /dev/urandom >/usr/lib/x86_64-linux-gnu/libcudnn.so.9

FROM cudnn-runtime AS cudnn-devel
ENV LIBRARY_PATH=/usr/local/cuda/lib64/stubs
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /usr/local/cuda/bin /usr/local/cuda/include \
 && head -c 80000000 /dev/urandom >/usr/local/cuda/lib64/libcublas_static.a \
 && printf '#!/bin/sh\necho "Cuda compilation tools, release 12.4, V12.4.131"\n' >/usr/local/cuda/bin/nvcc \
 && chmod 755 /usr/local/cuda/bin/nvcc
