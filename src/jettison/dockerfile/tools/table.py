"""The programs that rules know. A new one is a row here; sources are the programs' own manuals."""

from jettison.dockerfile.tools.record import Tool


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _same(text: str, **others: str) -> dict[str, str]:
    return {**{name: name for name in text.split()}, **others}


_PIP_VALUED = _set(
    "--requirement --constraint --index-url --pypi-url --extra-index-url --find-links --target --platform"
    " --python-version --implementation --abi --root --prefix --src --upgrade-strategy --config-settings"
    " --global-option --install-option --no-binary --only-binary --progress-bar --cache-dir --timeout --retries"
    " --trusted-host --cert --client-cert --log --proxy --python --report --group --editable --exists-action"
    " --use-feature --use-deprecated --build-option --keyring-provider --root-user-action --build-constraint"
    " --wheel-dir --dest"
)
_UV_VALUED = _PIP_VALUED | _set(
    "--extra --only-group --no-group --group --package --index --default-index --index-strategy --python-platform"
    " --prerelease --resolution --exclude-newer --link-mode --config-file --project --directory --torch-backend"
    " --no-install-package --override --reinstall-package --upgrade-package --with --with-requirements"
    " --no-build-package --no-binary-package --output-file --format --env-file --allow-insecure-host --color --script"
)
_APT_VALUED = _set("--option --target-release --default-release --config-file --host-architecture")
_CONDA_VALUED = _set(
    "--name --prefix --channel --file --solver --repodata-fn --json-file --platform --subdir --experimental"
    " --root-prefix --rc-file --trusted-channels --revision"
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        "apt",
        r"apt-get|apt|aptitude",
        actions=_same(
            "install update upgrade dist-upgrade full-upgrade clean autoclean autoremove remove purge build-dep source"
            " download check satisfy"
        ),
        valued=_APT_VALUED,
        short_valued="otca",
    ),
    Tool(
        "apk",
        r"apk",
        actions=_same("update upgrade fix cache info version", add="install", **{"del": "remove"}),
        valued=_set("--virtual --repository --root --arch --keys-dir --repositories-file --cache-dir --wait"),
        short_valued="tXp",
    ),
    Tool(
        "dnf",
        r"dnf5?|microdnf|yum|tdnf",
        actions=_same(
            "install update upgrade clean remove erase autoremove groupinstall makecache builddep module reinstall swap"
            " localinstall config-manager repolist copr",
            check_update="update",
            group="groupinstall",
        ),
        valued=_set(
            "--setopt --enablerepo --disablerepo --repo --repoid --installroot --releasever --exclude --config"
        ),
        short_valued="xc",
    ),
    Tool(
        "zypper", r"zypper", actions=_same("install update refresh clean remove", **{"in": "install", "ref": "refresh"})
    ),
    Tool(
        "pip",
        r"pip[23]?(?:\.\d+)?",
        modules=("pip",),
        actions=_same("install uninstall download wheel cache config freeze list check show debug"),
        valued=_PIP_VALUED,
        short_valued="rcitfe",
    ),
    Tool(
        "pip-sync",
        r"pip-sync",
        actions={},
        valued=_set("--find-links --extra-index-url --index-url --cert --client-cert --python-executable --pip-args"),
        short_valued="fi",
    ),
    Tool(
        "uv",
        r"uv",
        modules=("uv",),
        actions=_same("install sync uninstall compile venv run lock add remove build export cache tool init python"),
        valued=_UV_VALUED,
        short_valued="rcitfepo",
        groups=("pip",),
    ),
    Tool(
        "poetry",
        r"poetry",
        modules=("poetry",),
        actions=_same("install config add remove lock export build run update self sync env cache show"),
        valued=_set(
            "--with --without --only --extras --directory --project --format --output --source --group --python"
        ),
        short_valued="EfoCPG",
    ),
    Tool(
        "pipenv",
        r"pipenv",
        modules=("pipenv",),
        actions=_same("install sync lock run uninstall update requirements verify shell"),
        valued=_set("--python --requirements --categories --extra-index-url --index --pypi-mirror"),
        short_valued="rci",
    ),
    Tool(
        "pdm",
        r"pdm",
        modules=("pdm",),
        actions=_same("install sync lock run add remove export config use update build venv"),
        valued=_set("--group --lockfile --project --python --without --format --output --venv"),
        short_valued="GLpfo",
    ),
    Tool(
        "conda",
        r"(?:micro)?(?:conda|mamba)(?:\.exe)?",
        actions=_same("install create update clean run config init activate remove list info env shell build search"),
        valued=_CONDA_VALUED,
        short_valued="npcf",
        groups=("env",),
    ),
    Tool(
        "conda-build-tools",
        r"conda-lock|conda-pack|conda-merge",
        valued=_set("--name --prefix --output --file --platform --format --dest-prefix"),
        short_valued="npof",
    ),
    Tool(
        "curl",
        r"curl",
        valued=_set(
            "--output --output-dir --header --user --user-agent --data --data-binary --request --retry --retry-delay"
            " --connect-timeout --max-time --proto --cacert --cert --key --form --url --write-out --range"
            " --retry-max-time --proxy --resolve --speed-limit --speed-time --cookie --cookie-jar"
        ),
        short_valued="oHuAdXmFwrxebcKETyYz",
    ),
    Tool(
        "wget",
        r"wget2?",
        valued=_set(
            "--output-document --directory-prefix --header --user-agent --tries --timeout --input-file --user"
            " --password --post-data --progress --level --accept --reject --cut-dirs --waitretry --read-timeout"
            " --ca-certificate"
        ),
        short_valued="OPUtTiolARewQ",
    ),
    Tool(
        "git",
        r"git",
        actions=_same(
            "clone checkout fetch pull submodule init config lfs reset apply am rev-parse describe log show switch"
            " sparse-checkout worktree clean remote add commit restore"
        ),
        valued=_set("--branch --depth --config --origin --reference --jobs --filter --shallow-since"),
        short_valued="bcojC",
    ),
    Tool(
        "useradd",
        r"useradd",
        valued=_set(
            "--uid --gid --groups --home-dir --home --shell --comment --password --base-dir --expiredate --skel"
        ),
        short_valued="ugGdscpbek",
    ),
    Tool(
        "adduser",
        r"adduser",
        valued=_set("--uid --gid --home --shell --gecos --ingroup --comment --conf --firstuid"),
        short_valued="uhsgGk",
    ),
    Tool("groupadd", r"groupadd|addgroup", valued=_set("--gid --key --password --root"), short_valued="gKpR"),
    Tool("usermod", r"usermod", valued=_set("--uid --gid --groups --home --shell --login"), short_valued="ugGdsl"),
    Tool("chmod", r"chmod", valued=_set("--reference")),
    Tool("chown", r"chown|chgrp", valued=_set("--reference --from")),
    Tool("rm", r"rm"),
    Tool("mkdir", r"mkdir", valued=_set("--mode"), short_valued="m"),
    Tool("mv", r"mv", valued=_set("--target-directory --suffix"), short_valued="tS"),
    Tool("cp", r"cp", valued=_set("--target-directory --suffix"), short_valued="tS"),
    Tool("ln", r"ln", valued=_set("--target-directory --suffix"), short_valued="tS"),
    Tool(
        "tar",
        r"tar|bsdtar",
        valued=_set("--directory --file --exclude --strip-components --transform"),
        short_valued="CfXT",
    ),
    Tool("unzip", r"unzip", short_valued="dx"),
    Tool(
        "make", r"make|gmake|ninja", valued=_set("--directory --file --makefile"), short_valued="CfIoW", short_glued="j"
    ),
    Tool("cmake", r"cmake", valued=_set("--target --config --preset --install --prefix"), short_valued="SBGTC"),
    Tool(
        "nvcc",
        r"nvcc",
        valued=_set("--output-file --gpu-architecture --gpu-code --generate-code --std"),
        short_valued="oIL",
    ),
    Tool("gcc", r"(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran)(?:-\d+)?", valued=_set("--std"), short_valued="oIL"),
    Tool("cargo", r"cargo|rustup|maturin"),
    Tool("npm", r"npm|yarn|pnpm", actions=_same("install ci run build add global cache update", i="install")),
    Tool(
        "hf",
        r"huggingface-cli|hf",
        actions=_same("download login upload cache"),
        valued=_set(
            "--local-dir --revision --cache-dir --token --include --exclude --repo-type --local-dir-use-symlinks"
        ),
    ),
    Tool("setup.py", r"setup\.py", actions=_same("install develop build build_ext bdist_wheel sdist egg_info clean")),
    Tool(
        "python",
        r"(?:python|pypy)[23]?(?:\.\d+)?",
        valued=frozenset(),
        short_valued="cmWX",
    ),
    Tool("apt-key", r"apt-key", actions=_same("add adv del list")),
    Tool("add-apt-repository", r"add-apt-repository"),
    Tool("ldconfig", r"ldconfig"),
    Tool("locale-gen", r"locale-gen"),
    Tool("update-alternatives", r"update-alternatives"),
    Tool("echo", r"echo|printf"),
    Tool("export", r"export|declare|readonly"),
    Tool("cd", r"cd|pushd"),
    Tool("set", r"set"),
    Tool("playwright", r"playwright", modules=("playwright",), actions=_same("install install-deps")),
    Tool("jupyter", r"jupyter(?:-\w+)?|jupyterhub", modules=("jupyter", "notebook", "jupyterlab", "ipykernel")),
    Tool("sha256sum", r"(?:sha(?:1|224|256|384|512)|md5|b2)sum"),
    Tool("gpg", r"gpg2?|gpgv|cosign|minisign"),
)
"""Every tool, the first whose ``programs`` match."""
