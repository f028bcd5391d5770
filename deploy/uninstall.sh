#!/bin/bash
# Take the server off this machine. Its settings and records stay, unless --purge says otherwise.
#
#   uninstall.sh            as root
#
#   --prefix DIR    where the software is, /opt/chaosmonkey
#   --root DIR      take the files below DIR away and touch nothing else
#   --purge         settings (/etc/chaosmonkey), records (/var/lib/chaosmonkey) and the user, too
set -euo pipefail

ROOT='' PREFIX=/opt/chaosmonkey PURGE=0
BEGIN='# --- chaosmonkey: begin' END='# --- chaosmonkey: end'

say() { printf '%s\n' "$*"; }
die() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case $1 in
    --prefix|--root) [ $# -gt 1 ] || die "$1 needs a value" ;;&
    --prefix) PREFIX=$2; shift 2 ;;
    --root) ROOT=${2%/}; shift 2 ;;
    --purge) PURGE=1; shift ;;
    --help|-h) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || die "needs root (or --root DIR)"

CHANGED=0
gone() { # gone FILE: there is no such file or folder any more
  [ -e "$ROOT$1" ] || return 0
  rm -rf -- "$ROOT${1:?}"
  CHANGED=1
  say "removed: $1"
}

# Stopping it turns every plug on.
if [ -z "$ROOT" ] && [ -e /etc/systemd/system/chaosmonkey.service ]; then
  systemctl disable --now chaosmonkey.service
fi
gone /etc/systemd/system/chaosmonkey.service
gone /usr/local/sbin/chaosmonkey-table
gone /etc/systemd/system.conf.d/chaosmonkey-watchdog.conf
# The software is a virtual environment that install.sh has made: anything else is somebody else's.
[ ! -f "$ROOT$PREFIX/installed" ] || gone "$PREFIX"

for file in /boot/firmware/config.txt /boot/config.txt; do
  if [ -f "$ROOT$file" ] && grep -qxF "$BEGIN" "$ROOT$file"; then
    grep -qxF "$END" "$ROOT$file" || die "$file has lost the line '$END': take our lines out by hand"
    sed -i "/^$BEGIN\$/,/^$END\$/d" "$ROOT$file"
    CHANGED=1
    say "changed: $file"
  fi
done
if [ "$PURGE" = 1 ]; then
  gone /etc/chaosmonkey
  gone /var/lib/chaosmonkey
  if [ -z "$ROOT" ] && getent passwd chaosmonkey >/dev/null; then userdel chaosmonkey; fi
fi
if [ "$CHANGED" = 0 ]; then
  say "Nothing to remove."
elif [ -z "$ROOT" ]; then
  systemctl daemon-reload
fi
