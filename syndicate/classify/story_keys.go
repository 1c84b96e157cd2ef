package classify

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"broadsheet/syndicate"
)

// How many keys an article has at most of each kind.
const (
	shingleKeys = 8
	numberKeys  = 3
)

// maxKeyText is how much of a telling its keys are made of, in bytes.
const maxKeyText = 900

// Keys returns what an article can be found by: whatever tells the same most
// likely has one of them too. There are at most 14: of its address, of its
// title, of its rarest figures, and of the rare pairs of characters or words
// with the smallest hashes, so that two texts that share a part of theirs are
// likely to share one of these (bottom-k sketch, Broder 1997). The same
// telling has the same keys always and everywhere.
func (t *Tellings) Keys(x syndicate.Telling) []uint64 {
	title := clip((&syndicate.Article{Title: x.Title}).DisplayTitle(), maxStoryTitle)
	folded := syndicate.Fold(title)
	keys := make([]uint64, 0, shingleKeys+numberKeys+2)
	if s := letters(folded); s != "" {
		keys = append(keys, hashShingle("title "+s))
	}
	if s := canonicalLink(x.URL); s != "" {
		keys = append(keys, hashShingle("link "+s))
	}
	text := folded + "\n" + syndicate.Fold(clip(withoutByline(clip(x.Lead, maxStoryLead)), max(0, maxKeyText-len(folded))))
	keys = append(keys, smallest(numbersOf(text, 3), numberKeys)...)
	var rare []uint64
	for _, g := range storyShingles(text) {
		if g.weight >= rareWeight {
			rare = append(rare, g.hash)
		}
	}
	return append(keys, smallest(rare, shingleKeys)...)
}

// rareWeight is what a piece of text weighs that is rare enough for a key.
const rareWeight = 0.7

// smallest returns the n smallest of the hashes.
func smallest(hashes []uint64, n int) []uint64 {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	return hashes[:min(n, len(hashes))]
}

// numbersOf returns hashes of the numbers in a text of at least so many digits
// that are no years.
func numbersOf(text string, least int) []uint64 {
	var out []uint64
	for i := 0; i < len(text); {
		if text[i] < '0' || text[i] > '9' {
			i++
			continue
		}
		start, digits := i, 0
		for i < len(text) && (text[i] >= '0' && text[i] <= '9' || (text[i] == '.' || text[i] == ',') && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9') {
			if text[i] != '.' && text[i] != ',' {
				digits++
			}
			i++
		}
		number := strings.ReplaceAll(text[start:i], ",", "")
		if digits >= least && !(len(number) == 4 && (number[:2] == "19" || number[:2] == "20")) {
			out = append(out, hashShingle("number "+number))
		}
	}
	return out
}

// trackers are parameters of addresses that say where a reader came from and
// not what the page is.
var trackers = wordSet("spm scm from source src ref share_token share_source vd_source from_source isappinstalled wfr sudaref nsukey chksm srcid scene " +
	"mpshare sharer_shareid sharer_sharetime fbclid gclid mc_cid mc_eid cmpid partner rss")

// canonicalLink returns an address without what may differ between two
// addresses of one page, or "" when there is nothing to tell pages apart by.
func canonicalLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), "m.")
	path := strings.TrimRightFunc(u.EscapedPath(), func(r rune) bool { return r == '/' })
	query := u.Query()
	for name := range query {
		if trackers[strings.ToLower(name)] || strings.HasPrefix(strings.ToLower(name), "utm_") {
			query.Del(name)
		}
	}
	if path == "" && len(query) == 0 || !strings.ContainsFunc(path+query.Encode(), unicode.IsDigit) && strings.Count(path, "/") < 2 {
		return "" // the page of a section
	}
	return host + path + "?" + query.Encode()
}
