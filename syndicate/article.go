package syndicate

import (
	"strings"
	"time"
	"unicode/utf8"
)

// An Article is one news item as one source told it.
//
// What the source said is kept apart from what we think of it (Analysis).
type Article struct {
	Key    string `json:"key"`            // 32 hex digits, from source and identity; see NewKey
	ID     string `json:"id"`             // public tag: URI (RFC 4151); see NewID
	Source string `json:"source"`         // Source.Name
	GUID   string `json:"guid,omitempty"` // the source's own id, byte for byte; "" when it gave none

	Title      string      `json:"title"`             // plain text, as the source gave it
	URL        string      `json:"url,omitempty"`     // at the source, absolute; "" when it has none
	Summary    string      `json:"summary,omitempty"` // the source's own summary, plain text
	Content    string      `json:"content,omitempty"` // sanitised HTML
	Text       string      `json:"text,omitempty"`    // Content as plain text, one paragraph a line
	Sections   []Section   `json:"sections,omitempty"`
	Authors    []string    `json:"authors,omitempty"`
	Categories []string    `json:"categories,omitempty"`
	Language   string      `json:"language,omitempty"` // BCP 47, such as zh-Hans or en
	Enclosures []Enclosure `json:"enclosures,omitempty"`

	Published    time.Time `json:"published,omitzero"`      // as the source says, never in the future; FirstSeen when Inferred
	PublishedRaw string    `json:"published_raw,omitempty"` // the source's date as it stood there
	Inferred     bool      `json:"inferred,omitempty"`      // the source gave no usable date
	Updated      time.Time `json:"updated,omitzero"`        // as the source says; zero when it does not
	FirstSeen    time.Time `json:"first_seen"`              // when we first had it; digests and feeds go by this
	Changed      time.Time `json:"changed,omitzero"`        // when we last saw it change
	Hash         string    `json:"hash,omitempty"`          // of everything the source said; equal = unchanged
	Alternate    int64     `json:"-"`                       // made of title and of guid or address without scheme and host; 0 for none
	Corrected    time.Time `json:"corrected,omitzero"`      // when an editor said what it is filed under; the Analysis follows that
	Analysis
}

// An Analysis is what Broadsheet thinks of an article.
type Analysis struct {
	Filings       []Filing `json:"filings"`               // highest score first; the first is the primary theme
	NearMisses    []Filing `json:"near_misses,omitempty"` // at least half the threshold, but not filed
	Figures       []Figure `json:"figures,omitempty"`
	Places        []string `json:"places,omitempty"` // as written, in order of appearance
	Within        []string `json:"within,omitempty"` // other names of Places, and names of what they lie in: 硚口区 is found by 武汉 and Wuhan
	Organisations []string `json:"organisations,omitempty"`
	Gist          string   `json:"gist,omitempty"` // our summary: whole sentences of the text
}

// A Section is a part of an article's text under a head of its own.
type Section struct {
	Head string `json:"head"`
	Text string `json:"text"`
}

// An Enclosure is a file that an article comes with.
type Enclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length int64  `json:"length,omitempty"` // bytes; 0 when unknown
}

// A Figure is an amount stated in an article.
type Figure struct {
	Text       string  `json:"text"`       // as written
	Value      float64 `json:"value"`      // in Unit
	Unit       string  `json:"unit"`       // as written
	Normalised float64 `json:"normalised"` // in BaseUnit
	BaseUnit   string  `json:"base_unit"`
	Bound      string  `json:"bound"`               // "=", ">", ">=", "<", "<=" or "~"
	Direction  string  `json:"direction,omitempty"` // "up", "down" or "", for changes
	Sentence   string  `json:"sentence,omitempty"`
}

// DisplayTitle returns the title for people: without the series prefix (【…】)
// that portals put before it. A title that is nothing but a prefix stays whole.
func (a *Article) DisplayTitle() string {
	t := strings.TrimSpace(a.Title)
	if rest, ok := strings.CutPrefix(t, "【"); ok {
		if prefix, title, ok := strings.Cut(rest, "】"); ok {
			if title = strings.TrimSpace(title); title != "" && utf8.RuneCountInString(prefix) <= 12 {
				return title
			}
		}
	}
	return t
}

// Age returns how long ago a was first seen.
//
// Age deliberately ignores a.Published: publishers backdate, and some send
// dates in the future. A digest that trusted them would skip stories for good.
func (a *Article) Age(now time.Time) time.Duration { return now.Sub(a.FirstSeen) }

// Primary returns the theme the article belongs under first, or "".
func (a *Article) Primary() string {
	if len(a.Filings) == 0 {
		return ""
	}
	return a.Filings[0].Theme
}
