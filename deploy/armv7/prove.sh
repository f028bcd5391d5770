#!/bin/bash
# Build Dockerfile.armv7 for other processors by emulation, without an image registry, and run what
# came out. It prints what was seen, with figures, and ends with an error at the first untruth.
#
#   deploy/armv7/prove.sh [FOLDER]      as root, on Debian
#
#   FOLDER       where to work; it is kept, and the next run is quicker. Without one: a new one,
#                removed at the end
#   PLATFORMS    what to build for: "linux/arm/v7 linux/arm64 linux/amd64"
#   SUITE        whose packages the stand-in for the base image is made of: bookworm
#   MIRROR       a Debian mirror; the first one of /etc/apt if not given
#
#   Debian ─► stand-in for python:3.11-slim-… ─► a registry of our own ─► docker build ─► docker run
#
# The real base image cannot be had without a registry. The stand-in is Debian's Python with the same
# name, for every platform; the Dockerfile is used as it is. Docker's daemon and the registry are of
# our own too, below FOLDER: those of this machine are not touched. How this machine reaches package
# indexes (pip's index and certificate, ~/.npmrc, proxies) is put into the stand-in, and nowhere else.
set -euo pipefail
umask 022

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
PLATFORMS=${PLATFORMS:-linux/arm/v7 linux/arm64 linux/amd64}
SUITE=${SUITE:-bookworm}
DOCKER=${DOCKER:-/usr/bin/docker}
PORT=${PORT:-5055}
BASE=127.0.0.1:$PORT/library/python
TAG=$(sed -n 's/^ARG PYTHON=//p' "$TOP/Dockerfile.armv7")
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
BINFMT=/proc/sys/fs/binfmt_misc

say() { printf '%s\n' "$*"; }
die() { printf 'prove.sh: %s\n' "$*" >&2; exit 1; }

case ${1:-} in -*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2 ;; esac
[ "$(id -u)" = 0 ] || die "needs root"
MISSING=()
for program in mmdebstrap arch-test qemu-arm-static dockerd docker-registry runc "$DOCKER" nsenter curl python3; do
  command -v "$program" >/dev/null || MISSING+=("$program")
done
[ ${#MISSING[@]} -eq 0 ] ||
  die "needs ${MISSING[*]}: apt-get install mmdebstrap arch-test qemu-user-static docker.io docker-registry"
"$DOCKER" buildx version >/dev/null 2>&1 || [[ $("$DOCKER" --version) =~ \ (19|20)\. ]] ||
  die "$DOCKER has no BuildKit: name another one with DOCKER="

if [ $# -gt 0 ]; then mkdir -p "$1"; WORK=$(cd "$1" && pwd) KEEP=1; else WORK=$(mktemp -d) KEEP=''; fi
chmod 700 "$WORK"
if [ -e "$WORK/docker" ]; then AGAIN=', partly by an earlier run'; else AGAIN=''; fi
export DOCKER_HOST=unix://$WORK/docker.sock DOCKER_CONFIG=$WORK/config DOCKER_BUILDKIT=1
STARTED=() REGISTERED=() MOUNTED=''

# --- tidying up -----------------------------------------------------------------------------------

end() { # end PID: tell it to stop and wait, 20 s at most
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -9 "$1" 2>/dev/null || true
}

tidy() {
  local left pid mount format
  mapfile -t left < <("$DOCKER" ps -aq 2>/dev/null)
  [ ${#left[@]} -eq 0 ] || "$DOCKER" rm -fv "${left[@]}" >/dev/null 2>&1 || true
  for pid in "${STARTED[@]}"; do end "$pid"; done
  while read -r mount; do umount "$mount" || true; done \
    < <(awk -v below="$WORK/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r)
  for format in "${REGISTERED[@]}"; do echo -1 >"$BINFMT/$format"; done
  [ -z "$MOUNTED" ] || umount "$BINFMT"
  [ -n "$KEEP" ] || rm -rf "$WORK"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# --- what is needed to begin with -----------------------------------------------------------------

short() { # linux/arm/v7 → Debian's name of it
  case $1 in
    linux/arm/v7) echo armhf ;;
    linux/arm64) echo arm64 ;;
    linux/amd64) echo amd64 ;;
    *) die "PLATFORMS: $1 is not one of linux/arm/v7, linux/arm64, linux/amd64" ;;
  esac
}
for platform in $PLATFORMS; do short "$platform" >/dev/null; done
HERE_IS=linux/$(dpkg --print-architecture)
case $HERE_IS in linux/amd64|linux/arm64) ;; *) die "the pages need Node, which is there for amd64 and arm64" ;; esac

emulate() { # let the kernel run the programs of a Debian architecture by qemu
  local name
  case $1 in armhf) name=qemu-arm ;; arm64) name=qemu-aarch64 ;; *) name=qemu-x86_64 ;; esac
  if arch-test "$1" >/dev/null 2>&1; then return; fi
  if [ ! -e "$BINFMT/register" ]; then
    mount -t binfmt_misc none "$BINFMT"
    MOUNTED=1
  fi
  if [ ! -e "$BINFMT/$name" ]; then
    cat "/usr/lib/binfmt.d/$name.conf" >"$BINFMT/register"
    REGISTERED+=("$name")
  fi
  arch-test "$1" >/dev/null || die "this machine cannot run programs for $1"
}

