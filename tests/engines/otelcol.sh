#!/usr/bin/env bash
# otelcol.sh DIRECTORY: builds the collector of otelcol.yaml there, as DIRECTORY/otelcol, unless it is there.
# It needs Go 1.23 or later and the Go module proxy; about two minutes on two cores.
set -euo pipefail

readonly version=v0.160.0
here=$(dirname "$(readlink -f "$0")")
into=$(mkdir -p "${1:?usage: otelcol.sh DIRECTORY}" && cd "$1" && pwd)
[[ ! -x $into/otelcol ]] || exit 0
command -v go >/dev/null || {
    echo "otelcol.sh: there is no go here" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|^dist:|dist:\n  output_path: $work/dist|" "$here/otelcol.yaml" >"$work/otelcol.yaml"
CGO_ENABLED=0 go run "go.opentelemetry.io/collector/cmd/builder@$version" --config "$work/otelcol.yaml" \
    --ldflags '-s -w'
install -m 755 "$work/dist/otelcol" "$into/otelcol"
