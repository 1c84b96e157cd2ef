package syndicate

import "time"

// A Follower is a server that our own hub pushes a feed to (W3C WebSub calls
// it a subscriber, which here is somebody who gets mail).
type Follower struct {
	ID       int64
	Topic    string // the feed's address, as the follower wrote it
	Callback string // where the feed is pushed to
	Host     string // that of Callback, lower case, with its port if that is written
	Secret   string // signs what is pushed; "" signs nothing

	LeaseUntil time.Time // zero until the follower has confirmed
	ETag       string    // of the feed as it was pushed last, or was when the follower confirmed
	Round      int64     // counts the changes that were noticed
	NextAt     time.Time // when the feed is pushed; zero when there is nothing to push
	PushedAt   time.Time // when it was pushed last; zero when never
	Failures   int       // to push, in a row
	Error      string    // of the last; "" when all is well

	Asked     FollowerRequest
	AskAt     time.Time // when the follower is asked back; zero when nothing is to be asked
	AskedBack time.Time // when it was last; zero when never
}

// A FollowerRequest is what somebody wants who may or may not be the follower:
// it counts only when the follower confirms it.
type FollowerRequest struct {
	Mode   string // "subscribe", "unsubscribe", "denied" when we end it, or "" when nothing is wanted
	Secret string
	Lease  time.Duration
	Tries  int // to ask back
}

// Follows reports whether the follower is to be pushed to at now.
func (f *Follower) Follows(now time.Time) bool { return now.Before(f.LeaseUntil) }

// FollowerCounts says how many followers there are, among them those of a host
// and of a callback, and how many of the host were not asked back yet.
type FollowerCounts struct{ All, Host, Callback, Waiting int }

// A Followed is a feed that somebody follows, in a state that some of these
// have.
type Followed struct{ Topic, ETag string }

// A Refusal is why a request that came over HTTP is not taken.
type Refusal struct {
	Status int           // of HTTP
	Text   string        // for whoever wrote the request; one line
	Wait   time.Duration // after which it may be sent again; 0 when that is of no use
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }
