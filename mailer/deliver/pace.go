package deliver

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"broadsheet/mailer"
)

// A Pacer sees to it that nobody is sent more than they can or want to take:
// the relay, and each mailbox provider behind it. It may be shared by
// Deliverers, and outlives them when the configuration changes.
//
// A destination is all mailboxes of one provider (see Destination), those of
// other domains whose mail it takes included, as far as the DNS tells (their
// MX records are looked up once anything is known of a destination, and never
// waited for). To each goes as much as the connections carry, until it refuses:
//
//   - A reply that speaks of the rate (421 4.7.28 and the like) stops all
//     traffic to it for ten minutes. Then one connection tries, and as long as
//     it is not refused one more is added every minute. That is what Google
//     prescribes to bulk senders.
//   - Another refusal for policy or load (4.7.x, 4.3.2, 454) halves the
//     connections and stops the traffic for a minute, twice as long each time
//     in a row.
//   - "Try again in N seconds" is done as it says.
//
// When the reply speaks of the relay's own limits (454, a quota, connections
// from this host), the relay as a whole is treated like that, beginning with
// five seconds.
type Pacer struct {
	Connections int                // as many as there are
	Rates       map[string]float64 // messages a second at most, by domain
	Resolver    Resolver           // nil knows the providers' own domains only

	mu        sync.Mutex
	lanes     map[string]*lane    // by destination; nil before the first use
	relay     lane                // the relay itself: busy counts its connections in use
	exchanges map[string]exchange // by domain
	asking    int                 // questions to the Resolver that are open
}

// A lane is what is known of a destination.
type lane struct {
	limit   int       // connections at a time; 0 is as many as there are
	busy    int       // connections that have a message for it
	stopped time.Time // no message before this
	strikes int       // stops in a row
	raised  time.Time // when limit was changed last
	policy  int       // refusals for policy in a row
	every   time.Duration
	next    time.Time // no message before this, for an even pace
	parked  time.Time // how far ahead deliveries were put off
	why     string    // of the last stop
	isRelay bool
}

const (
	rateStop    = 10 * time.Minute
	loadStop    = time.Minute
	relayStop   = 5 * time.Second
	longestStop = 4 * time.Hour
	raiseEvery  = time.Minute
	policyLimit = 3 // refusals for good in a row that blame us
	farthest    = 15 * time.Minute
)

// A verdict is what a reply says about a destination.
type verdict int

const (
	taken      verdict = iota // it takes messages
	neutral                   // it says nothing about the traffic
	tooFast                   // it speaks of the rate
	overloaded                // it wants less, or nothing for now
	unwelcome                 // it refuses us, not the recipient
)

var (
	// againIn finds "try again in 5 minutes" and "retry after 30 seconds".
	againIn       = regexp.MustCompile(`(?i)(?:again|retry|wait|in|after|for)\D{0,20}?\b(\d{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b`)
	account       = regexp.MustCompile(`(?i)throttling failure|(daily|hourly|sending) (message |smtp relay |sending )?(quota|limit|rate)|connections? from (your|this) (host|ip|account)`)
	oneConnection = regexp.MustCompile(`(?i)\b(this|one|per|a single) (smtp )?(connection|session)\b`)
	rateful       = regexp.MustCompile(`(?i)\b(rate|too (many|fast|much)|throttl\w*|unusual|exceed\w*|TSS?0\d|limit(ed|s)?)\b`)
)

// hint returns how long a reply asks us to wait, and 0 if it does not say.
func hint(text string) time.Duration {
	m := againIn.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	unit := time.Second
	switch strings.ToLower(m[2])[0] {
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	}
	return min(time.Duration(n)*unit, longestStop)
}

// judgeReply says what the outcome of an attempt means for the traffic, and
// whether that concerns the relay as a whole instead of the destination.
func judgeReply(err error) (v verdict, relay bool) {
	var se *mailer.SendError
	if err == nil {
		return taken, false
	}
	if !errors.As(err, &se) || se.Code < 400 {
		return neutral, false
	}
	_, detail, _ := strings.Cut(se.Enhanced, ".")
	text := se.Error()
	later := se.Code < 500
	switch policy := strings.HasPrefix(detail, "7."); {
	case later && (se.Code == 454 || account.MatchString(text)):
		return overloaded, true
	case oneConnection.MatchString(text):
		return neutral, false // another connection will do
	case detail == "7.28", later && (policy || se.Code == 421 && detail == "") && rateful.MatchString(text):
		return tooFast, false
	case later && (policy || detail == "3.2"):
		return overloaded, false
	case policy:
		return unwelcome, false
	}
	return neutral, false
}

// lane returns what is known of a destination; nil when nothing is, and then
// nothing holds its messages up. The caller holds mu.
func (p *Pacer) lane(destination string) *lane {
	if p.lanes == nil {
		p.lanes = map[string]*lane{}
		for domain, rate := range p.Rates {
			if rate > 0 {
				p.lanes[Destination(domain)] = &lane{every: every(rate)}
			}
		}
	}
	return p.lanes[destination]
}

// every is the time between two messages at a rate.
func every(rate float64) time.Duration {
	return time.Duration(math.Min(float64(time.Second)/rate, float64(24*time.Hour)))
}

// A pass lets one message go to a destination.
type pass struct {
	ok   bool
	lane *lane // nil when nothing is known of the destination
}

