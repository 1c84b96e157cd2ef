package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
)

// HubPath is where the hub is asked, below the site's address.
const HubPath = "/hub"

// What the hub grants (W3C WebSub, sections 5.1 and 8).
const (
	defaultLease  = 10 * 24 * time.Hour
	shortestLease = time.Hour
	longestLease  = 30 * 24 * time.Hour
	maxSecret     = 200  // bytes; a secret has fewer
	maxAddress    = 2048 // bytes of a callback or topic

	maxFollowers   = 10_000
	maxPerHost     = 1_000
	maxPerCallback = 100
	maxWaiting     = 50 // of a host, not asked back yet

	askApart  = 10 * time.Second // between asking the same follower back twice
	pushApart = 10 * time.Second // between pushing the same feed to the same follower twice
)

// A FollowerStore is what the hub needs from storage.
type FollowerStore interface {
	// AskFollower keeps what somebody wants in the name of a follower, who is
	// to be asked back at now, or apart after it was asked back last. Nothing
	// is kept, and allow's error is returned, if allow has one.
	AskFollower(ctx context.Context, f syndicate.Follower, now time.Time, apart time.Duration,
		allow func(others syndicate.FollowerCounts, known bool) error) error

	// DueFollowers returns followers of a host that are due, at most limit.
	DueFollowers(ctx context.Context, host string, now time.Time, limit int) ([]syndicate.Follower, error)

	// ChangeFollower changes a follower in one transaction, and deletes it when
	// neither a lease nor anything to ask is left.
	ChangeFollower(ctx context.Context, id int64, change func(*syndicate.Follower)) error

	// Followed returns what is followed at now, in all the states in which it is
	// with followers.
	Followed(ctx context.Context, now time.Time) ([]syndicate.Followed, error)

	// Push makes the followers of a topic due who have another state of it
	// than that of etag.
	Push(ctx context.Context, topic, etag string, now time.Time, apart time.Duration) error
}

// Topics are the feeds that can be followed; a *Publisher has them.
type Topics interface {
	// Has returns nil for an address of a feed, and asks nobody.
	Has(address string) error
	// At returns the feed of an address. The error is syndicate.ErrNotFound or
	// a *syndicate.QueryError when there is none.
	At(ctx context.Context, address string) (syndicate.Document, error)
}

// A Caller speaks to followers; *fetch.Client does. Both methods check
// addresses when dialling and follow no redirect.
type Caller interface {
	// Check refuses an address that can be seen to be private.
	Check(address string) error
	// Ask asks by GET.
	Ask(ctx context.Context, address string) (*fetch.Response, error)
	// Push sends a document.
	Push(ctx context.Context, address string, m fetch.Message) (*fetch.Response, error)
}

// A Hub pushes feeds to those who follow them (W3C WebSub): its own feeds
// only, which it looks after itself, so that nobody need tell it of news.
//
// Its methods may be called by several goroutines at once.
type Hub struct {
	Topics Topics
	Store  FollowerStore
	Caller Caller
	Site   syndicate.Site
	Now    func() time.Time // time.Now when nil
	Logger *slog.Logger     // nil discards
}

func (h *Hub) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *Hub) log() *slog.Logger {
	if h.Logger != nil {
		return h.Logger
	}
	return slog.New(slog.DiscardHandler)
}

func refuse(status int, format string, args ...any) error {
	return &syndicate.Refusal{Status: status, Text: fmt.Sprintf(format, args...)}
}

// errNothing ends a request that there is nothing to do about.
var errNothing = errors.New("nothing to do")

