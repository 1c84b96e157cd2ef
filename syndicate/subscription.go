package syndicate

import "time"

// A Subscription is to the pushes of a hub (W3C WebSub) for a source.
type Subscription struct {
	Token  string // ends the address that the hub calls; nobody can guess it
	Source string
	Topic  string // what the hub knows the source's document as
	Hub    string // its address
	Secret string // signs what the hub pushes
	State  SubscriptionState

	LeaseUntil time.Time // how long the hub pushes; zero when it never said
	NextAt     time.Time // when the hub is asked next: to begin, to go on, or to stop
	LastPush   time.Time // of a push that no poll has followed yet; zero when none
	Failures   int       // to ask the hub, in a row
	Error      string    // of the last; "" when all is well
}

// A SubscriptionState is how far a subscription has come.
type SubscriptionState string

// The states of a subscription.
const (
	SubscriptionWanted  SubscriptionState = "wanted"  // the hub was not asked yet, or has not asked back
	SubscriptionActive  SubscriptionState = "active"  // until the lease is over
	SubscriptionLeaving SubscriptionState = "leaving" // the hub is asked to stop
	SubscriptionIdle    SubscriptionState = "idle"    // the hub is not asked, since it cannot reach the site
)

// Pushes reports whether the hub pushes at now.
func (s *Subscription) Pushes(now time.Time) bool {
	return s.State == SubscriptionActive && now.Before(s.LeaseUntil)
}

// Describe says in a line how the subscription is at now.
func (s *Subscription) Describe(now time.Time) string {
	switch {
	case s.Pushes(now) && s.Error != "":
		return s.Hub + " pushes until " + s.LeaseUntil.UTC().Format("2006-01-02 15:04 UTC") + "; " + s.Error
	case s.Pushes(now):
		return s.Hub + " pushes until " + s.LeaseUntil.UTC().Format("2006-01-02 15:04 UTC")
	case s.Error != "":
		return s.Error
	case s.State == SubscriptionLeaving:
		return s.Hub + " is asked to stop pushing"
	}
	return s.Hub + " is asked to push"
}
