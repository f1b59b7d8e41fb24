"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

from jettison.rules.dockerfile.add_instead_of_copy import ADD_INSTEAD_OF_COPY
from jettison.rules.dockerfile.add_url_without_checksum import ADD_URL_WITHOUT_CHECKSUM
from jettison.rules.dockerfile.apk_build_deps_left import APK_BUILD_DEPS_LEFT
from jettison.rules.dockerfile.apk_cache_shipped import APK_CACHE_SHIPPED
from jettison.rules.dockerfile.apt_asks import APT_ASKS
from jettison.rules.dockerfile.apt_cache_mount_cleaned import APT_CACHE_MOUNT_CLEANED
from jettison.rules.dockerfile.apt_cache_mount_emptied import APT_CACHE_MOUNT_EMPTIED
from jettison.rules.dockerfile.apt_cache_mount_not_locked import APT_CACHE_MOUNT_NOT_LOCKED
from jettison.rules.dockerfile.apt_cuda_unpinned import APT_CUDA_UNPINNED
from jettison.rules.dockerfile.apt_debug_tools_shipped import APT_DEBUG_TOOLS_SHIPPED
from jettison.rules.dockerfile.apt_interactive_tool import APT_INTERACTIVE_TOOL
from jettison.rules.dockerfile.apt_key_deprecated import APT_KEY_DEPRECATED
from jettison.rules.dockerfile.apt_lists_shipped import APT_LISTS_SHIPPED
from jettison.rules.dockerfile.apt_noninteractive_env import APT_NONINTERACTIVE_ENV
from jettison.rules.dockerfile.apt_recommends import APT_RECOMMENDS
from jettison.rules.dockerfile.apt_update_alone import APT_UPDATE_ALONE
from jettison.rules.dockerfile.apt_upgrade import APT_UPGRADE
from jettison.rules.dockerfile.apt_without_cache_mount import APT_WITHOUT_CACHE_MOUNT
from jettison.rules.dockerfile.argument_not_declared import ARGUMENT_NOT_DECLARED
from jettison.rules.dockerfile.argument_without_default import ARGUMENT_WITHOUT_DEFAULT
from jettison.rules.dockerfile.base_end_of_life import BASE_END_OF_LIFE
from jettison.rules.dockerfile.base_too_large import BASE_TOO_LARGE
from jettison.rules.dockerfile.base_without_digest import BASE_WITHOUT_DIGEST
from jettison.rules.dockerfile.base_without_tag import BASE_WITHOUT_TAG
from jettison.rules.dockerfile.bash_in_sh import BASH_IN_SH
from jettison.rules.dockerfile.built_in_one_stage import BUILT_IN_ONE_STAGE
from jettison.rules.dockerfile.bytecode_removed import BYTECODE_REMOVED
from jettison.rules.dockerfile.cache_mount_unused import CACHE_MOUNT_UNUSED
from jettison.rules.dockerfile.cache_mount_wrong_directory import CACHE_MOUNT_WRONG_DIRECTORY
from jettison.rules.dockerfile.cache_mount_wrong_owner import CACHE_MOUNT_WRONG_OWNER
from jettison.rules.dockerfile.cache_not_writable import CACHE_NOT_WRITABLE
from jettison.rules.dockerfile.cd_without_workdir import CD_WITHOUT_WORKDIR
from jettison.rules.dockerfile.chmod_in_later_layer import CHMOD_IN_LATER_LAYER
from jettison.rules.dockerfile.chown_in_later_layer import CHOWN_IN_LATER_LAYER
from jettison.rules.dockerfile.compilers_shipped import COMPILERS_SHIPPED
from jettison.rules.dockerfile.conda_activate_in_run import CONDA_ACTIVATE_IN_RUN
from jettison.rules.dockerfile.conda_and_pip import CONDA_AND_PIP
from jettison.rules.dockerfile.conda_base_environment import CONDA_BASE_ENVIRONMENT
from jettison.rules.dockerfile.conda_cache_shipped import CONDA_CACHE_SHIPPED
from jettison.rules.dockerfile.conda_compilers_shipped import CONDA_COMPILERS_SHIPPED
from jettison.rules.dockerfile.conda_defaults_channel import CONDA_DEFAULTS_CHANNEL
from jettison.rules.dockerfile.conda_unpinned import CONDA_UNPINNED
from jettison.rules.dockerfile.copy_from_unknown import COPY_FROM_UNKNOWN
from jettison.rules.dockerfile.copy_link_named_owner import COPY_LINK_NAMED_OWNER
from jettison.rules.dockerfile.copy_order_by_change import COPY_ORDER_BY_CHANGE
from jettison.rules.dockerfile.copy_source_missing import COPY_SOURCE_MISSING
from jettison.rules.dockerfile.cuda_twice import CUDA_TWICE
from jettison.rules.dockerfile.curl_ignores_errors import CURL_IGNORES_ERRORS
from jettison.rules.dockerfile.curl_pipe_shell import CURL_PIPE_SHELL
from jettison.rules.dockerfile.devel_base_shipped import DEVEL_BASE_SHIPPED
from jettison.rules.dockerfile.development_server import DEVELOPMENT_SERVER
from jettison.rules.dockerfile.distroless_python_twice import DISTROLESS_PYTHON_TWICE
from jettison.rules.dockerfile.dnf_cache_shipped import DNF_CACHE_SHIPPED
from jettison.rules.dockerfile.dnf_weak_dependencies import DNF_WEAK_DEPENDENCIES
from jettison.rules.dockerfile.dockerignore_misses import DOCKERIGNORE_MISSES
from jettison.rules.dockerfile.dockerignore_missing import DOCKERIGNORE_MISSING
from jettison.rules.dockerfile.download_left import DOWNLOAD_LEFT
from jettison.rules.dockerfile.download_without_checksum import DOWNLOAD_WITHOUT_CHECKSUM
from jettison.rules.dockerfile.downloads_everything import DOWNLOADS_EVERYTHING
from jettison.rules.dockerfile.driver_in_image import DRIVER_IN_IMAGE
from jettison.rules.dockerfile.duplicate_copy import DUPLICATE_COPY
from jettison.rules.dockerfile.editable_install_shipped import EDITABLE_INSTALL_SHIPPED
from jettison.rules.dockerfile.empty_continuation import EMPTY_CONTINUATION
from jettison.rules.dockerfile.environment_moved import ENVIRONMENT_MOVED
from jettison.rules.dockerfile.expose_invalid import EXPOSE_INVALID
from jettison.rules.dockerfile.git_history_shipped import GIT_HISTORY_SHIPPED
from jettison.rules.dockerfile.git_unpinned import GIT_UNPINNED
from jettison.rules.dockerfile.gpu_choice_fixed import GPU_CHOICE_FIXED
from jettison.rules.dockerfile.healthcheck_missing import HEALTHCHECK_MISSING
from jettison.rules.dockerfile.healthcheck_tool_missing import HEALTHCHECK_TOOL_MISSING
from jettison.rules.dockerfile.healthcheck_without_start_period import HEALTHCHECK_WITHOUT_START_PERIOD
from jettison.rules.dockerfile.heavy_alternate import HEAVY_ALTERNATE
from jettison.rules.dockerfile.installer_cache_shipped import INSTALLER_CACHE_SHIPPED
from jettison.rules.dockerfile.installs_at_start import INSTALLS_AT_START
from jettison.rules.dockerfile.jit_without_compiler import JIT_WITHOUT_COMPILER
from jettison.rules.dockerfile.ld_library_path_override import LD_LIBRARY_PATH_OVERRIDE
from jettison.rules.dockerfile.legacy_key_value import LEGACY_KEY_VALUE
from jettison.rules.dockerfile.maintainer_deprecated import MAINTAINER_DEPRECATED
from jettison.rules.dockerfile.mixed_casing import MIXED_CASING
from jettison.rules.dockerfile.moved_in_later_layer import MOVED_IN_LATER_LAYER
from jettison.rules.dockerfile.nvidia_runtime_unset import NVIDIA_RUNTIME_UNSET
from jettison.rules.dockerfile.onnxruntime_gpu_without_libraries import ONNXRUNTIME_GPU_WITHOUT_LIBRARIES
from jettison.rules.dockerfile.output_buffered import OUTPUT_BUFFERED
from jettison.rules.dockerfile.path_override import PATH_OVERRIDE
from jettison.rules.dockerfile.pip_as_sudo import PIP_AS_SUDO
from jettison.rules.dockerfile.pip_cache_shipped import PIP_CACHE_SHIPPED
from jettison.rules.dockerfile.pip_in_system_python import PIP_IN_SYSTEM_PYTHON
from jettison.rules.dockerfile.pip_trusted_host import PIP_TRUSTED_HOST
from jettison.rules.dockerfile.pip_unpinned import PIP_UNPINNED
from jettison.rules.dockerfile.pip_upgrades_itself import PIP_UPGRADES_ITSELF
from jettison.rules.dockerfile.pip_user_install import PIP_USER_INSTALL
from jettison.rules.dockerfile.pipe_hides_failure import PIPE_HIDES_FAILURE
from jettison.rules.dockerfile.pipenv_not_deploy import PIPENV_NOT_DEPLOY
from jettison.rules.dockerfile.platform_constant import PLATFORM_CONSTANT
from jettison.rules.dockerfile.poetry_installs_dev import POETRY_INSTALLS_DEV
from jettison.rules.dockerfile.poetry_root_before_source import POETRY_ROOT_BEFORE_SOURCE
from jettison.rules.dockerfile.poetry_venv_hidden import POETRY_VENV_HIDDEN
from jettison.rules.dockerfile.python_from_ppa import PYTHON_FROM_PPA
from jettison.rules.dockerfile.python_mismatch import PYTHON_MISMATCH
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.removed_in_later_layer import REMOVED_IN_LATER_LAYER
from jettison.rules.dockerfile.root_user import ROOT_USER
from jettison.rules.dockerfile.rust_toolchain_shipped import RUST_TOOLCHAIN_SHIPPED
from jettison.rules.dockerfile.same_files_twice import SAME_FILES_TWICE
from jettison.rules.dockerfile.secret_build_argument import SECRET_BUILD_ARGUMENT
from jettison.rules.dockerfile.secret_files_copied import SECRET_FILES_COPIED
from jettison.rules.dockerfile.secret_in_command import SECRET_IN_COMMAND
from jettison.rules.dockerfile.secret_in_env import SECRET_IN_ENV
from jettison.rules.dockerfile.secret_removed_later import SECRET_REMOVED_LATER
from jettison.rules.dockerfile.setup_py_install import SETUP_PY_INSTALL
from jettison.rules.dockerfile.shell_form_start import SHELL_FORM_START
from jettison.rules.dockerfile.shell_form_without_shell import SHELL_FORM_WITHOUT_SHELL
from jettison.rules.dockerfile.source_before_dependencies import SOURCE_BEFORE_DEPENDENCIES
from jettison.rules.dockerfile.stage_copied_whole import STAGE_COPIED_WHOLE
from jettison.rules.dockerfile.stage_name import STAGE_NAME
from jettison.rules.dockerfile.start_overridden import START_OVERRIDDEN
from jettison.rules.dockerfile.sudo_used import SUDO_USED
from jettison.rules.dockerfile.syntax_not_first import SYNTAX_NOT_FIRST
from jettison.rules.dockerfile.too_many_cuda_architectures import TOO_MANY_CUDA_ARCHITECTURES
from jettison.rules.dockerfile.torch_cuda_on_cpu import TORCH_CUDA_ON_CPU
from jettison.rules.dockerfile.torch_extra_index import TORCH_EXTRA_INDEX
from jettison.rules.dockerfile.training_tools_shipped import TRAINING_TOOLS_SHIPPED
from jettison.rules.dockerfile.user_by_name import USER_BY_NAME
from jettison.rules.dockerfile.useradd_large_uid import USERADD_LARGE_UID
from jettison.rules.dockerfile.uv_bytecode import UV_BYTECODE
from jettison.rules.dockerfile.uv_link_mode import UV_LINK_MODE
from jettison.rules.dockerfile.uv_sync_dev import UV_SYNC_DEV
from jettison.rules.dockerfile.uv_sync_unlocked import UV_SYNC_UNLOCKED
from jettison.rules.dockerfile.weights_downloaded_after_code import WEIGHTS_DOWNLOADED_AFTER_CODE
from jettison.rules.dockerfile.weights_unpinned import WEIGHTS_UNPINNED
from jettison.rules.dockerfile.weights_with_code import WEIGHTS_WITH_CODE
from jettison.rules.dockerfile.wget_and_curl_both import WGET_AND_CURL_BOTH
from jettison.rules.dockerfile.workdir_missing import WORKDIR_MISSING
from jettison.rules.dockerfile.workdir_relative import WORKDIR_RELATIVE
from jettison.rules.dockerfile.world_writable import WORLD_WRITABLE
from jettison.rules.dockerfile.written_after_volume import WRITTEN_AFTER_VOLUME
from jettison.rules.dockerfile.zypper_cache_shipped import ZYPPER_CACHE_SHIPPED