// Request takes what somebody asks of the hub in the name of a follower
// (section 5.1). Nothing counts before the follower has confirmed it, which
// a job sees to. The error is a *syndicate.Refusal for a request that is refused.
func (h *Hub) Request(ctx context.Context, form url.Values) error {
	f, err := h.follower(form)
	if err != nil {
		return err
	}
	err = h.Store.AskFollower(ctx, f, h.now(), askApart, func(others syndicate.FollowerCounts, known bool) error {
		switch {
		case known:
			return nil // at most once every askApart, whoever asks
		case f.Asked.Mode == "unsubscribe":
			return errNothing // and nobody learns who follows what
		case others.All >= maxFollowers:
			return &syndicate.Refusal{Status: http.StatusServiceUnavailable, Text: "this hub has as many subscriptions as it takes", Wait: time.Hour}
		case others.Host >= maxPerHost, others.Callback >= maxPerCallback:
			return &syndicate.Refusal{Status: http.StatusTooManyRequests, Text: fmt.Sprintf(
				"at most %d subscriptions of a host and %d of a callback", maxPerHost, maxPerCallback), Wait: time.Hour}
		case others.Waiting >= maxWaiting:
			return &syndicate.Refusal{Status: http.StatusTooManyRequests, Text: "this host has to be asked back about others first", Wait: time.Minute}
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err == nil {
		h.log().DebugContext(ctx, "hub asked", "mode", f.Asked.Mode, "topic", f.Topic, "callback", f.Callback)
	}
	return err
}

// follower reads a request.
func (h *Hub) follower(form url.Values) (syndicate.Follower, error) {
	f := syndicate.Follower{Topic: form.Get("hub.topic"), Callback: form.Get("hub.callback")}
	f.Asked.Mode, f.Asked.Lease = form.Get("hub.mode"), defaultLease
	switch f.Asked.Mode {
	case "subscribe", "unsubscribe":
	case "publish":
		return f, refuse(http.StatusBadRequest, "hub.mode: this hub sees for itself when its feeds change; it wants no publish")
	default:
		return f, refuse(http.StatusBadRequest, "hub.mode: %.40q is neither subscribe nor unsubscribe", f.Asked.Mode)
	}
	for name, value := range map[string]string{"hub.callback": f.Callback, "hub.topic": f.Topic} {
		if len(value) > maxAddress || !utf8.ValidString(value) {
			return f, refuse(http.StatusBadRequest, "%s: an address has at most %d bytes of UTF-8", name, maxAddress)
		}
	}
	u, err := url.Parse(f.Callback)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return f, refuse(http.StatusBadRequest, "hub.callback: must be an http or https address without user name and fragment")
	}
	f.Host = strings.ToLower(u.Host)
	if err := h.Caller.Check(f.Callback); err != nil {
		return f, refuse(http.StatusForbidden, "hub.callback: this hub does not call that address: it is not a public one")
	}
	if f.Asked.Mode == "unsubscribe" {
		return f, nil
	}
	var bad *syndicate.QueryError
	switch err := h.Topics.Has(f.Topic); {
	case errors.As(err, &bad):
		return f, refuse(http.StatusBadRequest, "hub.topic: %s", bad)
	case err != nil:
		return f, refuse(http.StatusNotFound, "hub.topic: %.200q is no feed of this site; %s lists them", f.Topic, h.Site.Link("/feeds"))
	}
	if f.Asked.Secret = form.Get("hub.secret"); len(f.Asked.Secret) >= maxSecret || !utf8.ValidString(f.Asked.Secret) {
		return f, refuse(http.StatusBadRequest, "hub.secret: must be less than %d bytes of UTF-8", maxSecret)
	}
	if text := form.Get("hub.lease_seconds"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return f, refuse(http.StatusBadRequest, "hub.lease_seconds: %.40q is not a number of seconds", text)
		}
		if n > 0 {
			f.Asked.Lease = min(max(time.Duration(n)*time.Second, shortestLease), longestLease)
		}
	}
	return f, nil
}

// Distribute makes due whoever follows a feed that has changed since it was
// pushed to them. It writes only where there is something to push.
func (h *Hub) Distribute(ctx context.Context) error {
	now := h.now()
	all, err := h.Store.Followed(ctx, now)
	if err != nil {
		return err
	}
	for i := 0; i < len(all); {
		topic, etag, changed := all[i].Topic, "", false
		switch doc, err := h.Topics.At(ctx, topic); {
		case gone(err): // then the push finds it so
		case err != nil:
			return fmt.Errorf("push %s: %w", topic, err)
		default:
			etag = doc.ETag
		}
		for ; i < len(all) && all[i].Topic == topic; i++ {
			changed = changed || all[i].ETag != etag
		}
		if !changed {
			continue
		}
		if err := h.Store.Push(ctx, topic, etag, now, pushApart); err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether an error says that there is no such feed.
func gone(err error) bool {
	var bad *syndicate.QueryError
	return errors.Is(err, syndicate.ErrNotFound) || errors.As(err, &bad)
}
