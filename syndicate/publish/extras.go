package publish

import (
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Namespaces of what RSS and Atom themselves have no element for.
const (
	nsAtom    = "http://www.w3.org/2005/Atom"
	nsContent = "http://purl.org/rss/1.0/modules/content/"
	nsDC      = "http://purl.org/dc/elements/1.1/"
	nsMedia   = "http://search.yahoo.com/mrss/"
	nsHistory = "http://purl.org/syndication/history/1.0" // RFC 5005
	// nsDeleted is that of RFC 6721, which the W3C's validator does not know
	// and warns of (UnknownNamespace); its elements are where the RFC has them.
	nsDeleted = "http://purl.org/atompub/tombstones/1.0"
	// nsOwn is that of our own elements, which docs/feeds.md describes. A UUID
	// names it, because a name must last and a program owns no host. The
	// validator warns of it as of every namespace it does not know; Atom (RFC
	// 4287, section 6) and RSS 2.0 ("Extending RSS") provide for such ones. A
	// document without entries does not have it.
	nsOwn = "urn:uuid:7cfecb44-d009-4644-930c-923bbc2e0f62"
)

// extras are what we know of an article and other formats have no word for.
// Within an entry the elements stand in this order.
type extras struct {
	Original  string   `xml:"broadsheet:original,omitempty"` // the source's own id
	FirstSeen string   `xml:"broadsheet:first-seen"`
	Inferred  string   `xml:"broadsheet:date-inferred,omitempty"` // "yes"
	Filings   []filing `xml:"broadsheet:filing"`
	Places    []string `xml:"broadsheet:place"`
	Figures   []figure `xml:"broadsheet:figure"`
}

// A filing is a theme, and why the article is under it.
type filing struct {
	Theme     string `xml:"theme,attr"`
	Score     string `xml:"score,attr"`
	Threshold string `xml:"threshold,attr"`
	Reason    string `xml:",chardata"`
}

// A figure is an amount as it stands in the article, in its unit and in the
// base unit.
type figure struct {
	Value      string `xml:"value,attr"`
	Unit       string `xml:"unit,attr,omitempty"`
	Normalised string `xml:"normalised,attr"`
	BaseUnit   string `xml:"base-unit,attr,omitempty"`
	Bound      string `xml:"bound,attr"`
	Direction  string `xml:"direction,attr,omitempty"`
	Text       string `xml:",chardata"`
}

func newExtras(a *syndicate.Article) extras {
	x := extras{
		Original:  strings.TrimSpace(clean(a.GUID)),
		FirstSeen: a.FirstSeen.UTC().Truncate(time.Second).Format(time.RFC3339),
		Places:    unique(a.Places),
	}
	if a.Inferred {
		x.Inferred = "yes"
	}
	for _, f := range a.Filings {
		x.Filings = append(x.Filings, filing{
			Theme: oneLine(f.Theme), Score: number(f.Score), Threshold: number(f.Threshold), Reason: oneLine(f.Reason()),
		})
	}
	for _, f := range a.Figures {
		x.Figures = append(x.Figures, figure{
			Value: number(f.Value), Unit: oneLine(f.Unit), Normalised: number(f.Normalised), BaseUnit: oneLine(f.BaseUnit),
			Bound: oneLine(f.Bound), Direction: oneLine(f.Direction), Text: oneLine(f.Text),
		})
	}
	return x
}

// number writes a number as short as it can be read back, without an exponent.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
