package publish

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
)

const (
	askTries    = 3               // to ask a follower back that cannot be reached
	askRetry    = time.Minute     // after the first try; ten times that after the next
	pushRetry   = time.Minute     // after the first failure; doubled with each further one
	longestWait = 6 * time.Hour   // between two tries to push
	pushTries   = 14              // about a day and a half; then the subscription ends
	workAtOnce  = 20              // followers read from the store at a time
	topicGone   = "no such feed " // hub.reason
)

// Work asks the followers of a host back that are to be, and pushes to those
// that are due, one after the other, until none is left or ctx ends. What went
// wrong with a follower is remembered with it; an error means that the store
// did not work, or that ctx ended.
func (h *Hub) Work(ctx context.Context, host string) error {
	for {
		due, err := h.Store.DueFollowers(ctx, host, h.now(), workAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		// What is pushed is read after the followers were, so that it holds
		// every change that their Round counts.
		docs := map[string]syndicate.Document{}
		for i := range due {
			f := &due[i]
			switch {
			case f.Asked.Mode != "" && !f.AskAt.After(h.now()):
				err = h.askBack(ctx, f)
			default:
				err = h.push(ctx, f, docs)
			}
			if err != nil {
				return fmt.Errorf("hub: %s: %w", host, err)
			}
		}
	}
}

// askBack asks a follower whether it meant what was asked in its name (section
// 5.3), or tells it that its subscription has ended (section 5.2).
func (h *Hub) askBack(ctx context.Context, f *syndicate.Follower) error {
	asked := f.Asked
	// Noted before it is done: a process that dies meanwhile must not ask
	// without end.
	err := h.Store.ChangeFollower(ctx, f.ID, func(f *syndicate.Follower) {
		f.AskedBack = h.now()
		f.Asked.Tries++
		f.AskAt = h.now().Add(askRetry)
		if f.Asked.Tries > 1 {
			f.AskAt = h.now().Add(10 * askRetry)
		}
	})
	if err != nil {
		return err
	}
	challenge := rand.Text()
	res, askErr := h.Caller.Ask(ctx, h.question(f, challenge))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	meant := askErr == nil && res.Status >= 200 && res.Status < 300 && string(res.Body) == challenge
	again := askErr == nil && (res.Status >= 500 || res.Status == http.StatusTooManyRequests)
	var fault *fetch.Error
	if askErr != nil {
		again = !errors.As(askErr, &fault) || fault.Silent
	}
	etag := f.ETag
	if meant && asked.Mode == "subscribe" && !f.Follows(h.now()) {
		switch doc, err := h.Topics.At(ctx, f.Topic); {
		case gone(err): // the first change finds it so
		case err != nil:
			return err
		default:
			etag = doc.ETag // only what comes from now on is pushed
		}
	}
	h.log().DebugContext(ctx, "follower asked back", "mode", asked.Mode, "topic", f.Topic, "callback", f.Callback, "meant", meant, "error", askErr)
	return h.Store.ChangeFollower(ctx, f.ID, func(f *syndicate.Follower) {
		if f.Asked.Mode != asked.Mode || f.Asked.Secret != asked.Secret || f.Asked.Lease != asked.Lease {
			f.AskAt = h.now().Add(askApart)
			return // something else is wanted by now
		}
		if !meant && again && f.Asked.Tries < askTries && asked.Mode != "denied" {
			return
		}
		f.Asked, f.AskAt = syndicate.FollowerRequest{}, time.Time{}
		switch {
		case asked.Mode == "denied", meant && asked.Mode == "unsubscribe":
			f.LeaseUntil = time.Time{}
		case meant:
			f.Secret, f.LeaseUntil, f.ETag = asked.Secret, h.now().Add(asked.Lease), etag
			f.Failures, f.Error = 0, ""
		}
	})
}

// question is the address by which a follower is asked back.
func (h *Hub) question(f *syndicate.Follower, challenge string) string {
	q := url.Values{"hub.mode": {f.Asked.Mode}, "hub.topic": {f.Topic}}
	switch f.Asked.Mode {
	case "denied":
		q.Set("hub.reason", topicGone+f.Topic)
	case "subscribe":
		q.Set("hub.lease_seconds", strconv.FormatInt(int64(f.Asked.Lease/time.Second), 10))
		q.Set("hub.challenge", challenge)
	default:
		q.Set("hub.challenge", challenge)
	}
	sep := "?"
	if strings.Contains(f.Callback, "?") {
		sep = "&"
	}
	return f.Callback + sep + q.Encode()
}

// push sends a follower the feed as it is now, unless it has that (section 7).
func (h *Hub) push(ctx context.Context, f *syndicate.Follower, docs map[string]syndicate.Document) error {
	doc, ok := docs[f.Topic]
	if !ok {
		var err error
		if doc, err = h.Topics.At(ctx, f.Topic); err != nil && !gone(err) {
			return err
		}
		docs[f.Topic] = doc // without a body when there is none
	}
	round := f.Round
	if doc.Body == nil {
		return h.Store.ChangeFollower(ctx, f.ID, func(f *syndicate.Follower) {
			f.LeaseUntil, f.NextAt = time.Time{}, time.Time{}
			f.Asked, f.AskAt = syndicate.FollowerRequest{Mode: "denied"}, h.now()
		})
	}
	settle := func(f *syndicate.Follower) { // unless there was another change meanwhile
		if f.Round == round {
			f.NextAt = time.Time{}
		}
	}
	if f.ETag == doc.ETag || !f.Follows(h.now()) {
		return h.Store.ChangeFollower(ctx, f.ID, settle)
	}
	res, err := h.Caller.Push(ctx, f.Callback, h.message(f, doc))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fault := ""
	switch {
	case err != nil:
		fault = oneLine(err.Error())
	case res.Status < 200 || res.Status > 299:
		fault = fmt.Sprintf("the follower refuses (status %d)", res.Status)
	}
	h.log().DebugContext(ctx, "feed pushed", "topic", f.Topic, "callback", f.Callback, "bytes", len(doc.Body), "error", fault)
	return h.Store.ChangeFollower(ctx, f.ID, func(f *syndicate.Follower) {
		f.PushedAt = h.now()
		if fault == "" {
			f.ETag, f.Failures, f.Error = doc.ETag, 0, ""
			settle(f)
			if !f.NextAt.IsZero() {
				f.NextAt = h.now().Add(pushApart)
			}
			return
		}
		f.Failures++
		f.Error = fault
		f.NextAt = h.now().Add(backoff(f.Failures))
		if f.Failures >= pushTries || err == nil && res.Status == http.StatusGone {
			f.LeaseUntil, f.NextAt = time.Time{}, time.Time{}
		}
	})
}

// backoff is how long a follower is left alone after n failures.
func backoff(n int) time.Duration {
	if n > 9 { // 1 min × 2⁹ is more than six hours
		return longestWait
	}
	return min(pushRetry<<(n-1), longestWait)
}

// inLink makes an address fit between < and > (RFC 8288, section 3).
var inLink = strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20")

// message is what is sent: the whole feed, signed when the follower has a
// secret.
func (h *Hub) message(f *syndicate.Follower, doc syndicate.Document) fetch.Message {
	m := fetch.Message{Body: doc.Body, ContentType: doc.ContentType, Header: http.Header{
		"Link": {"<" + h.Site.Link(HubPath) + `>; rel="hub", <` + inLink.Replace(f.Topic) + `>; rel="self"`},
	}}
	if f.Secret != "" {
		mac := hmac.New(sha256.New, []byte(f.Secret))
		_, _ = mac.Write(doc.Body) // a hash never fails
		m.Header["X-Hub-Signature"] = []string{"sha256=" + hex.EncodeToString(mac.Sum(nil))}
	}
	return m
}
