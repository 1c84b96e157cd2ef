#!/bin/sh
# Prepares a Debian or Ubuntu machine for `make test`: a PostgreSQL server for
# the store's tests to start, Chromium for those of the pages, and a C compiler
# for the race detector. Installs with apt-get where it may; says what to install
# where it may not.
set -eu

missing=""
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
command -v "${CC:-gcc}" >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "prepare: the tests need:$missing" >&2
	echo "hint: sudo apt-get install$missing   (or your system's packages of these names)" >&2
	exit 1
fi
echo "prepare: installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	echo "prepare: apt-get could not install:$missing" >&2
	exit 1
fi
rm -f "$log"
