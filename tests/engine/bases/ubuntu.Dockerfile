# Stands in for `ubuntu:22.04`: Debian 12 under its name. Like Ubuntu 22.04 it lets pip install beside apt's packages;
# unlike it, Python is 3.11 and not 3.10.
FROM debian:bookworm-slim
RUN echo 'path-exclude=/usr/lib/python3*/EXTERNALLY-MANAGED' >/etc/dpkg/dpkg.cfg.d/ubuntu-pip
CMD ["/bin/bash"]
