package collect

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// How hubs are dealt with (W3C WebSub).
const (
	leaseWanted   = 10 * 24 * time.Hour // what the recommendation suggests, section 5.1
	shortestLease = time.Minute
	longestLease  = 365 * 24 * time.Hour
	deniedWait    = 24 * time.Hour // after a hub refused
	leaveTries    = 3              // to unsubscribe, before the subscription is dropped
	hubPath       = "/websub/"     // of the addresses that hubs call; the token follows
)

// A HubStore is what dealing with hubs needs from storage.
type HubStore interface {
	// Subscriptions returns those of a source.
	Subscriptions(ctx context.Context, source string) ([]syndicate.Subscription, error)

	// Subscription returns that of a token, or syndicate.ErrNotFound.
	Subscription(ctx context.Context, token string) (syndicate.Subscription, error)

	// SaveSubscription stores what change makes of the subscription of a token,
	// and deletes it if that has no source. Of one that is not stored change
	// gets nothing but the token; the error is syndicate.ErrNotFound if it
	// leaves it at that.
	SaveSubscription(ctx context.Context, token string, change func(*syndicate.Subscription)) error
}

// A Poster sends forms; *fetch.Client does.
type Poster interface {
	// Post returns what a server answered, or why there was no answer.
	Post(ctx context.Context, address string, form url.Values) (*fetch.Response, error)
}

// Hubs deals with the hubs that feeds name. A hub is asked to push, and what it
// pushes makes the source due: the source then is asked for its document, since
// a hub may push a part of it only. While a hub pushes, the source is asked
// once a day besides.
//
// A nil *Hubs deals with none. Its methods may be called by several goroutines
// at once.
type Hubs struct {
	Store  HubStore
	Poster Poster
	Site   syndicate.Site   // hubs call it
	Now    func() time.Time // time.Now when nil
	Rand   func() float64   // in [0, 1), for spreading renewals; math/rand when nil
	Logger *slog.Logger     // nil discards
}

func (h *Hubs) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *Hubs) random() float64 {
	if h.Rand != nil {
		return h.Rand()
	}
	return mathrand.Float64()
}

