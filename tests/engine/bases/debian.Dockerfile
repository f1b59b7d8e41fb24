# Debian 12 as `debian:bookworm-slim` is: essential packages and apt, no documentation, apt cleans up after itself.
FROM scratch
ADD rootfs.tar /
COPY machine/ /
CMD ["bash"]
