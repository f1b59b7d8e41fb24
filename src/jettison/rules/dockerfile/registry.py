"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

from jettison.rules.dockerfile.apt_lists_shipped import APT_LISTS_SHIPPED
from jettison.rules.dockerfile.argument_not_declared import ARGUMENT_NOT_DECLARED
from jettison.rules.dockerfile.argument_without_default import ARGUMENT_WITHOUT_DEFAULT
from jettison.rules.dockerfile.bash_in_sh import BASH_IN_SH
from jettison.rules.dockerfile.bytecode_removed import BYTECODE_REMOVED
from jettison.rules.dockerfile.copy_from_unknown import COPY_FROM_UNKNOWN
from jettison.rules.dockerfile.copy_source_missing import COPY_SOURCE_MISSING
from jettison.rules.dockerfile.development_server import DEVELOPMENT_SERVER
from jettison.rules.dockerfile.empty_continuation import EMPTY_CONTINUATION
from jettison.rules.dockerfile.expose_invalid import EXPOSE_INVALID
from jettison.rules.dockerfile.healthcheck_missing import HEALTHCHECK_MISSING
from jettison.rules.dockerfile.healthcheck_tool_missing import HEALTHCHECK_TOOL_MISSING
from jettison.rules.dockerfile.healthcheck_without_start_period import HEALTHCHECK_WITHOUT_START_PERIOD
from jettison.rules.dockerfile.installs_at_start import INSTALLS_AT_START
from jettison.rules.dockerfile.legacy_key_value import LEGACY_KEY_VALUE
from jettison.rules.dockerfile.maintainer_deprecated import MAINTAINER_DEPRECATED
from jettison.rules.dockerfile.mixed_casing import MIXED_CASING
from jettison.rules.dockerfile.output_buffered import OUTPUT_BUFFERED
from jettison.rules.dockerfile.platform_constant import PLATFORM_CONSTANT
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.shell_form_start import SHELL_FORM_START
from jettison.rules.dockerfile.stage_name import STAGE_NAME
from jettison.rules.dockerfile.start_overridden import START_OVERRIDDEN
from jettison.rules.dockerfile.syntax_not_first import SYNTAX_NOT_FIRST

DOCKERFILE_RULES: tuple[Rule, ...] = (
    # keep one name a line
    APT_LISTS_SHIPPED,
    SHELL_FORM_START,
    HEALTHCHECK_TOOL_MISSING,
    COPY_FROM_UNKNOWN,
    COPY_SOURCE_MISSING,
    START_OVERRIDDEN,
    ARGUMENT_NOT_DECLARED,
    ARGUMENT_WITHOUT_DEFAULT,
    SYNTAX_NOT_FIRST,
    BASH_IN_SH,
    DEVELOPMENT_SERVER,
    INSTALLS_AT_START,
    BYTECODE_REMOVED,
    HEALTHCHECK_WITHOUT_START_PERIOD,
    HEALTHCHECK_MISSING,
    OUTPUT_BUFFERED,
    EXPOSE_INVALID,
    PLATFORM_CONSTANT,
    LEGACY_KEY_VALUE,
    MAINTAINER_DEPRECATED,
    STAGE_NAME,
    EMPTY_CONTINUATION,
    MIXED_CASING,
)
