package collect

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// When a source is asked again.
const (
	longestWait   = 24 * time.Hour     // however seldom it has news, and however often it failed
	longestBow    = 7 * 24 * time.Hour // to a server's Retry-After
	goneWait      = 7 * 24 * time.Hour // for a source that is gone
	goneAfter     = 24 * time.Hour     // between the two 410 that make it so
	firstRetry    = 15 * time.Minute   // after a failure; doubled with each further one
	shortestRetry = 5 * time.Minute    // however the dice fall
	unasked       = time.Hour          // to wait after a 429 or 503 without Retry-After, at least
	jitter        = 0.1                // of the wait, at most, so that sources drift apart
	recent        = 20                 // articles that tell how often there is news
	forgetMoveAt  = 3                  // failures in a row at a learnt address before the configured one is tried
	fullAgain     = 24 * time.Hour     // between two unconditional requests that bring a document
)

const gone = http.StatusGone

// succeed notes a poll that brought a document, or the news that there is none.
func (p *poll) succeed(o syndicate.Outcome, res *fetch.Response) {
	s := &p.state
	s.Outcome, s.LastOKAt, s.Failures = o, p.now, 0
	s.Gone, s.GoneSince = false, time.Time{}
	if res.MovedTo != "" {
		s.MovedTo = res.MovedTo
	}
	if s.MovedTo == p.src.URL {
		s.MovedTo = ""
	}
	// A full answer replaces the validators, even by none; a 304 may bring new
	// ones (RFC 9110, section 15.4.5) and need not repeat the old.
	etag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
	if res.NotModified {
		etag, modified = cmp.Or(etag, s.ETag), cmp.Or(modified, s.LastModified)
	}
	s.ETag, s.LastModified = etag, modified
	if !res.NotModified && !p.local() {
		s.Date = cmp.Or(res.Header.Get("Date"), p.now.UTC().Format(http.TimeFormat))
	}
}

// fail notes a poll that failed.
func (p *poll) fail(text string) {
	s := &p.state
	s.Outcome, s.Error = syndicate.Failed, oneLine(text)
	s.Failures++
	if s.Failures >= forgetMoveAt {
		s.MovedTo = ""
	}
}

// discover learns the feed that a page names, where the operator gave the
// address of the page for that of its feed. It is asked at the next poll: a
// poll is one request.
func (p *poll) discover(res *fetch.Response) {
	s := &p.state
	if p.src.Kind != syndicate.KindFeed || s.MovedTo != "" || !s.LastOKAt.IsZero() {
		return
	}
	for _, l := range read.Discover(res.Body, res.Header.Get("Content-Type"), res.URL) {
		if l.Rel != "alternate" || l.Href == p.src.URL {
			continue
		}
		for i := range p.c.Sources {
			if other := &p.c.Sources[i]; other.URL == l.Href && other.Name != p.src.Name {
				s.Error += "; but that is the source " + other.Name + " already: remove this one"
				return
			}
		}
		s.MovedTo = l.Href
		s.Error += "; it is asked from the next poll on"
		return
	}
}

// refused notes an answer that is neither a document nor "not modified".
func (p *poll) refused(res *fetch.Response) {
	s := &p.state
	switch res.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		s.Outcome = syndicate.AskedToWait
		p.askedToWait(res)
	case gone:
		p.fail(p.place() + ": " + statusWords(gone))
		if s.MovedTo != "" {
			s.MovedTo = "" // the configured address may know better
			return
		}
		if s.GoneSince.IsZero() {
			s.GoneSince = p.now
		}
		s.Gone = s.Gone || p.now.Sub(s.GoneSince) >= goneAfter
	default:
		p.fail(p.place() + ": " + statusWords(res.Status))
	}
}

// askedToWait notes for how long the server wants to be left alone: the whole
// host if it is public, and this address if it is private, since behind one
// private name there may be many things that have nothing to do with each
// other.
func (p *poll) askedToWait(res *fetch.Response) {
	d, ok := fetch.ParseRetryAfter(res.Header, p.now)
	if !ok || d <= 0 {
		return
	}
	s := &p.state
	s.BusyUntil = p.now.Add(min(d, longestBow))
	if !res.Private {
		s.Busy = hostOf(res.URL)
		p.c.hold(s.Busy, s.BusyUntil, p.now)
	}
}

