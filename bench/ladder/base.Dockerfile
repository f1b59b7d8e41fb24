# A CUDA devel base of the size of the real one, under its name, made of Debian's packages: the toolkit (11.8, with static
# libraries and headers) and compilers. Its versions differ from those of its name; nothing in the detector uses it.
FROM ubuntu:22.04
ENV NVARCH=x86_64 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN find /etc/apt -name '*.list' -exec sed -i 's/ main$/ main contrib non-free/' {} + \
 && apt-get update && apt-get install -y build-essential nvidia-cuda-toolkit && rm -rf /var/lib/apt/lists/*