// route returns the destination of an address, and whether anything is known of
// it that could hold its messages up.
func (p *Pacer) route(address string, now time.Time) (destination string, known bool) {
	destination = Destination(address)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lane(destination) == nil && len(p.lanes) > 0 {
		destination = p.exchangeOf(destination, now)
	}
	return destination, p.lane(destination) != nil
}

// admit asks whether a message may be sent to a destination now. If so, it
// counts until done or yield gets the pass. If not, at is when it is worth
// asking again; zero means when another one is done.
func (p *Pacer) admit(destination string, now time.Time) (_ pass, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lane(destination)
	if l == nil {
		return pass{ok: true}, time.Time{}
	}
	ok, at := l.admit(now)
	return pass{ok, l}, at
}

func (l *lane) admit(now time.Time) (ok bool, at time.Time) {
	switch {
	case now.Before(l.stopped):
		return false, l.stopped
	case l.limit > 0 && l.busy >= l.limit:
		return false, time.Time{}
	case now.Before(l.next):
		return false, l.next
	}
	l.busy++
	if l.every > 0 {
		l.next = l.next.Add(l.every)
		if l.next.Before(now) { // no catching up on what was not used
			l.next = now.Add(l.every)
		}
	}
	return true, time.Time{}
}

// done tells the outcome of an attempt. When it stops the traffic, it returns
// until when.
func (p *Pacer) done(destination string, pass pass, err error, now time.Time) (stopped time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pass.lane != nil {
		pass.lane.busy--
	}
	v, relay := judgeReply(err)
	l := p.lane(destination)
	switch {
	case relay:
		p.relay.isRelay = true
		l = &p.relay
	case v == taken:
		p.relay.done(taken, nil, now, p.Connections)
	}
	if l == nil {
		if v == taken || v == neutral {
			return time.Time{}
		}
		l = &lane{}
		p.lanes[destination] = l
		p.exchangeOf(destination, now)
	}
	return l.done(v, err, now, p.Connections)
}

// yield gives a pass back: nothing was tried.
func (p *Pacer) yield(pass pass) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pass.lane != nil {
		pass.lane.busy--
	}
}

// sit takes one of the connections to the relay. If none is free, at is when
// it is worth asking again, zero for when another one is.
func (p *Pacer) sit(now time.Time) (ok bool, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.relay.busy >= max(p.Connections, 1) {
		return false, time.Time{}
	}
	return p.relay.admit(now)
}

// leave gives a connection back.
func (p *Pacer) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relay.busy--
}

// stay reports whether whoever has a connection may use it for another
// message.
func (p *Pacer) stay(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !now.Before(p.relay.stopped) && (p.relay.limit == 0 || p.relay.busy <= p.relay.limit)
}

// pausedUntil returns until when the relay takes nothing, and why.
func (p *Pacer) pausedUntil() (time.Time, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.relay.stopped, p.relay.why
}

func (l *lane) done(v verdict, err error, now time.Time, connections int) time.Time {
	switch v {
	case taken:
		l.policy = 0
		if now.Before(l.stopped) { // it was under way when the traffic was stopped
			return time.Time{}
		}
		l.strikes = 0
		if l.limit > 0 && now.Sub(l.raised) >= raiseEvery {
			l.limit, l.raised = l.limit+1, now
			if l.limit >= connections {
				l.limit = 0
			}
		}
		return time.Time{}
	case neutral:
		return time.Time{}
	case unwelcome:
		if l.policy++; l.policy < policyLimit {
			return time.Time{}
		}
		v = tooFast
	}
	wait := hint(err.Error())
	if now.Before(l.stopped) { // others were under way when it was stopped
		if end := now.Add(wait); end.After(l.stopped) {
			l.stopped = end
		}
		return l.stopped
	}
	// The stop is judged by what was on its way: that many were too many.
	halved := max(1, (l.busy+1)/2)
	pause := min(l.stop()<<min(l.strikes, 10), longestStop)
	if v == tooFast {
		halved, pause = 1, rateStop
	}
	l.limit, l.raised = halved, now.Add(max(pause, wait))
	l.stopped = l.raised
	l.strikes++
	l.policy = 0
	l.why = strings.Join(strings.Fields(err.Error()), " ")
	return l.stopped
}

// stop returns how long the first stop for load takes.
func (l *lane) stop() time.Duration {
	if l.isRelay {
		return relayStop
	}
	return loadStop
}

// crowded reports whether a destination cannot take what waits for it soon,
// and why.
func (p *Pacer) crowded(destination string, waiting int, now time.Time) (why string, crowded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lane(destination)
	if l == nil || l.limit == 0 && l.every == 0 && !now.Before(l.stopped) {
		return "", false
	}
	return l.why, now.Add(patience).Before(l.stopped) || waiting >= crowd
}

// putOff returns when a delivery to a crowded destination is looked at again:
// one after another, at the pace at which it takes messages as far as known.
func (p *Pacer) putOff(destination string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lane(destination)
	first := now.Add(patience)
	if l.stopped.After(first) {
		first = l.stopped
	}
	if l.parked.Before(first) || l.parked.After(first.Add(farthest)) {
		l.parked = first
	}
	step := l.every
	if step == 0 {
		step = time.Second / time.Duration(max(l.limit, 1))
	}
	l.parked = l.parked.Add(min(step, time.Second))
	return l.parked
}

const (
	patience = 3 * time.Second // that a delivery waits in memory
	crowd    = 200             // deliveries that wait in memory for one destination
)