mirror() {
  local uri
  uri=$(grep -rhoE 'https?://[^ ]*/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    head -n 1 | tr -d ' ') || true
  [ -n "$uri" ] || die "no Debian mirror stands in /etc/apt: name one with MIRROR="
  printf '%s' "$uri"
}

# What pip is told here about an index: from the environment or its files.
pip_knows() {
  local variable=PIP_${1^^}
  variable=${variable//-/_}
  if [ -n "${!variable:-}" ]; then printf '%s' "${!variable}"; else
    python3 -m pip config get "global.$1" 2>/dev/null || true
  fi
}

settings() { # write into a folder how this machine reaches package indexes
  local index
  index=$(pip_knows index-url)
  mkdir -p "$1/etc/ssl/certs" "$1/root"
  cp "$CERTIFICATES" "$1/etc/ssl/certs/"
  { printf '[global]\ncert = %s\n' "$CERTIFICATES"; [ -z "$index" ] || printf 'index-url = %s\n' "$index"; } \
    >"$1/etc/pip.conf"
  { cat "$HOME/.npmrc" 2>/dev/null || true; printf '\ncafile=%s\n' "$CERTIFICATES"; } >"$1/root/.npmrc"
}

# --- our own registry and daemon ------------------------------------------------------------------

start() { # start NAME PROGRAM…: in the background, with a log
  local log=$WORK/$1.log
  shift
  setsid "$@" >"$log" 2>&1 &
  STARTED+=($!)
}

begin() {
  mkdir -p "$WORK/config"
  printf '{"experimental": "enabled"}\n' >"$WORK/config/config.json"
  cat >"$WORK/registry.yml" <<EOF
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $WORK/registry}}
http: {addr: "127.0.0.1:$PORT"}
EOF
  rm -f "$WORK/dockerd.pid"
  start registry docker-registry serve "$WORK/registry.yml"
  start dockerd dockerd --data-root "$WORK/docker" --exec-root "$WORK/run" --pidfile "$WORK/dockerd.pid" \
    --host "$DOCKER_HOST" --registry-mirror "http://127.0.0.1:$PORT" \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false
  for _ in $(seq 100); do
    if "$DOCKER" info >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  die "the daemon does not start: $(tail -n 3 "$WORK/dockerd.log")"
}

# --- the stand-in ---------------------------------------------------------------------------------

