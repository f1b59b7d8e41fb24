# Stands in for `ghcr.io/astral-sh/uv`: the two programs of the wheel for musl, which need no library, in an empty image.
FROM scratch
COPY uv/ /
ENTRYPOINT ["/uv"]
