#!/bin/sh
# Compares how fast a feed is served: see benchhttp. Installs nginx and wrk
# with apt-get where it may; says what to install where it may not.
set -eu

missing=""
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
if [ -n "$missing" ]; then
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "bench-http: needs:$missing" >&2
		echo "hint: sudo apt-get install$missing   (or your system's packages of these names)" >&2
		exit 1
	fi
	echo "bench-http: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update && apt-get install -y --no-install-recommends $missing; } >/dev/null
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/broadsheet" ./cmd/broadsheet
go -C internal/tools build -o "$dir/benchhttp" ./benchhttp
"$dir/benchhttp" -broadsheet "$dir/broadsheet" "$@"
