package read

import (
	"crypto/sha256"
	"strings"

	"broadsheet/syndicate"
)

// alternateOf returns an identity that outlives a change from http to https,
// and a move to another host: the first 64 bits of a hash over the source, the
// title, and the guid, or lacking that the address, without scheme and host. 0
// is none.
//
// The title belongs to it because on two hosts of one source, such as those
// that an aggregator draws on, /news/1 need not be the same.
func alternateOf(a *syndicate.Article) int64 {
	rest := withoutHost(a.GUID)
	if rest == "" && a.GUID == "" {
		rest = withoutHost(a.URL)
	}
	title := foldTitle(a.Title)
	if rest == "" || title == "" {
		return 0
	}
	h := sha256.New()
	sum(h, a.Source, rest, title)
	var id int64
	for _, b := range h.Sum(nil)[:8] {
		id = id<<8 | int64(b)
	}
	return id
}

// withoutHost returns what follows scheme and host in a web address, or
// scheme, authority and date in a tag: URI (RFC 4151); "" when that is nothing
// or s is neither.
func withoutHost(s string) string {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return ""
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		rest, ok = strings.CutPrefix(rest, "//")
		if i := strings.IndexAny(rest, "/?#"); ok && i >= 0 && rest[i:] != "/" {
			return cleanLink(rest[i:])
		}
	case "tag":
		if _, specific, ok := strings.Cut(rest, ":"); ok {
			return specific
		}
	}
	return ""
}
