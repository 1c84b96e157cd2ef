package syndicate

import "time"

// A Poll is what we remember of asking a source: when it is asked again and
// why then, and how it answered last.
type Poll struct {
	Source       string
	NextAt       time.Time
	NextReason   string    // "max-age=43200", "every 1h", "3 failures in a row", …
	LastAt       time.Time // zero before the first poll
	LastOKAt     time.Time // last poll that brought a document or "not modified"
	Status       int       // HTTP status; 0 when none came or the source is a file
	Outcome      Outcome
	Error        string    // place, fault and remedy in one line; "" when all is well
	Failures     int       // in a row
	ETag         string    // as received, byte for byte
	LastModified string    // as received, byte for byte
	BodyHash     string    // of the last document, hex
	Bytes        int64     // of the last document
	Articles     int       // in the last document
	New          int       // of these, new at the last poll
	MovedTo      string    // where a permanent redirect led; "" when nowhere
	Gone         bool      // the source answered 410 for good
	GoneSince    time.Time // first 410 in a row; zero when none
}

// An Outcome is how a poll ended.
type Outcome string

// The outcomes of a poll.
const (
	NeverPolled Outcome = ""
	Fetched     Outcome = "fetched"
	NotModified Outcome = "not modified"
	Failed      Outcome = "failed"
	AskedToWait Outcome = "asked to wait" // 429 or 503 with Retry-After: no failure
)
