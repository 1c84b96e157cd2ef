package collect

import (
	"sync"
	"time"
)

const (
	// A cycle is the time in which most hosts are asked once: with the default
	// interval all of them.
	cycle = time.Hour

	// outageHosts is how many hosts must have been asked within a cycle before
	// their silence says anything about our own network.
	outageHosts = 3

	// longestOutage is how long we believe in an outage of our own. Sources
	// that stay silent for longer are at fault themselves.
	longestOutage = 24 * time.Hour
)

// outage tells whether our own network is down: more than half of the hosts
// asked within the last cycle, three at least, did not answer, not even with
// an error. Then no failure is counted, and those that were counted before it
// was clear are taken back.
//
// Hosts that failed before do not vote: sources that are dead for good must not
// make every new failure look like our own. What is known here is
// forgotten when the program ends; the price is a failure or two too many.
type outage struct {
	mu    sync.Mutex
	votes map[string]vote    // by host
	runs  map[string]*silent // by source
	down  bool
}

// A vote is the last thing a host did.
type vote struct {
	at     time.Time
	silent bool
}

// silent is a run of polls of one source without an answer.
type silent struct {
	began    time.Time
	pardoned bool // it turned out to be our own fault, and what was counted of it is to be taken back
}

// answered notes that a host answered a poll of a source. over reports that an
// outage ended with it.
func (o *outage) answered(host, source string, now time.Time) (over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.runs, source)
	o.vote(host, vote{now, false})
	if !o.down {
		return false
	}
	_, _, o.down = o.tally(now)
	return !o.down
}

// unanswered notes that a host did not answer a poll of a source that had
// failed a number of times before. It returns how many hosts of those asked in
// this cycle are silent, and whether that means that the fault is ours; begun
// reports that this has just become clear.
func (o *outage) unanswered(host, source string, failures int, now time.Time) (n, of int, own, begun bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	run := o.runs[source]
	if run == nil && failures == 0 {
		if o.runs == nil {
			o.runs = map[string]*silent{}
		}
		run = &silent{began: now}
		o.runs[source] = run
	}
	late := run != nil && now.Sub(run.began) >= longestOutage
	switch {
	case late:
		delete(o.runs, source)
		delete(o.votes, host)
		run = nil
	case run == nil:
		delete(o.votes, host)
	default:
		o.vote(host, vote{now, true})
	}
	was := o.down
	n, of, o.down = o.tally(now)
	if begun = o.down && !was; begun {
		for _, r := range o.runs {
			r.pardoned = true
		}
	}
	own = o.down && !late
	if run != nil {
		run.pardoned = own
	}
	return n, of, own, begun
}

// pardoned reports whether the failures of a source were our own.
func (o *outage) pardoned(source string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.runs[source]
	return r != nil && r.pardoned
}

func (o *outage) vote(host string, v vote) {
	if o.votes == nil {
		o.votes = map[string]vote{}
	}
	o.votes[host] = v
}

// tally counts the votes of this cycle, and drops the others.
func (o *outage) tally(now time.Time) (n, of int, down bool) {
	for host, v := range o.votes {
		switch {
		case now.Sub(v.at) > cycle:
			delete(o.votes, host)
		case v.silent:
			n++
		}
	}
	of = len(o.votes)
	return n, of, of >= outageHosts && 2*n > of
}
