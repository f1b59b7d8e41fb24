#!/bin/bash
# A Docker Engine for tests, beside any other on the machine: its own programs, data, socket and bridge.
#
#   tools/engine.sh up       fetch what is missing, start it, wait until it answers; quick when it runs already
#   tools/engine.sh env      print what a shell needs to reach it:  eval "$(tools/engine.sh env)"
#   tools/engine.sh status   say whether it runs, and which versions
#   tools/engine.sh down     stop it; images stay
#   tools/engine.sh wipe     stop it and remove its images, caches and registry; programs and bases stay
#   tools/engine.sh purge    stop it and remove everything
#
# It needs root, and Debian or Ubuntu with apt. Nothing is installed: packages are unpacked into a folder of their own.
# JETTISON_ENGINE_DIR    that folder (default: ~/.cache/jettison-engine)
# JETTISON_ENGINE_STORE  overlay2 (default: layers as they are, sizes as on disk) or containerd (can export caches)
set -euo pipefail
. "$(dirname "$0")/private_apt.sh"
D=${JETTISON_ENGINE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/jettison-engine}
STORE=${JETTISON_ENGINE_STORE:-overlay2}
PORT=${JETTISON_ENGINE_REGISTRY_PORT:-5057}
SUITES="forky trixie" # newest first: build checks need Docker 27 and buildx 0.15; both run on Debian 12's libc
BRIDGE=jettison0
BRIDGE_IP=172.31.253.1/24
SOCKET=unix://$D/docker.sock

fail() { echo "engine.sh: $*" >&2; exit 1; }
docker_() { DOCKER_CONFIG=$D/client "$D/root/usr/bin/docker" -H "$SOCKET" "$@"; }
answers() { [ -x "$D/root/usr/bin/docker" ] && docker_ version >/dev/null 2>&1; }
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; } # a pid file

main() {
  case "${1:-}" in
    up) up ;;
    env) show_env ;;
    status) answers && docker_ version --format 'Docker {{.Server.Version}} at '"$SOCKET" || fail "not running" ;;
    down) down ;;
    wipe) down; wipe ;;
    purge) down; wipe; rm -rf "$D" ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
}

up() {
  [ "$(id -u)" = 0 ] || fail "needs root: sudo tools/engine.sh up"
  [ ${#SOCKET} -lt 100 ] || fail "JETTISON_ENGINE_DIR is too long for a socket: $D"
  mkdir -p "$D"
  exec 9>"$D/lock"; flock -w 300 9 || fail "another engine.sh has been at work for five minutes"
  if answers; then echo "engine: runs already at $SOCKET"; return; fi
  runs || fetch
  start_registry
  start_dockerd
  docker_ version --format 'engine: Docker {{.Server.Version}} at '"$SOCKET"
}

# Whether the programs are there and this machine's libc can run them.
runs() {
  local bin
  for bin in sbin/dockerd bin/docker bin/containerd bin/docker-registry sbin/runc libexec/docker/cli-plugins/docker-buildx; do
    [ -x "$D/root/usr/$bin" ] || return 1
  done
  "$D/root/usr/sbin/dockerd" --version >/dev/null 2>&1 && "$D/root/usr/sbin/runc" --version >/dev/null 2>&1
}

fetch() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "needs apt and dpkg (Debian or Ubuntu)"
  need ip iproute2
  command -v flock >/dev/null || fail "needs util-linux"
  local suite
  for suite in $(suites); do
    echo "engine: fetching Docker from ${suite/-/this machine\'s own sources}"
    rm -rf "$D/root" "$D/apt"
    if fetch_from "$suite" && runs; then rm -rf "$D/apt"; return; fi
  done
  fail "no Docker that runs here could be fetched; log: $D/fetch.log"
}

# Debian's archive has newer engines in its newer suites; elsewhere the distribution's own has to do.
suites() { [ "$(. /etc/os-release; echo "$ID")" = debian ] && echo "$SUITES -" || echo -; }

need() { command -v "$1" >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }; }