DOCKERFILE_RULES: tuple[Rule, ...] = (
    SOURCE_BEFORE_DEPENDENCIES,
    DOCKERIGNORE_MISSING,
    DOCKERIGNORE_MISSES,
    SECRET_FILES_COPIED,
    WEIGHTS_WITH_CODE,
    WEIGHTS_DOWNLOADED_AFTER_CODE,
    WEIGHTS_UNPINNED,
    CUDA_TWICE,
    TORCH_CUDA_ON_CPU,
    TORCH_EXTRA_INDEX,
    DEVEL_BASE_SHIPPED,
    COMPILERS_SHIPPED,
    BUILT_IN_ONE_STAGE,
    BASE_TOO_LARGE,
    BASE_END_OF_LIFE,
    BASE_WITHOUT_TAG,
    BASE_WITHOUT_DIGEST,
    TOO_MANY_CUDA_ARCHITECTURES,
    JIT_WITHOUT_COMPILER,
    TRAINING_TOOLS_SHIPPED,
    HEAVY_ALTERNATE,
    SAME_FILES_TWICE,
    DOWNLOADS_EVERYTHING,
    COPY_ORDER_BY_CHANGE,
    ONNXRUNTIME_GPU_WITHOUT_LIBRARIES,
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
    CACHE_MOUNT_UNUSED,
    CACHE_MOUNT_WRONG_DIRECTORY,
    CACHE_MOUNT_WRONG_OWNER,
    PIP_CACHE_SHIPPED,
    INSTALLER_CACHE_SHIPPED,
    APT_CACHE_MOUNT_EMPTIED,
    APT_CACHE_MOUNT_CLEANED,
    APT_CACHE_MOUNT_NOT_LOCKED,
    UV_BYTECODE,
    UV_LINK_MODE,
    APT_WITHOUT_CACHE_MOUNT,
    APT_RECOMMENDS,
    APT_UPDATE_ALONE,
    APT_UPGRADE,
    APT_ASKS,
    APT_INTERACTIVE_TOOL,
    APT_NONINTERACTIVE_ENV,
    APT_CUDA_UNPINNED,
    APK_CACHE_SHIPPED,
    APK_BUILD_DEPS_LEFT,
    DNF_CACHE_SHIPPED,
    DNF_WEAK_DEPENDENCIES,
    ZYPPER_CACHE_SHIPPED,
    CONDA_CACHE_SHIPPED,
    CONDA_AND_PIP,
    CONDA_COMPILERS_SHIPPED,
    CONDA_ACTIVATE_IN_RUN,
    CONDA_BASE_ENVIRONMENT,
    CONDA_UNPINNED,
    CONDA_DEFAULTS_CHANNEL,
    POETRY_VENV_HIDDEN,
    RUST_TOOLCHAIN_SHIPPED,
    PIP_IN_SYSTEM_PYTHON,
    SETUP_PY_INSTALL,
    EDITABLE_INSTALL_SHIPPED,
    UV_SYNC_UNLOCKED,
    UV_SYNC_DEV,
    POETRY_INSTALLS_DEV,
    POETRY_ROOT_BEFORE_SOURCE,
    PIPENV_NOT_DEPLOY,
    PIP_USER_INSTALL,
    PIP_AS_SUDO,
    PIP_TRUSTED_HOST,
    APT_DEBUG_TOOLS_SHIPPED,
    PYTHON_FROM_PPA,
    APT_KEY_DEPRECATED,
    PIP_UNPINNED,
    PIP_UPGRADES_ITSELF,
)
