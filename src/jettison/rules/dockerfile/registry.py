"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

from jettison.rules.dockerfile.add_instead_of_copy import ADD_INSTEAD_OF_COPY
from jettison.rules.dockerfile.add_url_without_checksum import ADD_URL_WITHOUT_CHECKSUM
from jettison.rules.dockerfile.apt_lists_shipped import APT_LISTS_SHIPPED
from jettison.rules.dockerfile.cache_not_writable import CACHE_NOT_WRITABLE
from jettison.rules.dockerfile.cd_without_workdir import CD_WITHOUT_WORKDIR
from jettison.rules.dockerfile.chmod_in_later_layer import CHMOD_IN_LATER_LAYER
from jettison.rules.dockerfile.chown_in_later_layer import CHOWN_IN_LATER_LAYER
from jettison.rules.dockerfile.copy_link_named_owner import COPY_LINK_NAMED_OWNER
from jettison.rules.dockerfile.curl_ignores_errors import CURL_IGNORES_ERRORS
from jettison.rules.dockerfile.curl_pipe_shell import CURL_PIPE_SHELL
from jettison.rules.dockerfile.distroless_python_twice import DISTROLESS_PYTHON_TWICE
from jettison.rules.dockerfile.download_left import DOWNLOAD_LEFT
from jettison.rules.dockerfile.download_without_checksum import DOWNLOAD_WITHOUT_CHECKSUM
from jettison.rules.dockerfile.driver_in_image import DRIVER_IN_IMAGE
from jettison.rules.dockerfile.duplicate_copy import DUPLICATE_COPY
from jettison.rules.dockerfile.environment_moved import ENVIRONMENT_MOVED
from jettison.rules.dockerfile.git_history_shipped import GIT_HISTORY_SHIPPED
from jettison.rules.dockerfile.git_unpinned import GIT_UNPINNED
from jettison.rules.dockerfile.gpu_choice_fixed import GPU_CHOICE_FIXED
from jettison.rules.dockerfile.ld_library_path_override import LD_LIBRARY_PATH_OVERRIDE
from jettison.rules.dockerfile.moved_in_later_layer import MOVED_IN_LATER_LAYER
from jettison.rules.dockerfile.nvidia_runtime_unset import NVIDIA_RUNTIME_UNSET
from jettison.rules.dockerfile.path_override import PATH_OVERRIDE
from jettison.rules.dockerfile.pipe_hides_failure import PIPE_HIDES_FAILURE
from jettison.rules.dockerfile.python_mismatch import PYTHON_MISMATCH
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.removed_in_later_layer import REMOVED_IN_LATER_LAYER
from jettison.rules.dockerfile.root_user import ROOT_USER
from jettison.rules.dockerfile.secret_build_argument import SECRET_BUILD_ARGUMENT
from jettison.rules.dockerfile.secret_in_command import SECRET_IN_COMMAND
from jettison.rules.dockerfile.secret_in_env import SECRET_IN_ENV
from jettison.rules.dockerfile.secret_removed_later import SECRET_REMOVED_LATER
from jettison.rules.dockerfile.shell_form_without_shell import SHELL_FORM_WITHOUT_SHELL
from jettison.rules.dockerfile.stage_copied_whole import STAGE_COPIED_WHOLE
from jettison.rules.dockerfile.sudo_used import SUDO_USED
from jettison.rules.dockerfile.user_by_name import USER_BY_NAME
from jettison.rules.dockerfile.useradd_large_uid import USERADD_LARGE_UID
from jettison.rules.dockerfile.wget_and_curl_both import WGET_AND_CURL_BOTH
from jettison.rules.dockerfile.workdir_missing import WORKDIR_MISSING
from jettison.rules.dockerfile.workdir_relative import WORKDIR_RELATIVE
from jettison.rules.dockerfile.world_writable import WORLD_WRITABLE
from jettison.rules.dockerfile.written_after_volume import WRITTEN_AFTER_VOLUME

DOCKERFILE_RULES: tuple[Rule, ...] = (
    # keep one name a line
    APT_LISTS_SHIPPED,
    CHOWN_IN_LATER_LAYER,
    CHMOD_IN_LATER_LAYER,
    COPY_LINK_NAMED_OWNER,
    REMOVED_IN_LATER_LAYER,
    MOVED_IN_LATER_LAYER,
    ADD_INSTEAD_OF_COPY,
    DOWNLOAD_LEFT,
    DOWNLOAD_WITHOUT_CHECKSUM,
    ADD_URL_WITHOUT_CHECKSUM,
    CURL_PIPE_SHELL,
    CURL_IGNORES_ERRORS,
    PIPE_HIDES_FAILURE,
    GIT_HISTORY_SHIPPED,
    GIT_UNPINNED,
    WGET_AND_CURL_BOTH,
    CD_WITHOUT_WORKDIR,
    WORKDIR_RELATIVE,
    WORKDIR_MISSING,
    ROOT_USER,
    USER_BY_NAME,
    CACHE_NOT_WRITABLE,
    SUDO_USED,
    USERADD_LARGE_UID,
    WORLD_WRITABLE,
    SECRET_IN_ENV,
    SECRET_IN_COMMAND,
    SECRET_REMOVED_LATER,
    SECRET_BUILD_ARGUMENT,
    LD_LIBRARY_PATH_OVERRIDE,
    PATH_OVERRIDE,
    GPU_CHOICE_FIXED,
    NVIDIA_RUNTIME_UNSET,
    DRIVER_IN_IMAGE,
    WRITTEN_AFTER_VOLUME,
    DUPLICATE_COPY,
    STAGE_COPIED_WHOLE,
    PYTHON_MISMATCH,
    ENVIRONMENT_MOVED,
    SHELL_FORM_WITHOUT_SHELL,
    DISTROLESS_PYTHON_TWICE,
)