# runc is always the machine's own: newer ones want a newer libc.
fetch_from() {
  mkdir -p "$D/apt/own" "$D/root"
  local APT_CONF=
  [ "$1" = - ] || APT_CONF=$D/apt/apt.conf
  {
    if [ "$1" = - ]; then
      apt-get update -qq && (cd "$D/apt/own" && apt-get download -qq docker.io docker-buildx containerd runc docker-registry) &&
        { cd "$D/apt/own" && apt-get download -qq docker-cli tini-static || true; }
    else
      private_apt "$D/apt" "$1" && (cd "$D/apt/own" && apt-get -c "$D/apt/apt.conf" download -qq docker.io docker-cli docker-buildx containerd docker-registry tini-static) &&
        (cd "$D/apt/own" && { apt-get download -qq runc || { apt-get update -qq && apt-get download -qq runc; }; })
    fi
  } >"$D/fetch.log" 2>&1 || return 1
  optional crane # a second registry, for tests that ask two
  local deb
  for deb in "$D"/apt/own/*.deb; do dpkg-deb -x "$deb" "$D/root"; done
}

optional() { (cd "$D/apt/own" && apt-get ${APT_CONF:+-c "$APT_CONF"} download -qq "$@") >>"$D/fetch.log" 2>&1 || true; }

# Bases can be pushed here, so that a tag with a digest resolves; the engine asks it before any hub.
start_registry() {
  alive "$D/registry.pid" && return
  mkdir -p "$D/registry"
  printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: "127.0.0.1:%s"}\n' \
    "$D/registry" "$PORT" >"$D/registry.yml"
  setsid "$D/root/usr/bin/docker-registry" serve "$D/registry.yml" >"$D/registry.log" 2>&1 </dev/null 9>&- &
  echo $! >"$D/registry.pid"
}

start_dockerd() {
  mkdir -p "$D/bin" "$D/run" "$D/data" "$D/client/cli-plugins"
  ln -sf "$D/root/usr/libexec/docker/cli-plugins/docker-buildx" "$D/client/cli-plugins/"
  local name
  for name in bin/containerd bin/containerd-shim-runc-v2 bin/ctr sbin/runc sbin/docker-proxy; do
    ln -sf "$D/root/usr/$name" "$D/bin/"
  done
  if [ -x "$D/root/usr/bin/tini-static" ]; then ln -sf "$D/root/usr/bin/tini-static" "$D/bin/docker-init"; fi
  make_bridge
  # "bridge": "none" would delete another daemon's docker0. No iptables rules: containers see the bridge, RUN the host.
  cat >"$D/daemon.json" <<CONF
{"data-root": "$D/data", "exec-root": "$D/run", "pidfile": "$D/docker.pid", "hosts": ["$SOCKET"],
 "bridge": "$BRIDGE", "iptables": false, "ip6tables": false, "ip-forward": false, "userland-proxy": false,
 "exec-opts": ["native.cgroupdriver=cgroupfs"], "cgroup-parent": "/jettison-engine",
 "features": {"containerd-snapshotter": $([ "$STORE" = containerd ] && echo true || echo false)},
 "registry-mirrors": ["http://127.0.0.1:$PORT"], "insecure-registries": ["127.0.0.0/8"],
 "log-opts": {"max-size": "5m"}}
CONF
  PATH=$D/bin:$PATH setsid "$D/root/usr/sbin/dockerd" --config-file "$D/daemon.json" >"$D/dockerd.log" 2>&1 </dev/null 9>&- &
  local pid=$!
  for _ in $(seq 600); do
    answers && return
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
  done
  tail -5 "$D/dockerd.log" >&2
  fail "dockerd does not answer; log: $D/dockerd.log"
}

make_bridge() {
  need ip iproute2
  ip link show $BRIDGE >/dev/null 2>&1 && return
  ip link add $BRIDGE type bridge && ip addr add $BRIDGE_IP dev $BRIDGE && ip link set $BRIDGE up ||
    fail "cannot make the bridge $BRIDGE: this user or machine may not"
}

show_env() {
  echo "export DOCKER_HOST=$SOCKET DOCKER_CONFIG=$D/client PATH=$D/root/usr/bin:\$PATH JETTISON_ENGINE_REGISTRY=127.0.0.1:$PORT"
}

# Containers go first: a daemon that is killed leaves their mounts.
down() {
  if answers; then docker_ ps -aq | xargs -r env DOCKER_CONFIG="$D/client" "$D/root/usr/bin/docker" -H "$SOCKET" rm -f >/dev/null; fi
  local file
  for file in "$D/docker.pid" "$D/registry.pid"; do
    alive "$file" && stop "$(cat "$file")"
    rm -f "$file"
  done
  ip link show $BRIDGE >/dev/null 2>&1 && ip link del $BRIDGE || true
}

stop() {
  kill "$1"
  for _ in $(seq 200); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.1; done
  kill -9 "$1" 2>/dev/null || true
}

wipe() {
  { grep -o "$D/[^ ]*" /proc/mounts || true; } | sort -r | while read -r mount; do umount -l "$mount" || true; done
  rm -rf "$D/data" "$D/run" "$D/registry" "$D"/*.log
}

main "$@"
