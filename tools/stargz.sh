#!/bin/bash
# What checks images for lazy pulling: Podman, containerd and stargz-snapshotter of a newer Debian, in a folder.
#
#   tools/stargz.sh make DIR          fetch and build them into DIR/root (4 GB while it builds, 0.5 GB afterwards)
#   tools/stargz.sh run DIR COMMAND   run a command in there, with mounts and processes of its own that end with it
#
# It needs root, and Debian with apt. Nothing is installed: packages are unpacked into the folder, which has its own libc.
set -euo pipefail
. "$(dirname "$0")/private_apt.sh"
SUITE=${SUITE:-forky}
EXEC=
DAEMON=containerd-stargz-grpc
TOOLS="podman skopeo stargz-snapshotter containerd runc crun bash coreutils grep mount fuse3 docker-registry netavark"
GO="golang-go golang-github-containerd-stargz-snapshotter-dev golang-github-containerd-containerd-dev bash coreutils"

main() {
  [ $# -ge 2 ] && [ "$(id -u)" = 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
  local verb=$1 here
  here=$(dirname "$(realpath "$0")")
  mkdir -p "$2"; D=$(realpath "$2"); shift 2
  case $verb in
    make) make_all "$here" ;;
    run) EXEC=exec; run "$D/root" "$@" ;;
    *) exit 2 ;;
  esac
}

make_all() {
  private_apt "$D/apt" "$SUITE"
  unpack "$D/root" $TOOLS
  configure
  [ -x "$D/root/usr/bin/$DAEMON" ] || build "$1"
  rm -rf "$D/apt"
}

build() {
  unpack "$D/go" $GO
  mkdir -p "$D/go/build"
  cp "$1/stargz/main.go" "$D/go/build/"
  run "$D/go" bash -c 'cd /build && CGO_ENABLED=0 GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=/tmp/cache nice go build -o daemon main.go'
  cp "$D/go/build/daemon" "$D/root/usr/bin/$DAEMON"
  rm -rf "$D/go"
}

# Packages with all that they depend on, libc among it.
unpack() {
  local root=$1 deb
  shift
  mkdir -p "$root"/{proc,sys,dev,tmp,run,root,etc}
  apt-get -c "$D/apt/apt.conf" install -y -qq --no-install-recommends --download-only "$@" >/dev/null
  for deb in "$D"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$root"; done
  rm -f "$D"/apt/cache/archives/*.deb
  local name
  for name in bin lib lib64; do [ -e "$root/$name" ] || ln -s "usr/$name" "$root/$name"; done
}

configure() {
  local etc=$D/root/etc/containers
  mkdir -p "$etc"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$etc/policy.json"
  printf '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n' >"$etc/registries.conf"
  printf '[storage]\ndriver = "overlay"\ngraphroot = "/data/graph"\nrunroot = "/data/run"\n[storage.options.pull_options]\nenable_partial_images = "true"\n' >"$etc/storage.conf"
  printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n[containers]\nnetns = "host"\n' >"$etc/containers.conf"
}

run() {
  local inside='mount --bind "$0" "$0"; cd "$0"; mount -t proc proc proc; mount --rbind /sys sys; mount --rbind /dev dev
    mount -t tmpfs tmpfs tmp; mount -t tmpfs tmpfs run
    exec chroot . /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/root GOFLAGS=-p=2 "$@"'
  $EXEC unshare --mount --propagation private --pid --fork --kill-child bash -c "$inside" "$@"
}

main "$@"
