package syndicate

import (
	"strings"
	"time"
)

// A Poll is what we remember of asking a source: when it is asked again and
// why then, and how it answered last.
type Poll struct {
	Source       string        `json:"source"`
	URL          string        `json:"url,omitempty"` // that the rest is about; another URL of the source starts anew
	NextAt       time.Time     `json:"next_at"`
	NextReason   string        `json:"next_reason,omitempty"` // "max-age=43200", "every 1h", "3 failures in a row", …
	LastAt       time.Time     `json:"last_at,omitzero"`      // zero before the first poll
	LastOKAt     time.Time     `json:"last_ok_at,omitzero"`   // last poll that brought a document or "not modified"
	Status       int           `json:"status,omitempty"`      // HTTP status; 0 when none came or the source is a file
	Outcome      Outcome       `json:"outcome"`
	Error        string        `json:"error,omitempty"`         // place, fault and remedy in one line; "" when all is well
	Failures     int           `json:"failures,omitempty"`      // in a row
	ETag         string        `json:"etag,omitempty"`          // as received, byte for byte
	LastModified string        `json:"last_modified,omitempty"` // as received, byte for byte
	BodyHash     string        `json:"body_hash,omitempty"`     // of the last document that could be read, hex
	Bytes        int64         `json:"bytes,omitempty"`         // of the last document
	Articles     int           `json:"articles,omitempty"`      // in the last document
	New          int           `json:"new,omitempty"`           // of these, new at the last poll
	TTL          time.Duration `json:"-"`                       // how long the last document itself asks to be left alone
	TTLReason    string        `json:"-"`                       // in which of its words: "ttl=60", "sy:updatePeriod=daily"
	Skip         int64         `json:"-"`                       // when the last document asks not to be asked, GMT: hours in bits 0–23, days from Sunday in bits 24–30
	Date         string        `json:"-"`                       // of the last document, as the server's clock had it; stands in for validators where there are none
	FullAt       time.Time     `json:"full_at,omitzero"`        // last unconditional request that brought a document
	Busy         string        `json:"busy,omitempty"`          // host that asked to be left alone until BusyUntil; "" when only this URL did
	BusyUntil    time.Time     `json:"busy_until,omitzero"`     // from Retry-After; zero when nobody asked
	Identity     int           `json:"identity,omitempty"`      // rung of the identity ladder that is in use; see package read
	MovedTo      string        `json:"moved_to,omitempty"`      // where a permanent redirect led; "" when nowhere
	Gone         bool          `json:"gone,omitempty"`          // the source answered 410 for good
	GoneSince    time.Time     `json:"gone_since,omitzero"`     // first 410 in a row; zero when none
	Shapes       []Shape       `json:"-"`                       // of the last documents that were good, the oldest first
	Drift        string        `json:"drift,omitempty"`         // what of the source has changed so that its documents are left out; "" when they fit
	Held         int           `json:"held,omitempty"`          // articles of the last document that are held
	Accepted     bool          `json:"-"`                       // the operator wants the next document taken as it is
	FaultSince   time.Time     `json:"fault_since,omitzero"`    // first poll in a row that ended with an Error; zero when all is well
	Answer       *Answer       `json:"-"`                       // what this poll brought, to be kept; nil when it brought nothing, and when read from the store
}

// An Outcome is how a poll ended.
type Outcome string

// The outcomes of a poll.
const (
	NeverPolled Outcome = ""
	Fetched     Outcome = "fetched"
	NotModified Outcome = "not modified"
	Failed      Outcome = "failed"
	AskedToWait Outcome = "asked to wait" // 429 or 503: no failure
	NotDue      Outcome = "not due"       // it was not asked, since it is too early; never stored
)

// contractAfter is how many good documents tell what the next one should be
// like.
const contractAfter = 5

// Contract returns the shapes that the source's documents are measured by, or
// nil when there were too few to tell.
func (p *Poll) Contract() []Shape {
	if len(p.Shapes) < contractAfter {
		return nil
	}
	return p.Shapes
}

// Changed reports whether the source has become something else than it always
// was: its document breaks the contract, or cannot be read any more.
func (p *Poll) Changed() bool { return p.Drift != "" }

// OwnOutageReason begins the NextReason of a poll that failed through no fault
// of the source: our own network was down.
const OwnOutageReason = "our own outage"

// OwnOutage reports whether the last poll failed since our own network was
// down.
func (p *Poll) OwnOutage() bool {
	return p.Outcome == Failed && strings.HasPrefix(p.NextReason, OwnOutageReason)
}
