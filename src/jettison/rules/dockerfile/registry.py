"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

from jettison.rules.dockerfile.add_instead_of_copy import ADD_INSTEAD_OF_COPY
from jettison.rules.dockerfile.apt_lists_shipped import APT_LISTS_SHIPPED
from jettison.rules.dockerfile.chmod_in_later_layer import CHMOD_IN_LATER_LAYER
from jettison.rules.dockerfile.chown_in_later_layer import CHOWN_IN_LATER_LAYER
from jettison.rules.dockerfile.copy_link_named_owner import COPY_LINK_NAMED_OWNER
from jettison.rules.dockerfile.moved_in_later_layer import MOVED_IN_LATER_LAYER
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.removed_in_later_layer import REMOVED_IN_LATER_LAYER

DOCKERFILE_RULES: tuple[Rule, ...] = (
    # keep one name a line
    APT_LISTS_SHIPPED,
    CHOWN_IN_LATER_LAYER,
    CHMOD_IN_LATER_LAYER,
    COPY_LINK_NAMED_OWNER,
    REMOVED_IN_LATER_LAYER,
    MOVED_IN_LATER_LAYER,
    ADD_INSTEAD_OF_COPY,
)
