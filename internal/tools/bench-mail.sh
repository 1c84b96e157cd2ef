#!/bin/sh
# Compares how fast mail is sent: see BenchmarkMail in mailer/submit and
# BenchmarkBesideListmonk in mailer/deliver. Takes
# Postfix's smtp-source out of its Debian package where it is not there already;
# nothing is installed and no daemon started.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
PATH="$PATH:/usr/sbin"
if source=$(command -v smtp-source); then
	SMTP_SOURCE=$source
elif command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 &&
	(cd "$dir" && { apt-get download postfix || { apt-get update && apt-get download postfix; }; } && dpkg -x postfix_*.deb .) >"$dir/log" 2>&1; then
	SMTP_SOURCE=$dir/smtp-source
	printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$dir/usr/lib/postfix" "$dir/usr/sbin/smtp-source" >"$SMTP_SOURCE"
	chmod +x "$SMTP_SOURCE"
	if ldd "$dir/usr/sbin/smtp-source" "$dir"/usr/lib/postfix/libpostfix-*.so | grep -v libpostfix | grep -q 'not found'; then
		echo "bench-mail: smtp-source lacks libraries; goes without it" >&2
		echo "hint: sudo apt-get install postfix" >&2
		SMTP_SOURCE=
	fi
else
	echo "bench-mail: no smtp-source here, and no package to take it from; goes without it" >&2
	SMTP_SOURCE=
fi
export SMTP_SOURCE MAIL_MESSAGES="${MAIL_MESSAGES:-10000}" MAIL_ROUNDS="${MAIL_ROUNDS:-5}"
go test ./mailer/submit -run '^$' -bench '^BenchmarkMail$' -benchtime 1x -timeout 2h

# Beside listmonk, whose sources are taken from LISTMONK_SOURCE, a git
# repository, and built; its pages are not needed. LISTMONK names a folder where
# that was done before.
if [ -z "${LISTMONK:-}" ]; then
	LISTMONK=$dir/listmonk
	if ! (git -c advice.detachedHead=false clone -q --depth 1 -b v6.2.0 "${LISTMONK_SOURCE:-https://github.com/knadh/listmonk}" "$LISTMONK" &&
		mkdir -p "$LISTMONK/frontend/dist" && cd "$LISTMONK" && CGO_ENABLED=0 go build -o listmonk ./cmd) >"$dir/log" 2>&1; then
		echo "bench-mail: listmonk cannot be had, goes without it: $(tail -n 1 "$dir/log")" >&2
		echo "hint: LISTMONK_SOURCE names a git repository to take its sources from" >&2
		exit 0
	fi
fi
export LISTMONK RECIPIENTS="$MAIL_MESSAGES"
go test ./mailer/deliver -run '^$' -bench '^BenchmarkBesideListmonk$' -benchtime 1x -timeout 20m
