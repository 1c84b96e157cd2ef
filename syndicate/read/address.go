package read

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// linkAddress returns the absolute address that a link of a source leads to,
// or "" when it is not one a reader may be sent to: http, https and mailto are.
func linkAddress(base *url.URL, ref string) string {
	s := absolute(base, ref)
	if webAddress(s) || len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		return s
	}
	return ""
}

// imageAddress is linkAddress for images: http and https.
func imageAddress(base *url.URL, ref string) string {
	if ref = strings.TrimSpace(ref); strings.HasPrefix(ref, "data:") {
		return inlineImage(ref)
	}
	if s := absolute(base, ref); webAddress(s) {
		return s
	}
	return ""
}

// Bounds of an image within its own address, in bytes: what is smaller holds a
// place or counts readers.
const (
	leastInline = 256
	mostInline  = 64 << 10
)

// inlineImage returns the address of an image that holds the image itself (RFC
// 2397), or "": of pictures, since SVG may hold scripts.
func inlineImage(ref string) string {
	if len(ref) < leastInline || len(ref) > mostInline {
		return ""
	}
	kind, data, ok := strings.Cut(strings.TrimPrefix(ref, "data:image/"), ";base64,")
	if _, err := base64.StdEncoding.DecodeString(data); !ok || err != nil || strings.ContainsAny(data, "\r\n") {
		return ""
	}
	switch kind {
	case "png", "gif", "jpeg", "webp":
		return ref
	}
	return ""
}

// fieldAddress returns the absolute form of an address given outside HTML. An
// address that runs code or reads files is none.
func fieldAddress(base *url.URL, ref string) string {
	s := absolute(base, ref)
	scheme, _, ok := strings.Cut(s, ":")
	if ok {
		switch strings.ToLower(scheme) {
		case "javascript", "vbscript", "livescript", "mocha", "data", "blob", "about", "view-source", "jar":
			return ""
		}
	}
	return s
}

// webAddress reports whether s is an http or https address.
func webAddress(s string) bool {
	return len(s) > 8 && (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://"))
}

// absolute resolves ref against base (RFC 3986, section 5). What cannot be
// resolved comes back as it is, in characters that an address may have.
func absolute(base *url.URL, ref string) string {
	if cleanAddress(ref) {
		return ref
	}
	ref = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == 0xfeff || r == 0x200b {
			return -1
		}
		return r
	}, strings.TrimSpace(ref))
	if ref == "" {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil {
		ref = escapeAddress(ref)
		if u, err = url.Parse(ref); err != nil {
			return ref
		}
	}
	if base != nil && (base.Host != "" || base.Scheme == "file") {
		u = base.ResolveReference(u)
	} else if u.Scheme == "" && u.Host != "" {
		u.Scheme = "https"
	}
	return escapeAddress(u.String())
}

// cleanAddress reports whether s is an absolute web address in characters that
// need no escaping: nothing is to be done about it.
func cleanAddress(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	if rest == "" || rest[0] == '/' || rest[0] == '.' {
		return false
	}
	for _, c := range []byte(rest) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	return !strings.Contains(rest, "/.")
}

// escapeAddress percent-encodes what may not stand in an address.
func escapeAddress(s string) string {
	const hex = "0123456789ABCDEF"
	bad := func(c byte) bool { return c <= ' ' || c == 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 }
	n := 0
	for i := range len(s) {
		if bad(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	out := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if bad(s[i]) {
			out = append(out, '%', hex[s[i]>>4], hex[s[i]&15])
		} else {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// resolveBase returns ref, found where base holds, as a base.
func resolveBase(base *url.URL, ref string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		return base
	}
	if base != nil {
		return base.ResolveReference(u)
	}
	return u
}

// documentBase returns the base of a document: its address, and the
// Content-Location of the response resolved against that (RFC 3986, section
// 5.1). Nil when neither is known.
func documentBase(in Input) *url.URL {
	var base *url.URL
	if in.URL != "" {
		if u, err := url.Parse(in.URL); err == nil && u.Scheme != "" {
			base = u
		}
	}
	if v := in.Header.Get("Content-Location"); v != "" {
		if u := resolveBase(base, v); u.Scheme == "http" || u.Scheme == "https" {
			base = u
		}
	}
	if base != nil && base.Scheme == "" {
		return nil
	}
	return base
}

// cleanLink takes the parameters that count readers off an address, and
// fragments that do so. The order of what stays is kept: some servers sign it.
// The result identifies and shows an article; it is not for fetching.
func cleanLink(s string) string {
	s, fragment, _ := strings.Cut(s, "#")
	if fragment != "" && !tracksAsFragment(fragment) {
		fragment = "#" + fragment
	} else {
		fragment = ""
	}
	path, query, ok := strings.Cut(s, "?")
	if !ok {
		return path + fragment
	}
	host := hostOf(path)
	kept := make([]string, 0, 8)
	for _, p := range strings.Split(query, "&") {
		key, value, _ := strings.Cut(p, "=")
		if !tracks(strings.ToLower(key), value, host) {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 {
		path += "?" + strings.Join(kept, "&")
	}
	return path + fragment
}

// tracksAsFragment reports whether a fragment counts readers, or says which
// words a search had found, and leads to no part of the page.
func tracksAsFragment(fragment string) bool {
	return strings.HasPrefix(fragment, "utm_") || strings.HasPrefix(fragment, "xtor=") || strings.HasPrefix(fragment, ":~:text=")
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Hostname()
	}
	return ""
}

// tracks reports whether a query parameter says where a reader came from and
// nothing about the page.
func tracks(key, value, host string) bool {
	if strings.HasPrefix(key, "utm_") || strings.HasPrefix(key, "mtm_") || strings.HasPrefix(key, "pk_") {
		return true
	}
	if key == "ref" {
		return host != "" && strings.Contains(strings.ToLower(value), strings.TrimPrefix(host, "www."))
	}
	if key == "scene" { // elsewhere it may mean what it says
		return strings.HasSuffix(host, "weixin.qq.com")
	}
	_, ok := trackers[key]
	return ok
}

// trackers are query parameters that identify readers, campaigns or shares.
var trackers = nameSet("",
	// advertising and mail campaigns
	"fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "msclkid", "yclid", "ysclid", "twclid", "ttclid", "li_fat_id", "igshid", "igsh",
	"mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "hsctatracking", "vero_id", "vero_conv", "oly_anon_id", "oly_enc_id", "_openstat", "s_cid", "wickedid",
	"ml_subscriber", "ml_subscriber_hash", "rb_clickid", "_ga", "_gl", "cmpid", "ncid", "guccounter", "guce_referrer", "guce_referrer_sig",
	// Chinese portals and apps
	"spm", "scm", "share_token", "share_source", "share_medium", "share_plat", "share_tag", "share_from", "vd_source", "from_source", "isappinstalled",
	"wfr", "sudaref", "nsukey", "chksm", "srcid", "mpshare", "sharer_sharetime", "sharer_shareid", "sharer_shareinfo", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "bd_vid",
)
