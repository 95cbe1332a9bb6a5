#!/usr/bin/env bash
# promtool.sh DIRECTORY: puts Debian's promtool there, unless it is there. The package itself is not installed: that would start a
# Prometheus on machines that run services.
set -euo pipefail

into=$(mkdir -p "${1:?usage: promtool.sh DIRECTORY}" && cd "$1" && pwd)
[[ ! -x $into/promtool ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt fetches as a user of its own, who must be able to write there.
chmod 777 "$work"
cd "$work"
apt-get download -qq prometheus
dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
install -m 755 usr/bin/promtool "$into/promtool"
