#!/bin/bash
# Run a command of chaosmonkey on this table, as its server does: as its user, with its secrets.
#
#   chaosmonkey-table check --live             chaosmonkey-table plugs test node3
#   chaosmonkey-table panel                    chaosmonkey-table plugs read
#
# The command needs the plugs for itself: a server that runs is stopped before, which turns everything on, and
# started again after, whatever became of the command. As root. The exit code is the command's.
set -euo pipefail

if [ $# = 0 ] || [ "$1" = --help ]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  exit 2
fi
[ "$(id -u)" = 0 ] || { printf 'chaosmonkey-table: needs root: sudo chaosmonkey-table %s\n' "$*" >&2; exit 2; }

again() { systemctl start chaosmonkey.service; }
if systemctl is-active --quiet chaosmonkey.service; then
  trap again EXIT
  systemctl stop chaosmonkey.service
fi

# Questions and Ctrl-C want a terminal, if there is one.
terminal=--pipe
[ ! -t 0 ] || [ ! -t 1 ] || terminal=--pty
systemd-run "$terminal" --quiet --wait --collect \
  -p User=chaosmonkey -p "SupplementaryGroups=gpio i2c" -p UMask=0077 \
  -p StateDirectory=chaosmonkey -p RuntimeDirectory=chaosmonkey-table \
  -p WorkingDirectory=/run/chaosmonkey-table -p EnvironmentFile=-/etc/chaosmonkey/environment \
  -E LG_WD=/run/chaosmonkey-table \
  @PREFIX@/bin/chaosmonkey "$@" --config /etc/chaosmonkey/lab.toml
