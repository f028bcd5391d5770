#!/bin/bash
# Put the server onto this machine, the master of the table. Running it twice changes nothing.
#
#   install.sh --wheel chaosmonkey-….whl      as root
#
#   --wheel FILE    the package; without it the software is left as it is, and only files are put in place
#   --prefix DIR    where the software goes, /opt/chaosmonkey
#   --root DIR      put the files below DIR and touch nothing else: no user, no software, no systemd
#   --config FILE   the lab.toml to begin with, hardware/lab.toml; one that is there already is kept
#   PYTHON=…        the Python to use, /usr/bin/python3; every user must be able to run it
#
# It prints what it changed.
set -euo pipefail
umask 022 # what is installed is read by the user of the server

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT='' PREFIX=/opt/chaosmonkey WHEEL='' CONFIG=$HERE/../hardware/lab.toml
USER_NAME=chaosmonkey PYTHON=${PYTHON:-/usr/bin/python3}
BEGIN='# --- chaosmonkey: begin' END='# --- chaosmonkey: end'

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case $1 in
    --wheel|--prefix|--root|--config) [ $# -gt 1 ] || die "$1 needs a value" ;;&
    --wheel) WHEEL=$2; shift 2 ;;
    --prefix) PREFIX=$2; shift 2 ;;
    --root) ROOT=${2%/}; shift 2 ;;
    --config) CONFIG=$2; shift 2 ;;
    --help|-h) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done
case $PREFIX in /*[!A-Za-z0-9/._-]*) die "--prefix: letters, digits and /._- only" ;; /*) ;; *) die "--prefix must begin with /" ;; esac
[ -f "$CONFIG" ] || die "there is no $CONFIG"
[ -z "$WHEEL" ] || [ -f "$WHEEL" ] || die "there is no $WHEEL"
[ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || die "needs root (or --root DIR)"

CHANGED=0
changed() { CHANGED=1; say "changed: $*"; }

# put MODE FILE: make FILE what standard input says, with that mode. Not behind a pipe: a subshell's
# CHANGED is lost.
put() {
  local mode=$1 file=$ROOT$2 new
  mkdir -p "$(dirname "$file")"
  new=$(mktemp "$file.XXXXXX")
  cat >"$new"
  chmod "$mode" "$new"
  if [ -f "$file" ] && cmp -s "$new" "$file" && [ "$(stat -c %a "$file")" = "$mode" ]; then
    rm -f "$new"
  else
    mv -f "$new" "$file"
    changed "$2"
  fi
}

# keep MODE FILE: the same, unless there is such a file: then it is the owner's.
keep() { if [ -e "$ROOT$2" ]; then cat >/dev/null; else put "$1" "$2"; fi; }

# own FILE: readable by the server, writable by root.
own() { [ -n "$ROOT" ] || chgrp "$USER_NAME" "$1"; }

make_user() {
  local group
  for group in gpio i2c; do
    getent group "$group" >/dev/null || { groupadd --system "$group"; changed "group $group"; }
  done
  getent passwd "$USER_NAME" >/dev/null && return
  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$USER_NAME"
  changed "user $USER_NAME"
}

# The software of the wheel is there if its digest is what was written down after the installation.
install_software() {
  local digest
  digest=$(sha256sum "$WHEEL" "$HERE/../requirements/run.txt" | awk '{print $1}')
  [ "$digest" = "$(cat "$PREFIX/installed" 2>/dev/null)" ] && return
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$PYTHON is missing or older than 3.11"
  "$PYTHON" -c 'import ensurepip' || die "$PYTHON cannot make environments: apt install python3-venv"
  # Raspberry Pi OS's python3-lgpio is used: there is no wheel of it for every Python.
  [ -x "$PREFIX/bin/python" ] || "$PYTHON" -m venv --system-site-packages "$PREFIX"
  "$PREFIX/bin/python" -m pip --quiet install --require-hashes -r "$HERE/../requirements/run.txt"
  "$PREFIX/bin/python" -m pip --quiet install --no-deps --force-reinstall "$WHEEL"
  "$PREFIX/bin/python" -c 'import lgpio' 2>/dev/null ||
    say "note: no lgpio here, which relays on GPIO lines need: apt install python3-lgpio"
  printf '%s\n' "$digest" >"$PREFIX/installed"
  changed "$PREFIX"
}

boot_lines() {
  local file=/boot/firmware/config.txt
  [ -f "$ROOT$file" ] || file=/boot/config.txt
  [ -f "$ROOT$file" ] || { say "no config.txt here: not a Raspberry Pi"; return; }
  grep -qxF "$BEGIN" "$ROOT$file" && return
  put "$(stat -c %a "$ROOT$file")" "$file" < <(
    awk 1 "$ROOT$file" # with a line feed at its end, if it had none
    printf '%s\n' "$BEGIN" '[all]'
    cat "$HERE/raspberry-pi/config.txt"
    printf '%s\n' "$END"
  )
  say "$file: the pins are those of hardware/lab.toml; if yours are others, edit the block. Then reboot."
}

[ -n "$ROOT" ] || make_user
[ -n "$ROOT" ] || [ -z "$WHEEL" ] || install_software
put 644 /etc/systemd/system/chaosmonkey.service \
  < <(sed "s|@PREFIX@|$PREFIX|g" "$HERE/systemd/chaosmonkey.service")
put 755 /usr/local/sbin/chaosmonkey-table \
  < <(sed "s|@PREFIX@|$PREFIX|g" "$HERE/systemd/chaosmonkey-table.sh")
put 644 /etc/systemd/system.conf.d/chaosmonkey-watchdog.conf <"$HERE/systemd/watchdog.conf"
keep 640 /etc/chaosmonkey/lab.toml <"$CONFIG"
keep 600 /etc/chaosmonkey/environment <"$HERE/systemd/environment"
own "$ROOT/etc/chaosmonkey/lab.toml"
[ ! -e "$ROOT/etc/chaosmonkey/kubeconfig" ] || own "$ROOT/etc/chaosmonkey/kubeconfig"
boot_lines

if [ "$CHANGED" = 0 ]; then
  say "Nothing to change."
elif [ -z "$ROOT" ]; then
  systemctl daemon-reload
  systemctl enable chaosmonkey.service
  say "Next: edit /etc/chaosmonkey/lab.toml, put a kubeconfig beside it, systemctl restart chaosmonkey."
fi