// statusWords returns fault and remedy.
func statusWords(status int) string {
	var what string
	remedy := "check the address in a browser"
	switch {
	case status == http.StatusUnauthorized:
		what, remedy = "the server wants a password", "use an address that needs none, or put name and password into the url"
	case status == http.StatusForbidden:
		what, remedy = "the server does not let us in", "ask the publisher"
	case status == http.StatusNotFound:
		what = "there is nothing at this address"
	case status == http.StatusGone:
		what, remedy = "the publisher says that this is gone for good", "remove the source or find its new address"
	case status >= 500:
		what, remedy = "the server is in trouble", "nothing to do but wait"
	case status >= 300 && status < 400:
		what = "the server redirects to nowhere"
	case status >= 200 && status < 300:
		what = "the server answers without a document"
	default:
		what = "the server refuses the request"
	}
	return fmt.Sprintf("%s (status %d %s); %s", what, status, strings.ToLower(http.StatusText(status)), remedy)
}

// place returns the address of the source as errors show it.
func (p *poll) place() string {
	if u, err := url.Parse(p.src.URL); err == nil {
		return u.Redacted()
	}
	return p.src.URL
}

// plan decides when the source is asked next, and why then.
func (p *poll) plan(ctx context.Context, articles []syndicate.Article) error {
	var wait time.Duration
	s := &p.state
	switch {
	case s.Gone:
		wait, s.NextReason = goneWait, "gone for good (status 410), asked once a week"
	case p.outage != "":
		wait = max(time.Duration(p.c.random()*float64(firstRetry)), shortestRetry)
		s.NextReason = syndicate.OwnOutageReason + ": " + p.outage
	case s.Outcome == syndicate.AskedToWait:
		wait, s.NextReason = p.bow()
	case s.Outcome == syndicate.Failed && s.Status == gone && !s.GoneSince.IsZero():
		wait, s.NextReason = p.spread(goneAfter), "gone (status 410), asked once more after a day"
	case s.Outcome == syndicate.Failed:
		wait, s.NextReason = p.retry()
	default:
		var err error
		if wait, s.NextReason, err = p.regular(ctx, articles); err != nil {
			return err
		}
	}
	s.NextAt = p.now.Add(wait)
	if p.local() {
		return nil
	}
	if free := awake(s.NextAt, s.Skip); free.After(s.NextAt) {
		s.NextAt = free.Add(time.Duration(p.c.random() * jitter * float64(time.Hour)))
		s.NextReason = "not before " + clock(free) + " (skipHours, skipDays)"
	}
	return nil
}

// every is the shortest time between two polls of the source.
func (p *poll) every() time.Duration {
	return cmp.Or(p.src.Every, p.c.Every, Default().Every)
}

// local reports whether the source is a file: nobody to be polite to.
func (p *poll) local() bool { return strings.HasPrefix(p.src.URL, "file:") }

// bow returns how long a server that has too much to do is left alone: as long
// as it asks for, and if it does not say, about as long as it has been refusing.
func (p *poll) bow() (time.Duration, string) {
	if d, ok := fetch.ParseRetryAfter(p.header, p.now); ok {
		wait := min(max(d, p.every()), longestBow)
		return p.spread(wait), fmt.Sprintf("the server asked for %s (status %d, Retry-After)", short(d), p.state.Status)
	}
	least := max(p.every(), unasked)
	wait := least
	if !p.state.LastOKAt.IsZero() {
		wait = min(max(p.now.Sub(p.state.LastOKAt), least), max(longestWait, least))
	}
	return p.spread(wait), fmt.Sprintf("the server has too much to do (status %d)", p.state.Status)
}

