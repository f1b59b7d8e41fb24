"""Dockerfiles built by what builds them: BuildKit behind Docker, else Podman or Buildah."""
