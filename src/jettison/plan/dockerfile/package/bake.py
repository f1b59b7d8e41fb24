"""``docker-bake.hcl``: the recipe's stages as targets of ``docker buildx bake``, with the cache in the registry."""

from jettison.plan.dockerfile.package.shape import Shape

NAME = "docker-bake.hcl"
_OURS = frozenset({"image", "default", "training"})  # names of targets that are not stages


def bake(shape: Shape) -> str:
    """Return the file's text."""
    others = "".join(_target(stage) for stage in shape.stages[:-1] if stage not in _OURS)
    target = f'  target     = "{shape.stages[-1]}"\n' if shape.stages else ""
    secrets = ", ".join(f'"id={name}"' for name in shape.secrets)
    secret = f"  secret     = [{secrets}]\n" if secrets else ""
    return (
        "# docker buildx bake                 build the image\n"
        "# IMAGE=host/path docker buildx bake --push   and push it, with its cache\n"
        f'variable "IMAGE" {{\n  default = "{shape.name}"\n}}\n\nvariable "TAG" {{\n  default = "latest"\n}}\n\n'
        'variable "CACHE" {\n  default = ""\n}\n\ngroup "default" {\n  targets = ["image"]\n}\n\n'
        f'target "image" {{\n  context    = "."\n  dockerfile = "{shape.dockerfile}"\n{target}'
        f'  tags       = ["${{IMAGE}}:${{TAG}}"]\n{secret}'
        '  cache-from = CACHE == "" ? [] : ["type=registry,ref=${CACHE}"]\n'
        '  cache-to   = CACHE == "" ? [] : ["type=registry,ref=${CACHE},mode=max"]\n}\n'
        f"{others}{_training(shape)}"
    )


def _training(shape: Shape) -> str:
    if not shape.training:
        return ""
    return (
        f'\ntarget "training" {{\n  inherits   = ["image"]\n  dockerfile = "{shape.training}"\n  target     = ""\n'
        '  tags       = ["${IMAGE}:${TAG}-training"]\n}\n'
    )


def _target(stage: str) -> str:
    return (
        f'\ntarget "{stage}" {{\n  inherits = ["image"]\n  target   = "{stage}"\n'
        f'  tags     = ["${{IMAGE}}:${{TAG}}-{stage}"]\n}}\n'
    )