// retry returns how long a source that failed is left alone: twice as long
// after each failure, never for ever.
func (p *poll) retry() (time.Duration, string) {
	n := p.state.Failures
	reason := "1 failure"
	if n > 1 {
		reason = fmt.Sprintf("%d failures in a row", n)
	}
	wait := longestWait
	if n <= 7 { // 15 min × 2⁷ would be more than a day
		wait = min(firstRetry<<(n-1), longestWait)
	}
	if p.local() {
		return min(wait, p.every()), reason
	}
	wait = max(time.Duration(p.c.random()*float64(wait)), shortestRetry)
	// A document that cannot be read is had in full each time; one is enough.
	if s := &p.state; s.ETag == "" && s.LastModified == "" && s.BodyHash == "" {
		if least := fullAgain - p.now.Sub(s.FullAt); wait < least {
			return p.spread(least), reason + ", and a whole document once a day"
		}
	}
	return wait, reason
}

// A wish is a reason to wait.
type wish struct {
	wait   time.Duration
	reason string
}

// regular returns the wait after a poll that went well: the longest of what
// the operator, the server and the source's own rhythm ask for.
func (p *poll) regular(ctx context.Context, articles []syndicate.Article) (time.Duration, string, error) {
	every := p.every()
	chosen := wish{every, "every " + short(every)}
	if p.local() {
		return every, chosen.reason, nil
	}
	rhythm, err := p.rhythm(ctx, articles)
	if err != nil {
		return 0, "", err
	}
	fresh, reason := fetch.Lifetime(p.header, p.now)
	ttl := wish{p.state.TTL, p.state.TTLReason}
	for _, w := range []wish{{fresh, reason}, ttl, rhythm} {
		if w.wait > chosen.wait {
			chosen = w
		}
	}
	pushes, err := p.c.Hubs.pushes(ctx, p.src.Name)
	if err != nil {
		return 0, "", err
	}
	if pushes && chosen.wait < longestWait {
		chosen = wish{longestWait, "hub pushes; checked daily"}
	}
	if most := max(longestWait, every); chosen.wait > most {
		chosen.wait = most
		chosen.reason += ", but at most " + short(most)
	}
	return p.spread(chosen.wait), chosen.reason, nil
}

// spread adds some jitter, so that sources asked together drift apart.
func (p *poll) spread(wait time.Duration) time.Duration {
	return wait + time.Duration(p.c.random()*jitter*float64(wait))
}

// rhythm returns how long the source usually has no news: half the median gap
// between its last articles, and longer when it has fallen silent.
func (p *poll) rhythm(ctx context.Context, articles []syndicate.Article) (wish, error) {
	times, err := p.c.Store.RecentTimes(ctx, p.src.Name, recent)
	if err != nil {
		return wish{}, fmt.Errorf("look up its last articles: %w", err)
	}
	times = slices.Clone(times)
	for i := range articles {
		times = append(times, articles[i].Published)
	}
	return rhythm(times, p.now), nil
}

func rhythm(times []time.Time, now time.Time) wish {
	if len(times) == 0 {
		return wish{}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	const day = 24 * time.Hour
	if idle := now.Sub(times[0]); idle >= 7*day {
		reason := fmt.Sprintf("no news for %d days", int(idle/day))
		switch {
		case idle >= 30*day:
			return wish{24 * time.Hour, reason}
		case idle >= 14*day:
			return wish{12 * time.Hour, reason}
		default:
			return wish{6 * time.Hour, reason}
		}
	}
	times = times[:min(len(times), recent)]
	if len(times) < 3 {
		return wish{}
	}
	gaps := make([]time.Duration, len(times)-1)
	for i := range gaps {
		gaps[i] = times[i].Sub(times[i+1])
	}
	slices.Sort(gaps)
	half := gaps[len(gaps)/2] / 2
	return wish{half, "half the usual " + short(2*half) + " between its articles"}
}

// short writes a duration for people: 12h, 1h30m, 45s.
func short(d time.Duration) string {
	switch {
	case d >= time.Hour:
		d = d.Round(time.Minute)
	case d >= time.Minute:
		d = d.Round(time.Second)
	}
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
