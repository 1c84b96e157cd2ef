package syndicate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// NewKey returns the key of the article that a source knows under an identity
// (its guid, or what stands in for one): the first 128 bits, as hex digits, of
// the SHA-256 of name, a zero byte and identity.
func NewKey(source, identity string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + identity))
	return hex.EncodeToString(sum[:16])
}

// idDate is the date of the ids made since they no longer hold the day an
// article was first seen: 2026-01-01, which RFC 4151 lets one write as a year.
// It never changes.
const idDate = "2026"

// NewID returns the public id of an article, a tag: URI (RFC 4151): the host
// of the source's address, a fixed date, and the article's key. It depends on
// the source and the source's own id alone, so that whoever collects the
// article again, at another time, into another database, for another site,
// comes to the same id.
//
// RFC 4151, section 2.1, has the holder of a name at a date mint its tags. We
// mint in the source's name: the article is the source's, and what keeps
// others from minting the same tag for something else is the 128-bit hash in
// it. A date may lie in the past, also before the name had a first holder.
//
// An id is stored with its article and kept: another address of the source
// changes the ids of new articles only, and ids of an older rule stay as
// readers know them. A source without a host, such as a file, is "localhost".
func NewID(sourceURL, key string) string {
	return "tag:" + authority(sourceURL) + "," + idDate + ":" + key
}

// authority returns the host of an address as RFC 4151 writes it, a DNS name
// of small letters, digits and hyphens, or "localhost". The port is no part of
// it.
func authority(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "localhost"
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), ".")
	for i, l := range labels {
		if labels[i] = asciiLabel(l); labels[i] == "" {
			return "localhost" // an IPv6 address, or no name at all
		}
	}
	return strings.Join(labels, ".")
}

// asciiLabel returns a part of a host name in its xn-- form if it is not ASCII,
// and "" if it is no part of a DNS name.
func asciiLabel(label string) string {
	ascii := true
	for _, r := range label {
		if r >= 0x80 {
			ascii = false
		} else if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return ""
		}
	}
	if ascii {
		return strings.Trim(label, "-")
	}
	return "xn--" + punycode([]rune(label))
}
