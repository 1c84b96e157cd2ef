package read

import (
	"strings"

	"golang.org/x/net/html"
)

// attributes writes the attributes of an element that may stay. It reports
// false when the element is nothing without what it lacks: a link without an
// address, an image that is none or counts readers.
func (w *rewriter) attributes(z *html.Tokenizer, name string, el element) bool {
	var href, src, lazy string
	tracker, seen := false, ""
	for more := true; more; {
		var rawKey, rawVal []byte
		if rawKey, rawVal, more = z.TagAttr(); rawKey == nil {
			break
		}
		key := string(rawKey)
		if strings.Contains(seen, " "+key+" ") || !allowedAttr(el, key) {
			w.plain = w.plain && key == "rel"
			continue
		}
		seen += " " + key + " "
		val := string(rawVal)
		switch key {
		case "href":
			href = linkAddress(w.base, val)
		case "src":
			src = imageAddress(w.base, val)
		case "data-src", "data-original":
			lazy = imageAddress(w.base, val)
		case "cite":
			if v := linkAddress(w.base, val); v != "" {
				w.attribute(key, v)
			}
		case "width", "height":
			val = strings.TrimSuffix(strings.TrimSpace(val), "px")
			tracker = tracker || val == "0" || val == "1"
			w.number(key, val)
		case "colspan", "rowspan", "start":
			w.number(key, strings.TrimSpace(val))
		case "lang", "dir":
			w.token(key, strings.TrimSpace(val))
		default:
			w.attribute(key, val)
		}
	}
	switch name {
	case "a":
		if href == "" {
			return false
		}
		w.attribute("href", href)
	case "img":
		if lazy != "" && !webAddress(src) {
			src = lazy
		}
		if src == "" || tracker {
			return false
		}
		w.attribute("src", src)
	}
	return true
}

// allowedAttr reports whether an element may have an attribute.
func allowedAttr(el element, key string) bool {
	switch key {
	case "title", "lang", "dir":
		return true
	}
	return el.attrs != "" && strings.Contains(el.attrs, " "+key+" ")
}

// attribute writes an attribute.
func (w *rewriter) attribute(key, val string) {
	w.out = append(append(append(w.out, ' '), key...), '=', '"')
	w.out = append(w.out, html.EscapeString(val)...)
	w.out = append(w.out, '"')
}

// number writes an attribute whose value is a small whole number.
func (w *rewriter) number(key, val string) {
	if len(val) == 0 || len(val) > 5 || strings.Trim(val, "0123456789") != "" {
		w.plain = false
		return
	}
	w.attribute(key, val)
}

// token writes the lang or dir attribute when its value is one.
func (w *rewriter) token(key, val string) {
	val = strings.ReplaceAll(val, "_", "-")
	ok := val != "" && len(val) <= 35
	for _, c := range []byte(val) {
		ok = ok && (c == '-' || nameByte(c) && c != '_' && c != '.' && c != ':')
	}
	if key == "dir" {
		val = strings.ToLower(val)
		ok = val == "ltr" || val == "rtl" || val == "auto"
	}
	if !ok {
		w.plain = false
		return
	}
	w.attribute(key, val)
}
