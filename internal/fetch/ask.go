package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	robotsToken = "broadsheet"     // our name in robots.txt
	robotsAge   = 24 * time.Hour   // as long as RFC 9309, section 2.4, lets a copy be used
	robotsRetry = 15 * time.Minute // until one that could not be had is asked for again
	robotsHosts = 1024             // remembered at most
)

// errRedirects is the cause of an error for too many redirects.
var errRedirects = errors.New("too many redirects")

// rulebook remembers the robots.txt of hosts.
type rulebook struct {
	mu     sync.Mutex
	byHost map[string]*rulings // by scheme, host and port
}

// rulings are what the robots.txt of one host says. Nothing of it is read
// before ready is closed, and nothing changes after.
type rulings struct {
	ready  chan struct{}
	robots *Robots   // nil when it could not be had
	fault  *Error    // why not
	until  time.Time // it is good for; zero when whoever fetched it gave up
}

// mayFetch asks the robots.txt of u's host whether we may fetch u. It returns
// nil if so, an [*Error] if not, and that of ctx if ctx ends.
func (c *Client) mayFetch(ctx context.Context, u *url.URL) error {
	key := u.Scheme + "://" + hostPort(u)
	for {
		r, mine := c.rules.enter(key, c.now())
		if mine {
			c.ask(ctx, u, r)
			close(r.ready)
		}
		select {
		case <-r.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		switch {
		case mine && ctx.Err() != nil:
			return context.Cause(ctx)
		case r.until.IsZero(): // the other one gave up
			continue
		case r.fault != nil:
			return &Error{
				Place: u.Redacted(), Fault: "pages are fetched only with leave, and robots.txt cannot be had: " + r.fault.Fault,
				Remedy: r.fault.Remedy, Err: r.fault, Silent: r.fault.Silent, Private: r.fault.Private,
			}
		}
		target := cmp.Or(u.EscapedPath(), "/")
		if u.RawQuery != "" {
			target += "?" + u.RawQuery
		}
		if ok, rule := r.robots.Allowed(escapePattern(target)); !ok {
			e := fault(u.String(), fmt.Sprintf("the publisher's robots.txt forbids programs this page (%.100s)", rule),
				"ask the publisher, or use a feed of theirs", nil)
			e.Forbidden = true
			return e
		}
		return nil
	}
}

// ask fetches the robots.txt of u's host. What can be reached but is not there
// forbids nothing; what cannot be reached forbids everything (RFC 9309,
// section 2.3.1).
func (c *Client) ask(ctx context.Context, u *url.URL, r *rulings) {
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	res, err := c.follow(ctx, at, Request{URL: at.String(), Accept: "text/plain, */*;q=0.1", prefix: robotsSize})
	if ctx.Err() != nil {
		return
	}
	r.until = c.now().Add(robotsAge)
	switch {
	case errors.Is(err, errRedirects):
		r.robots = &Robots{}
	case err != nil:
		if !errors.As(err, &r.fault) {
			r.fault = &Error{Place: at.String(), Fault: err.Error(), Err: err}
		}
	case res.Status >= 200 && res.Status < 300:
		r.robots = ParseRobots(res.Body, robotsToken)
	case res.Status >= 500, res.Status == http.StatusTooManyRequests: // the one 4xx that asks us to go
		r.fault = fault(at.String(), fmt.Sprintf("the server is in trouble (status %d)", res.Status), "nothing to do but wait", nil)
	default:
		r.robots = &Robots{}
	}
	if r.fault != nil {
		r.until = c.now().Add(robotsRetry)
	}
}

// enter returns the rulings of a host, and whether the caller has to fetch
// them first.
func (b *rulebook) enter(key string, now time.Time) (r *rulings, mine bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r = b.byHost[key]; r != nil && (!r.known() || now.Before(r.until)) {
		return r, false
	}
	if b.byHost == nil {
		b.byHost = map[string]*rulings{}
	}
	if b.byHost[key] == nil && len(b.byHost) >= robotsHosts {
		b.forget()
	}
	r = &rulings{ready: make(chan struct{})}
	b.byHost[key] = r
	return r, true
}

// forget drops the rulings that would be asked for again soonest.
func (b *rulebook) forget() {
	var oldest string
	var until time.Time
	for key, r := range b.byHost {
		if r.known() && (oldest == "" || r.until.Before(until)) {
			oldest, until = key, r.until
		}
	}
	delete(b.byHost, oldest)
}

// known reports whether the rulings have been fetched.
func (r *rulings) known() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}
