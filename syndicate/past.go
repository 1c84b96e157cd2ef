package syndicate

import "time"

// A Trace is what collecting is told of an article that a source brought
// before, whether it is stored or not.
type Trace struct {
	Key       string
	Alternate int64 // see Article.Alternate
	Hash      string
	Title     string
	URL       string
	Published time.Time
	Inferred  bool
	Changed   time.Time
	Aside     string // why it is not stored: [Deleted], [Expired] or [Held]; "" for stored ones
}

// Why an article is kept from coming in.
const (
	Deleted = "deleted" // the operator had it forgotten
	Expired = "expired" // it was kept as long as articles are
	Held    = "held"    // it came in a flood; see package collect
)

// A Withdrawal is what is left of an article that the operator had forgotten:
// enough for readers to remove it as well.
type Withdrawal struct {
	ID       string // Article.ID
	Source   string
	Language string   // folded; "" when unknown
	Themes   []string // that it was filed under
	At       time.Time
}

// An Answer is a document as a server sent it, kept so that it can be read
// again.
type Answer struct {
	Source   string              `json:"source"`
	At       time.Time           `json:"at"`
	Status   int                 `json:"status"` // HTTP status; 0 for a file
	URL      string              `json:"url"`    // that answered
	Header   map[string][]string `json:"header,omitempty"`
	Body     []byte              `json:"-"`
	Articles int                 `json:"articles"` // that were made of it then
	New      int                 `json:"new"`      // of these, new then
	Fault    string              `json:"fault,omitempty"`
}

// A Shape is what a document of a source was like. Shapes of good documents
// are the contract that later ones are measured by.
type Shape struct {
	Articles int    `json:"n"`
	Dated    int    `json:"dated"`             // articles with a date of the source's
	Titled   int    `json:"titled"`            // with a title of the source's
	Linked   int    `json:"linked"`            // with an address
	Language string `json:"lang,omitempty"`    // the base language of nine tenths of the articles; "" when there is none
	Charset  string `json:"charset,omitempty"` // of the document, as the Encoding Standard names it; "" when it has none
	Guessed  bool   `json:"guessed,omitempty"` // neither the document nor the server name the charset, or name another
	// Hits says in how many articles each of the operator's selectors found
	// something; selectors that were not given are not in it.
	Hits map[string]int `json:"hits,omitempty"`
}
