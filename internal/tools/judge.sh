#!/bin/sh
# Puts editions before judges, see mailjudge/judge.mjs: made-up ones that have
# everything or nothing, and one of the configuration as shipped, sent from its
# sample sources; then the pages of that paper, and of one with readers, visitors
# and their tokens, see mailjudge/pages.mjs. With "screenshots" it takes pictures
# of them into docs/ instead.
# Installs Chromium, Node.js and SpamAssassin with apt-get and the judges with
# npm where it may; says what to install where it may not, and ends with 75 when
# there are no judges to be had: nothing was judged then, good or bad.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
fc-list :lang=zh 2>/dev/null | grep -q . || missing="$missing fontconfig fonts-noto-cjk"
[ "${1:-}" = screenshots ] || command -v spamassassin >/dev/null 2>&1 || missing="$missing spamassassin"
if [ -n "$missing" ]; then
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "judge: needs:$missing" >&2
		echo "hint: sudo apt-get install$missing   (or your system's packages of these names)" >&2
		exit 75
	fi
	echo "judge: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
		cat "$log" >&2
		exit 75
	fi
	rm -f "$log"
fi
if [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
	echo "judge: needs Node.js 20 or later; this is $(node --version)" >&2
	exit 75
fi
CHROMIUM=$(command -v chromium)
export CHROMIUM

tools=internal/tools/mailjudge
if [ ! "$tools/node_modules/.package-lock.json" -nt "$tools/package-lock.json" ]; then
	npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || exit 75
	touch "$tools/node_modules/.package-lock.json"
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${GO:-go} test -count=1 -run '^TestSamples$' ./mailer/compose -samples "$dir" >/dev/null

if [ "${1:-}" = screenshots ]; then
	node "$tools/shots.mjs" docs \
		digest-zh-360="$dir/zh.html:360:light::1400" digest-zh-360-dark="$dir/zh.html:360:dark:noimages:1400" \
		digest-zh-700="$dir/zh.html:700:light:noimages:1000" digest-zh-700-dark="$dir/zh.html:700:dark::1000" \
		digest-en-360="$dir/en.html:360:light:noimages:1400" digest-en-360-dark="$dir/en.html:360:dark::1400" \
		digest-en-700="$dir/en.html:700:light::1000" digest-en-700-dark="$dir/en.html:700:dark:noimages:1000"
	PICTURES=docs/pages
	export PICTURES
	mkdir -p "$PICTURES"
	rm -f "$PICTURES"/*.webp
fi

# The configuration as shipped, in both languages.
${GO:-go} build -o "$dir/broadsheet" ./cmd/broadsheet
for language in zh-Hans en; do
	work="$dir/shipped-$language"
	mkdir "$work"
	cp -r examples "$work/"
	sed "s/^  language: zh-Hans/  language: $language/" config.yaml >"$work/config.yaml"
	(cd "$work" && "$dir/broadsheet" collect && "$dir/broadsheet" digest send weekly) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	cp "$work"/outbox/*.eml "$dir/shipped-$language.eml"
done
[ -n "${PICTURES:-}" ] || node "$tools/judge.mjs" "$dir"/*.eml

# The pages of the same paper, on a port that is free.
work="$dir/shipped-zh-Hans"
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
sed -i "s/^listen: [^ ]*/listen: 127.0.0.1:$port/; s#^  url: http://localhost:8080#  url: http://127.0.0.1:$port#" "$work/config.yaml"
(cd "$work" && "$dir/broadsheet" subscribers add reader@example.com --name Reader >/dev/null)
(cd "$work" && exec "$dir/broadsheet" serve) >"$work/log" 2>&1 &
serve=$!
trap 'kill "$serve" 2>/dev/null; rm -rf "$dir"' EXIT
token=""
for _ in $(seq 600); do
	token=$(sed -n 's/.*sign-in?token=\([A-Za-z0-9_-]*\).*/\1/p' "$work/log")
	[ -z "$token" ] || break
	sleep 0.1
done
node "$tools/pages.mjs" "http://127.0.0.1:$port" "$token" || { cat "$work/log" >&2; exit 1; }

# Those of a paper that has come far, kept up by a test until its list is gone.
${GO:-go} test -count=1 -timeout 20m -run '^TestStand$' ./internal/app -stand "$dir/stand.json" >"$dir/stand.log" 2>&1 &
stand=$!
trap 'kill "$serve" 2>/dev/null; rm -rf "$dir"; wait "$stand"' EXIT
while [ ! -f "$dir/stand.json" ] && kill -0 "$stand" 2>/dev/null; do
	sleep 0.1
done
[ -f "$dir/stand.json" ] || { cat "$dir/stand.log" >&2; exit 1; }
node "$tools/pages.mjs" "$dir/stand.json"
[ -z "${PICTURES:-}" ] || node "$tools/index.mjs" "$PICTURES"
