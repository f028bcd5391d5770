#!/bin/bash
# A real Kubernetes 1.20 from Debian bookworm's own source package, to test against.
#
#   deploy/real/build.sh            builds it, or says that it is there already
#
# The result is a folder of programs: etcd, the API server, the controller manager, the scheduler,
# kubectl, and kubemark, which is the kubelet's own code over a pretend container runtime.
#
#   CHAOSMONKEY_REAL   where to, ~/.cache/chaosmonkey/kubernetes-1.20 if not given
#   JOBS               compilers at once, 2 if not given
#
# It takes about 5 minutes on two cores, 3 GB while it works and 400 MB afterwards. It needs no
# root, no Go on this machine and no network but a Debian mirror. It installs nothing, and keeps
# its package lists to itself: /etc/apt is read (for proxies and logins), never written.
set -euo pipefail

TARGET=${CHAOSMONKEY_REAL:-${XDG_CACHE_HOME:-$HOME/.cache}/chaosmonkey/kubernetes-1.20}
JOBS=${JOBS:-2}
VERSION=v1.20.2
BUILT=(kube-apiserver kube-controller-manager kube-scheduler kubemark kubectl)
LEASE_SECONDS=8

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }

is_built() {
  local program
  for program in etcd "${BUILT[@]}"; do
    [ -x "$TARGET/bin/$program" ] || return 1
  done
}

check_tools() {
  local tool missing=()
  for tool in apt-get dpkg dpkg-source make gcc tar xz; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} -eq 0 ] ||
    die "needs ${missing[*]}: on Debian or Ubuntu, apt-get install build-essential dpkg-dev xz-utils"
  [ -r /usr/share/keyrings/debian-archive-keyring.gpg ] ||
    die "needs Debian's keys to check the packages: apt-get install debian-archive-keyring"
}

# --- packages -------------------------------------------------------------------------------------

# The first Debian mirror that this machine uses.
mirror() {
  local uri
  uri=$(grep -rhoE 'https?://[^ ]*/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    head -n 1 | tr -d ' ') || true
  [ -n "$uri" ] || die "no Debian mirror stands in /etc/apt/sources.list or sources.list.d"
  printf '%s' "$uri"
}

# apt with lists and caches of its own, and bookworm as its only source.
private_apt() {
  local from
  from=$(mirror)
  mkdir -p "$WORK"/apt/{lists/partial,cache/archives/partial,sources}
  cat >"$WORK/apt/sources/bookworm.sources" <<EOF
Types: deb deb-src
URIs: $from
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
  cat >"$WORK/apt/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$WORK/apt/sources";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$WORK/apt/lists";
Dir::Cache "$WORK/apt/cache";
APT::Sandbox::User "$(id -un)";
APT::Get::AutomaticRemove "false";
Acquire::Retries "3";
Acquire::Languages "none";
EOF
  APT_CONFIG=$WORK/apt/apt.conf apt-get -qq "$@"
}

fetch() {
  say "Fetching Kubernetes' source, Go and etcd from Debian …"
  private_apt update
  cd "$WORK"
  private_apt download etcd-server golang-1.19-go golang-1.19-src rsync libpopt0 libxxhash0
  private_apt source --download-only kubernetes
  local package
  for package in *.deb; do
    dpkg -x "$package" "$WORK/root"
  done
  rm -rf "$WORK/kubernetes" # apt has checked what it downloaded, dpkg-source need not
  dpkg-source --no-check -x kubernetes_*.dsc kubernetes >/dev/null
}

# Debian spreads Go over two folders with links between them; the compiler wants one tree.
assemble_go() {
  rm -rf "$WORK/go"
  cp -aL "$WORK/root/usr/lib/go-1.19" "$WORK/go"
}

# --- compiling ------------------------------------------------------------------------------------

# What "nodeLeaseDurationSeconds: 8" in a kubelet's configuration file does; kubemark takes no such
# file. A kubelet renews its lease every quarter of that, so that the controller manager may take
# a node for lost after 8 s without losing a healthy one.
shorten_leases() {
  local file=$WORK/kubernetes/pkg/kubemark/hollow_kubelet.go
  sed -i "s/^\tc.NodeStatusUpdateFrequency.Duration = .*/\tc.NodeStatusUpdateFrequency.Duration = 2 * time.Second\n\tc.NodeLeaseDurationSeconds = $LEASE_SECONDS/" "$file"
  grep -q "NodeLeaseDurationSeconds = $LEASE_SECONDS" "$file" ||
    die "this Kubernetes is not the one I know: cannot shorten the kubelets' leases in $file"
}

compile() {
  say "Compiling ${BUILT[*]} …"
  local libraries
  libraries=$(echo "$WORK"/root/usr/lib/*-linux-gnu)
  (
    cd "$WORK/kubernetes"
    export GOROOT=$WORK/go GOCACHE=$WORK/gocache GOPROXY=off CGO_ENABLED=0 GOTOOLCHAIN=local
    export PATH=$WORK/go/bin:$WORK/root/usr/bin:$PATH LD_LIBRARY_PATH=$libraries
    export KUBE_GIT_VERSION=$VERSION KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20
    export KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=clean
    nice -n 10 make GOFLAGS="-p=$JOBS" WHAT="${BUILT[*]/#/cmd/}"
  ) >"$WORK/make.log" 2>&1 || { tail -n 30 "$WORK/make.log" >&2; die "make failed: $WORK/make.log"; }
}

keep() {
  mkdir -p "$TARGET/bin"
  local program
  for program in "${BUILT[@]}"; do
    install -m 755 "$WORK/kubernetes/_output/local/bin/linux/$(dpkg --print-architecture)/$program" "$TARGET/bin/"
  done
  install -m 755 "$WORK/root/usr/bin/etcd" "$TARGET/bin/etcd"
}

main() {
  if is_built; then
    say "Kubernetes $VERSION is in $TARGET."
    return
  fi
  check_tools
  mkdir -p "$TARGET"
  WORK=$TARGET/work
  mkdir -p "$WORK"
  fetch
  assemble_go
  shorten_leases
  compile
  keep
  is_built || die "something is missing in $TARGET/bin"
  chmod -R u+w "$WORK"
  rm -rf "$WORK"
  say "Kubernetes $VERSION is in $TARGET. Start it with $(dirname "$0")/bed up"
}

main "$@"
