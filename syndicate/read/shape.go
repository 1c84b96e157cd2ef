package read

import (
	"net/url"
	"time"

	"broadsheet/syndicate"
)

// A Feed is what a document says about itself, and, within an [Entry], what it
// says about that. Titles and names are plain text; Subtitle and Rights are
// sanitised HTML. Addresses are absolute where the document's is known. What
// [NewOutput] prints has the markup of a title that has some; TitleType is
// "html" then.
type Feed struct {
	Title        string     `json:"title,omitempty"`
	TitleType    string     `json:"title_type,omitempty"` // printed only: "html", else plain text
	Subtitle     string     `json:"subtitle,omitempty"`
	Link         string     `json:"link,omitempty"`
	ID           string     `json:"id,omitempty"`
	Language     string     `json:"language,omitempty"` // as declared
	Rights       string     `json:"rights,omitempty"`
	Generator    string     `json:"generator,omitempty"`
	Published    time.Time  `json:"published,omitzero"` // UTC
	Updated      time.Time  `json:"updated,omitzero"`   // UTC
	PublishedRaw string     `json:"published_raw,omitempty"`
	UpdatedRaw   string     `json:"updated_raw,omitempty"`
	Authors      []Person   `json:"authors,omitempty"`
	Contributors []Person   `json:"contributors,omitempty"`
	Categories   []Category `json:"categories,omitempty"`
	Links        []Link     `json:"links,omitempty"`
	Image        *Image     `json:"image,omitempty"`
	Icon         string     `json:"icon,omitempty"`
	Logo         string     `json:"logo,omitempty"`
	TTL          string     `json:"ttl,omitempty"` // minutes, as declared
	Comments     string     `json:"comments,omitempty"`

	// When a feed asks to be asked, beside TTL; all as declared.
	UpdatePeriod    string   `json:"-"` // sy:updatePeriod: hourly, daily, …
	UpdateFrequency string   `json:"-"` // sy:updateFrequency: updates in that period
	SkipHours       []string `json:"-"` // GMT, 0 to 23
	SkipDays        []string `json:"-"` // English names

	guid      string // the entry's own id, byte for byte; ID has it absolute, or a stand-in
	titleHTML string // sanitised, when the title has markup
}

// An Entry is one item of a document.
type Entry struct {
	Feed
	Summary    string      `json:"summary,omitempty"` // sanitised HTML
	Content    string      `json:"content,omitempty"` // sanitised HTML
	Enclosures []Enclosure `json:"enclosures,omitempty"`
	Source     *Feed       `json:"source,omitempty"` // where the entry was taken from

	// A listing's item also has its parts.
	Lead     string              `json:"lead,omitempty"`
	Sections []syndicate.Section `json:"sections,omitempty"`

	text, summaryText string // Content and Summary as plain text
}

// A Person is an author or contributor.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	URI   string `json:"uri,omitempty"`
}

// A Category is a subject an entry is under at its source.
type Category struct {
	Term   string `json:"term,omitempty"`
	Scheme string `json:"scheme,omitempty"`
	Label  string `json:"label,omitempty"`
}

// A Link is an address an entry or document points to.
type Link struct {
	Rel      string `json:"rel,omitempty"`
	Href     string `json:"href,omitempty"`
	Type     string `json:"type,omitempty"`
	Hreflang string `json:"hreflang,omitempty"`
	Title    string `json:"title,omitempty"`
	Length   string `json:"length,omitempty"` // bytes, as declared
}

// An Image stands for a document or an entry.
type Image struct {
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"`
}

// An Enclosure is a file that an entry comes with.
type Enclosure struct {
	URL    string `json:"url,omitempty"`
	Type   string `json:"type,omitempty"`
	Length string `json:"length,omitempty"` // bytes, as declared

	preview bool // a thumbnail: it shows what the entry is about, and comes with nothing
}

// An Output is what `broadsheet read` prints: a result, or the reason why
// there is none.
type Output struct {
	Error   string         `json:"error"`
	Kind    syndicate.Kind `json:"kind"`
	Repairs []string       `json:"repairs"`
	Charset string         `json:"charset,omitempty"`
	Feed    Feed           `json:"feed"`
	Entries []Entry        `json:"entries"`

	// Of a page only; see [Result].
	Notes     []string           `json:"notes,omitempty"`
	Selectors []SelectorHits     `json:"selectors,omitempty"`
	Proposed  *ProposedSelectors `json:"proposed,omitempty"`
}

// ProposedSelectors are selectors under the keys that config.yaml has for them.
type ProposedSelectors struct {
	Profile string `json:"profile,omitempty"`
	Item    string `json:"item,omitempty"`
	Link    string `json:"link,omitempty"`
	Title   string `json:"title,omitempty"`
	Date    string `json:"date,omitempty"`
	Summary string `json:"summary,omitempty"`
	Body    string `json:"body,omitempty"`
}

// NewOutput returns what [Read] returned in the form that is printed. Lists
// are empty, never null.
func NewOutput(in Input, res *Result, err error) Output {
	out := Output{Kind: in.withDefaults().Kind, Repairs: []string{}, Entries: []Entry{}}
	if err != nil {
		out.Error = err.Error()
	}
	if res == nil {
		return out
	}
	out.Kind, out.Feed, out.Charset = res.Kind, res.Feed.printed(), res.Charset
	out.Repairs = append(out.Repairs, res.Repairs...)
	out.Entries = append(out.Entries, res.Entries...)
	for i := range out.Entries {
		e := &out.Entries[i]
		e.Feed = e.Feed.printed()
		if e.Source != nil {
			source := e.Source.printed()
			e.Source = &source
		}
	}
	out.Notes, out.Selectors = res.Notes, res.Selectors
	if res.Proposed != (syndicate.Selectors{}) {
		proposed := ProposedSelectors(res.Proposed)
		out.Proposed = &proposed
	}
	return out
}

// printed returns f with its title as the document has it.
func (f Feed) printed() Feed {
	if f.titleHTML != "" {
		f.Title, f.TitleType = f.titleHTML, "html"
	}
	return f
}

// A scope is where in a document something stands: the base of its relative
// addresses, and the language.
type scope struct {
	base *url.URL
	lang string
}
