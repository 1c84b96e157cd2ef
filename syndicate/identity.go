package syndicate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"
)

// NewKey returns the key of the article that a source knows under an identity
// (its guid, or what stands in for one): the first 128 bits, as hex digits, of
// the SHA-256 of name, a zero byte and identity.
func NewKey(source, identity string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + identity))
	return hex.EncodeToString(sum[:16])
}

// NewID returns the public id of an article, a tag: URI (RFC 4151): the host
// of the source's address, the day the article was first seen (UTC), its key.
// A source without a host, such as a file, is "localhost".
//
// An id is made once, when the article is stored for the first time, and kept
// with it: neither another database, nor another address of the site or the
// source changes it.
func NewID(sourceURL, key string, firstSeen time.Time) string {
	host := "localhost"
	if u, err := url.Parse(sourceURL); err == nil && u.Hostname() != "" {
		host = strings.ToLower(u.Hostname())
	}
	return "tag:" + host + "," + firstSeen.UTC().Format(time.DateOnly) + ":" + key
}