stand_in() { # stand_in PLATFORM: the same name as the real base image, made of Debian's packages
  local architecture root
  architecture=$(short "$1")
  root=$WORK/base-$architecture
  mkdir -p "$root"
  if [ ! -f "$root/root.tar" ]; then
    mmdebstrap --quiet --variant=minbase --architectures="$architecture" \
      --include=ca-certificates,netbase,tzdata,python3,python3-venv \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
      --customize-hook="ln -s /usr/bin/python3 \"\$1\"/usr/local/bin/python" \
      "$SUITE" "$root/root.part.tar" "${MIRROR:-$(mirror)}"
    mv "$root/root.part.tar" "$root/root.tar"
  fi
  rm -rf "$root/settings"
  settings "$root/settings"
  printf 'FROM scratch\nADD root.tar /\nCOPY settings /\nCMD ["python3"]\n' >"$root/Dockerfile"
  "$DOCKER" build --quiet --platform "$1" --tag "$BASE:$architecture" "$root" >/dev/null
  "$DOCKER" push --quiet "$BASE:$architecture" >/dev/null
}

stand_ins() { # for every platform, and for this machine, under one name
  local platform architecture all=()
  for platform in $PLATFORMS $HERE_IS; do
    architecture=$(short "$platform")
    [[ " ${all[*]} " != *" $BASE:$architecture "* ]] || continue
    emulate "$architecture"
    stand_in "$platform"
    all+=("$BASE:$architecture")
  done
  rm -rf "$WORK/config/manifests"
  "$DOCKER" manifest create --insecure "$BASE:$TAG" "${all[@]}" >/dev/null
  "$DOCKER" manifest push --insecure "$BASE:$TAG" >/dev/null
}

# --- building -------------------------------------------------------------------------------------

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN {printf "%.1f", b - a}'; }

build() { # build PLATFORM IMAGE
  local began proxy arguments=()
  for proxy in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!proxy:-}" ] || arguments+=(--build-arg "$proxy")
  done
  began=$(now)
  "$DOCKER" build --progress plain --network host --platform "$1" "${arguments[@]}" \
    --file "$TOP/Dockerfile.armv7" --tag "$2" "$TOP" >"$WORK/build.log" 2>&1 ||
    { tail -n 40 "$WORK/build.log" >&2; die "$1 was not built"; }
  say "$1: built in $(since "$began") s$AGAIN"
}

# --- running --------------------------------------------------------------------------------------
# No network but loopback, no capability, a read-only root: what it can do then, it can do anywhere.
CONFINED=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network none)

inside() { # inside NAME PROGRAM…: with the container's network, but our programs, which are quick
  local pid
  pid=$("$DOCKER" inspect --format '{{.State.Pid}}' "$1")
  shift
  nsenter --net="/proc/$pid/ns/net" "$@"
}

answers() { # answers NAME: wait until /healthz does
  local began
  began=$(now)
  until inside "$1" curl -fsS -m 5 -o "$WORK/answer" http://127.0.0.1:8080/healthz 2>/dev/null; do
    [ "$("$DOCKER" inspect --format '{{.State.Running}}' "$1")" = true ] ||
      { "$DOCKER" logs "$1" >&2; die "$1 has ended"; }
    [ "$(since "$began" | cut -d. -f1)" -lt 180 ] || { "$DOCKER" logs "$1" >&2; die "$1 does not answer"; }
    sleep 0.1
  done
}

healthy() { # healthy NAME: wait until Docker says so
  local state
  for _ in $(seq 300); do
    state=$("$DOCKER" inspect --format '{{.State.Health.Status}}' "$1")
    [ "$state" != healthy ] || return 0
    sleep 0.2
  done
  die "Docker says that $1 is $state"
}

stops() { # stops NAME: SIGTERM, and it ends by itself, without an error
  local began code
  began=$(now)
  "$DOCKER" stop -t 45 "$1" >/dev/null
  code=$("$DOCKER" inspect --format '{{.State.ExitCode}}' "$1")
  [ "$code" = 0 ] || { "$DOCKER" logs "$1" >&2; die "$1 ended with $code"; }
  say "  stopped by SIGTERM in $(since "$began") s, exit code 0"
  "$DOCKER" rm -fv "$1" >/dev/null
}