func (h *Hubs) log() *slog.Logger {
	if h.Logger != nil {
		return h.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// pushes reports whether a hub pushes what a source publishes.
func (h *Hubs) pushes(ctx context.Context, source string) (bool, error) {
	if h == nil {
		return false, nil
	}
	subs, err := h.Store.Subscriptions(ctx, source)
	if err != nil {
		return false, fmt.Errorf("look up its hub: %w", err)
	}
	for i := range subs {
		if subs[i].Pushes(h.now()) {
			return true, nil
		}
	}
	return false, nil
}

// hub sees to it that the hub that the source's document names pushes.
func (p *poll) hub(ctx context.Context, res *fetch.Response, feed *read.Feed) error {
	if p.local() {
		return nil
	}
	return p.c.Hubs.read(ctx, p.src.Name, res, feed)
}

// read sees to it that a source whose document was read has a subscription at
// the hub that the document names, and no other one.
func (h *Hubs) read(ctx context.Context, source string, res *fetch.Response, feed *read.Feed) error {
	if h == nil {
		return nil
	}
	hub, topic := hubOf(res, feed)
	subs, err := h.Store.Subscriptions(ctx, source)
	if err != nil {
		return fmt.Errorf("look up its hub: %w", err)
	}
	why := ""
	if hub != "" {
		if why = unreachable(h.Site.URL); why != "" {
			why = hub + ": the hub cannot push: " + why
		}
	}
	for _, sub := range subs {
		idle := sub.State == syndicate.SubscriptionIdle
		switch {
		case sub.State == syndicate.SubscriptionLeaving:
		case sub.Hub == hub && sub.Topic == topic && idle == (why != "") && (!idle || sub.Error == why):
			hub = ""
		case idle:
			err = h.drop(ctx, sub.Token)
		default:
			err = h.leave(ctx, sub.Token)
		}
		if err != nil {
			return err
		}
	}
	if hub == "" {
		return nil
	}
	return h.Store.SaveSubscription(ctx, secretText(16), func(sub *syndicate.Subscription) {
		sub.Source, sub.Hub, sub.Topic, sub.Secret = source, hub, topic, secretText(32)
		sub.State, sub.NextAt = syndicate.SubscriptionWanted, h.now()
		if why != "" {
			sub.State, sub.Error = syndicate.SubscriptionIdle, why
		}
	})
}

// secretText returns n random bytes as hex digits.
func secretText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (h *Hubs) leave(ctx context.Context, token string) error {
	err := h.Store.SaveSubscription(ctx, token, func(sub *syndicate.Subscription) {
		sub.State, sub.NextAt, sub.LastPush, sub.Failures, sub.Error = syndicate.SubscriptionLeaving, h.now(), time.Time{}, 0, ""
	})
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil
	}
	return err
}

// Ask asks the hub of a subscription to begin, to go on or to stop pushing.
// configured is whether its source still is. What is the matter with the hub is
// remembered with the subscription; an error means that the store did not
// work, or that ctx ended.
func (h *Hubs) Ask(ctx context.Context, token string, configured bool) error {
	sub, err := h.Store.Subscription(ctx, token)
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil
	}
	if err == nil && sub.State == syndicate.SubscriptionIdle {
		if configured {
			return nil
		}
		return h.drop(ctx, token) // the hub knows nothing of it
	}
	if err == nil && !configured && sub.State != syndicate.SubscriptionLeaving {
		err = h.leave(ctx, token)
		sub.State, sub.Failures = syndicate.SubscriptionLeaving, 0
	}
	if err != nil {
		return fmt.Errorf("hub of %s: %w", sub.Source, err)
	}
	if sub.State == syndicate.SubscriptionLeaving && sub.Failures >= leaveTries {
		return h.drop(ctx, token)
	}
	// Until the hub asks back, the request counts as failed: it may ask before
	// it answers.
	err = h.change(ctx, token, func(s *syndicate.Subscription) {
		s.Failures++
		s.NextAt = h.now().Add(h.backoff(s.Failures))
		s.Error = fmt.Sprintf("%s: the hub has not asked back yet; see that it reaches %s", s.Hub, h.Site.URL)
	})
	if err != nil {
		return err
	}
	res, err := h.Poster.Post(ctx, sub.Hub, h.form(&sub))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fault := ""
	switch {
	case err != nil:
		fault = oneLine(err.Error())
	case res.Status < 200 || res.Status > 299:
		fault = fmt.Sprintf("%s: the hub refuses (status %d): %.200s", sub.Hub, res.Status, oneLine(string(res.Body)))
	}
	h.log().DebugContext(ctx, "hub asked", "source", sub.Source, "hub", sub.Hub, "state", sub.State, "error", fault)
	if fault == "" {
		return nil
	}
	return h.change(ctx, token, func(s *syndicate.Subscription) {
		if s.Failures > 0 {
			s.Error = fault
		}
	})
}

// form is what a hub is asked (section 5.1).
func (h *Hubs) form(sub *syndicate.Subscription) url.Values {
	form := url.Values{
		"hub.mode": {"subscribe"}, "hub.topic": {sub.Topic}, "hub.callback": {h.Site.Link(hubPath + sub.Token)},
		"hub.secret": {sub.Secret}, "hub.lease_seconds": {strconv.Itoa(int(leaseWanted / time.Second))},
	}
	if sub.State == syndicate.SubscriptionLeaving {
		form.Set("hub.mode", "unsubscribe")
		form.Del("hub.secret")
		form.Del("hub.lease_seconds")
	}
	return form
}

// backoff is how long a hub is left alone after n failures.
func (h *Hubs) backoff(n int) time.Duration {
	wait := longestWait
	if n <= 7 { // 15 min × 2⁷ would be more than a day
		wait = min(firstRetry<<(n-1), longestWait)
	}
	return wait + time.Duration(h.random()*jitter*float64(wait))
}

