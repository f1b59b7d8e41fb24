"""The rules of Dockerfiles, in the order shown to users: the worth of what they find."""

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
from jettison.rules.dockerfile.cache_mount_unused import CACHE_MOUNT_UNUSED
from jettison.rules.dockerfile.cache_mount_wrong_directory import CACHE_MOUNT_WRONG_DIRECTORY
from jettison.rules.dockerfile.cache_mount_wrong_owner import CACHE_MOUNT_WRONG_OWNER
from jettison.rules.dockerfile.conda_activate_in_run import CONDA_ACTIVATE_IN_RUN
from jettison.rules.dockerfile.conda_and_pip import CONDA_AND_PIP
from jettison.rules.dockerfile.conda_base_environment import CONDA_BASE_ENVIRONMENT
from jettison.rules.dockerfile.conda_cache_shipped import CONDA_CACHE_SHIPPED
from jettison.rules.dockerfile.conda_compilers_shipped import CONDA_COMPILERS_SHIPPED
from jettison.rules.dockerfile.conda_defaults_channel import CONDA_DEFAULTS_CHANNEL
from jettison.rules.dockerfile.conda_unpinned import CONDA_UNPINNED
from jettison.rules.dockerfile.dnf_cache_shipped import DNF_CACHE_SHIPPED
from jettison.rules.dockerfile.dnf_weak_dependencies import DNF_WEAK_DEPENDENCIES
from jettison.rules.dockerfile.editable_install_shipped import EDITABLE_INSTALL_SHIPPED
from jettison.rules.dockerfile.installer_cache_shipped import INSTALLER_CACHE_SHIPPED
from jettison.rules.dockerfile.pip_as_sudo import PIP_AS_SUDO
from jettison.rules.dockerfile.pip_cache_shipped import PIP_CACHE_SHIPPED
from jettison.rules.dockerfile.pip_in_system_python import PIP_IN_SYSTEM_PYTHON
from jettison.rules.dockerfile.pip_trusted_host import PIP_TRUSTED_HOST
from jettison.rules.dockerfile.pip_unpinned import PIP_UNPINNED
from jettison.rules.dockerfile.pip_upgrades_itself import PIP_UPGRADES_ITSELF
from jettison.rules.dockerfile.pip_user_install import PIP_USER_INSTALL
from jettison.rules.dockerfile.pipenv_not_deploy import PIPENV_NOT_DEPLOY
from jettison.rules.dockerfile.poetry_installs_dev import POETRY_INSTALLS_DEV
from jettison.rules.dockerfile.poetry_root_before_source import POETRY_ROOT_BEFORE_SOURCE
from jettison.rules.dockerfile.poetry_venv_hidden import POETRY_VENV_HIDDEN
from jettison.rules.dockerfile.python_from_ppa import PYTHON_FROM_PPA
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.rust_toolchain_shipped import RUST_TOOLCHAIN_SHIPPED
from jettison.rules.dockerfile.setup_py_install import SETUP_PY_INSTALL
from jettison.rules.dockerfile.uv_bytecode import UV_BYTECODE
from jettison.rules.dockerfile.uv_link_mode import UV_LINK_MODE
from jettison.rules.dockerfile.uv_sync_dev import UV_SYNC_DEV
from jettison.rules.dockerfile.uv_sync_unlocked import UV_SYNC_UNLOCKED
from jettison.rules.dockerfile.zypper_cache_shipped import ZYPPER_CACHE_SHIPPED

DOCKERFILE_RULES: tuple[Rule, ...] = (
    # keep one name a line
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
    APT_LISTS_SHIPPED,
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