# There is no GPIO here: lgpio is asked for a chip, and its compiled part has to say that.
LGPIO='
import lgpio
try:
    lgpio.gpiochip_open(0)
except lgpio.error as error:
    print(f"  lgpio: {error}")
'

lab() { # a real table's lab.toml on pretend pins, for a cluster that is not there
  cat <<'EOF'
[server]
host = "0.0.0.0"
data = "/var/lib/chaosmonkey"

[cluster]
server = "http://127.0.0.1:9"

[gpio]
pin_factory = "mock"

[[machine]]
name = "node1"
power = { driver = "gpio", pin = 17 }
EOF
}

see() { # see IMAGE: what it is made of, and what it does
  local began code
  say "  image $(("$("$DOCKER" image inspect --format '{{.Size}}' "$1")" / 1000000)) MB, of which stand-in $(("$("$DOCKER" image inspect --format '{{.Size}}' "$2")" / 1000000)) MB"
  "$DOCKER" run --rm "${CONFINED[@]}" -v "$HERE/look.py:/look.py:ro" --entrypoint python "$1" -I /look.py |
    sed 's/^/  /'
  began=$(now)
  say "  chaosmonkey $("$DOCKER" run --rm "${CONFINED[@]}" "$1" --version), in $(since "$began") s"
  "$DOCKER" run --rm "${CONFINED[@]}" --entrypoint python "$1" -c "$LGPIO"
  if "$DOCKER" run --rm "${CONFINED[@]}" --entrypoint touch "$1" /opt/chaosmonkey/new 2>/dev/null; then
    die "the root can be written"
  fi
  code=0
  "$DOCKER" run --rm "${CONFINED[@]}" --entrypoint python "$1" -I /opt/chaosmonkey/healthy.py >"$WORK/answer" || code=$?
  [ "$code" = 1 ] || die "the health check says $code without a server"
  say "  health check without a server: exit code 1 ($(cat "$WORK/answer"))"

  lab >"$WORK/lab.toml"
  began=$(now)
  "$DOCKER" run -d --name serve "${CONFINED[@]}" --health-interval 2s \
    -v "$WORK/lab.toml:/etc/chaosmonkey/lab.toml:ro" "$1" >/dev/null
  answers serve
  say "  serve: /healthz answers after $(since "$began") s"
  "$DOCKER" exec serve python -I /opt/chaosmonkey/healthy.py >"$WORK/answer" || die "not healthy: $(cat "$WORK/answer")"
  healthy serve
  say "  serve: Docker calls it healthy"
  stops serve

  began=$(now)
  "$DOCKER" run -d --name demo "${CONFINED[@]}" --health-interval 2s "$1" demo >/dev/null
  answers demo
  say "  demo: /healthz answers after $(since "$began") s"
  healthy demo
  inside demo curl -fsS -m 5 http://127.0.0.1:8080/ | grep -qi '<!doctype html>' || die "the stage is missing"
  inside demo curl -fsS -m 120 'http://127.0.0.1:8080/kill/node3?wait=recovered' >"$WORK/answer"
  tail -n 1 "$WORK/answer" | grep -q '^recovery time: ' || die "no recovery: $(tail -n 1 "$WORK/answer")"
  say "  demo: $(tail -n 1 "$WORK/answer")"
  stops demo
}

# --- all of it ------------------------------------------------------------------------------------

say "$("$DOCKER" --version); $(qemu-arm-static --version | head -n 1); stand-in: Debian $SUITE, for $BASE:$TAG"
begin
stand_ins
for platform in $PLATFORMS; do
  export DOCKER_DEFAULT_PLATFORM=$platform
  build "$platform" "chaosmonkey:$(short "$platform")"
  see "chaosmonkey:$(short "$platform")" "$BASE:$(short "$platform")"
done
say "Everything was as it should be."