func (h *Hubs) drop(ctx context.Context, token string) error {
	return h.change(ctx, token, func(sub *syndicate.Subscription) { sub.Source = "" })
}

// change is SaveSubscription for one that may be gone in the meantime.
func (h *Hubs) change(ctx context.Context, token string, do func(*syndicate.Subscription)) error {
	err := h.Store.SaveSubscription(ctx, token, func(sub *syndicate.Subscription) {
		if sub.Source != "" {
			do(sub)
		}
	})
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil
	}
	return err
}

// Pushed returns the subscriptions of a source by which a hub has pushed since
// the source was polled last.
func (h *Hubs) Pushed(ctx context.Context, source string) ([]syndicate.Subscription, error) {
	subs, err := h.Store.Subscriptions(ctx, source)
	if err != nil {
		return nil, err
	}
	var pushed []syndicate.Subscription
	for _, sub := range subs {
		if !sub.LastPush.IsZero() {
			pushed = append(pushed, sub)
		}
	}
	return pushed, nil
}

// Settle notes that a poll has followed what was pushed. What was pushed since
// stays to be polled for.
func (h *Hubs) Settle(ctx context.Context, pushed []syndicate.Subscription) error {
	for _, p := range pushed {
		err := h.change(ctx, p.Token, func(sub *syndicate.Subscription) {
			if sub.LastPush.Equal(p.LastPush) {
				sub.LastPush = time.Time{}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hubOf returns the hub that a document names and what the hub knows it as,
// "" when it names none: Link headers come first, then the links of the
// document (section 4). Who does not say what the document is called means
// the address it came from.
func hubOf(res *fetch.Response, feed *read.Feed) (hub, topic string) {
	for _, l := range append(headerLinks(res.Header.Values("Link")), feed.Links...) {
		at := absoluteWeb(res.URL, l.Href)
		for rel := range strings.FieldsSeq(strings.ToLower(l.Rel)) {
			switch {
			case rel == "hub" && hub == "":
				hub = at
			case rel == "self" && topic == "":
				topic = at
			}
		}
	}
	return hub, cmp.Or(topic, res.URL)
}

// absoluteWeb returns an absolute http or https address without a user name,
// or "".
func absoluteWeb(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u, err := b.Parse(strings.TrimSpace(ref))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	u.Fragment = ""
	return u.String()
}

// headerLinks returns the links of Link headers (RFC 8288, section 3) that
// have a relation.
func headerLinks(values []string) []read.Link {
	var links []read.Link
	for rest := strings.Join(values, ","); ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			return links
		}
		target, params, ok := strings.Cut(after, ">")
		if !ok {
			return links
		}
		var rel string
		rel, rest = relOf(params)
		if rel != "" {
			links = append(links, read.Link{Rel: rel, Href: target})
		}
	}
}

// relOf returns the relation among the parameters of a link, and what follows
// them.
func relOf(params string) (rel, rest string) {
	end, quoted := len(params), false
	start := 0
	take := func(i int) {
		name, value, _ := strings.Cut(params[start:i], "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") && rel == "" {
			rel = strings.Trim(strings.TrimSpace(value), `"`)
		}
		start = i + 1
	}
	for i := 0; i < end; i++ {
		switch c := params[i]; {
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			take(i)
		case c == ',' && !quoted:
			end = i
		}
	}
	take(end)
	return rel, params[end:]
}

// unreachable returns why hubs cannot call a site, or "".
func unreachable(site string) string {
	u, err := url.Parse(site)
	if err != nil || u.Hostname() == "" {
		return "the site has no public address; set site.url"
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	private := err == nil && !publicIP(ip.Unmap())
	if err != nil {
		private = !strings.Contains(host, ".")
		for _, end := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"} {
			private = private || strings.HasSuffix(host, end)
		}
	}
	if private {
		return "the Internet cannot reach " + host + "; set site.url to the public address"
	}
	return ""
}

func publicIP(ip netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // RFC 6598
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}
