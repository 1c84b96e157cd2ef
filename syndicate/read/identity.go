package read

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// A Rung is a rung of the identity ladder: what an article's identity is made
// of. A document whose entries cannot be told apart by one rung goes down to
// the next.
type Rung int

// The rungs, the best first.
const (
	ByGUID    Rung = iota // the id the source gives
	ByLink                // the address, without tracking parameters
	ByTitle               // the title and the day of publication
	ByContent             // the title and the text
)

// String names the rung as reports do.
func (r Rung) String() string {
	switch r {
	case ByGUID:
		return "guid"
	case ByLink:
		return "link"
	case ByTitle:
		return "title and date"
	}
	return "title and text"
}

// identityOf returns the identity of an article on a rung, or on the next one
// for which it has what is needed. The identity on the first rung is the guid
// itself, byte for byte; the others begin with a word and a zero byte, so that
// no guid is equal to one of them.
func identityOf(a *syndicate.Article, day string, r Rung) string {
	title := foldTitle(a.Title)
	switch {
	case r <= ByGUID && a.GUID != "":
		return a.GUID
	case r <= ByLink && a.URL != "":
		return "link\x00" + a.URL
	case r <= ByTitle && title != "" && day != "":
		return "title\x00" + title + "\x00" + day
	}
	return "text\x00" + title + "\x00" + digest(a.Text, a.Summary)
}

// tolerated is how many entries of a document may share a rung's identity
// with another before the rung is given up: 5 %, rounded; below ten entries
// none.
func tolerated(n int) int { return (n + 10) / 20 }

// chooseRung returns the first rung, from r on, on which the articles can be
// told apart, and how many could not on the one above. Entries that lack what
// a rung needs do not count: each of them goes down by itself, and comes to no
// other identity when its neighbours leave the document. Titles are not given
// up for the whole document: those that repeat get their text as well.
func chooseRung(as []syndicate.Article, days []string, r Rung) (rung Rung, repeated int) {
	for ; r < ByTitle; r++ {
		n := countRepeated(as, days, r)
		if n <= tolerated(len(as)) {
			return r, repeated
		}
		repeated = n
	}
	return r, repeated
}

// countRepeated counts the articles that have the identity of an earlier,
// different one.
func countRepeated(as []syndicate.Article, days []string, r Rung) int {
	first := make(map[string]string, len(as))
	n := 0
	for i := range as {
		id := identityOf(&as[i], days[i], r)
		hash, seen := first[id]
		switch {
		case !seen:
			first[id] = as[i].Hash
		case hash != as[i].Hash:
			n++
		}
	}
	return n
}

// identify gives each article its key, on the rung given. An article that an
// earlier one equals in all it says is left out. Different articles of one
// identity are told apart by the next rungs, so that none is lost.
func identify(as []syndicate.Article, days []string, r Rung) []syndicate.Article {
	groups := make(map[string]int, len(as))
	for i := range as {
		groups[identityOf(&as[i], days[i], r)]++
	}
	out := as[:0]
	seen := make(map[string]bool, len(as))
	for i := range as {
		a := as[i]
		id := identityOf(&a, days[i], r)
		if groups[id] > 1 {
			id = tellApart(&a, r, id, seen)
		}
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		seen[id+"\x00"+a.Hash] = true
		a.Key, a.Alternate = syndicate.NewKey(a.Source, id), alternateOf(&a)
		out = append(out, a)
	}
	return out
}

// tellApart returns an identity for an article that shares the one it has
// with others; "" when one of them was the same article.
//
// Of articles that share a guid or an address the first keeps it: it is nearly
// always the newest, and the one that was alone before. Articles that share
// title and day all get their text as well, because a listing has no order
// that could be relied on.
func tellApart(a *syndicate.Article, r Rung, id string, seen map[string]bool) string {
	if seen[id+"\x00"+a.Hash] {
		return ""
	}
	byTitle := strings.HasPrefix(id, "title\x00")
	if !byTitle && !seen[id] {
		return id
	}
	if !byTitle && r < ByLink && a.URL != "" && !seen[id+"\x00"+a.URL] {
		return id + "\x00" + a.URL
	}
	return id + "\x00" + digest(a.Title, a.Text, a.Summary)
}

// foldTitle returns a title as identities compare it: case and width folded,
// white space and control characters gone.
func foldTitle(s string) string {
	return strings.Map(func(r rune) rune {
		r = syndicate.FoldRune(r)
		if isSpace(r) || r < 0x20 {
			return -1
		}
		return r
	}, s)
}

// hashOf returns the hash of everything the source said about an article. It
// does not depend on when it was read.
func hashOf(a *syndicate.Article, updatedRaw string) string {
	h := sha256.New()
	sum(h, a.GUID, a.Title, a.URL, a.Summary, a.Content, a.Language, a.PublishedRaw, updatedRaw)
	sum(h, a.Authors...)
	sum(h, a.Categories...)
	for _, s := range a.Sections {
		sum(h, s.Head, s.Text)
	}
	for _, e := range a.Enclosures {
		sum(h, e.URL, e.Type)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// digest returns a hash of texts.
func digest(texts ...string) string {
	h := sha256.New()
	sum(h, texts...)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// sum writes texts to a hash so that no two lists write the same.
func sum(h hash.Hash, texts ...string) {
	var n [4]byte
	for _, t := range texts {
		n[0], n[1], n[2], n[3] = byte(len(t)>>24), byte(len(t)>>16), byte(len(t)>>8), byte(len(t))
		_, _ = h.Write(n[:]) // a hash never fails
		_, _ = h.Write([]byte(t))
	}
	_, _ = h.Write([]byte{0xff})
}

// dayOf returns the day of an entry's date in the source's zone, or "".
func dayOf(e *Entry, loc *time.Location) string {
	if e.Published.IsZero() {
		return ""
	}
	return e.Published.In(loc).Format(time.DateOnly)
}
