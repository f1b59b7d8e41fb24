"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

from jettison.rules.dockerfile.apt_lists_shipped import APT_LISTS_SHIPPED
from jettison.rules.dockerfile.record import Rule

DOCKERFILE_RULES: tuple[Rule, ...] = (
    # keep one name a line
    APT_LISTS_SHIPPED,
)
