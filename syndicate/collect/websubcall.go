package collect

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // WebSub, section 7.1, has it, and as a keyed hash it still holds
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Verify answers a hub that asks whether we meant what we asked of it (section
// 5.3). challenge is what to answer; ok is false when we did not. A hub that
// refuses is answered by nothing, and ok.
func (h *Hubs) Verify(ctx context.Context, token string, question url.Values) (challenge string, ok bool, err error) {
	sub, err := h.Store.Subscription(ctx, token)
	if errors.Is(err, syndicate.ErrNotFound) {
		return "", false, nil
	}
	if err != nil || sub.Topic != question.Get("hub.topic") {
		return "", false, err
	}
	err = h.change(ctx, token, func(s *syndicate.Subscription) {
		leaving, idle := s.State == syndicate.SubscriptionLeaving, s.State == syndicate.SubscriptionIdle
		switch mode := question.Get("hub.mode"); {
		case idle: // nobody asked
		case mode == "subscribe" && !leaving:
			ok = true
			h.begin(s, question.Get("hub.lease_seconds"))
		case mode == "unsubscribe" && leaving:
			ok = true
			s.Source = "" // that was it
		case mode == "denied" && !leaving:
			ok = true
			s.State, s.Failures, s.NextAt = syndicate.SubscriptionWanted, s.Failures+1, h.now().Add(deniedWait)
			s.Error = oneLine(s.Hub + ": the hub refuses: " + cut(question.Get("hub.reason"), 200))
		}
	})
	if err != nil || !ok {
		return "", false, err
	}
	h.log().InfoContext(ctx, "hub asked back", "source", sub.Source, "hub", sub.Hub, "mode", question.Get("hub.mode"),
		"lease_seconds", question.Get("hub.lease_seconds"))
	if question.Get("hub.mode") == "denied" {
		return "", true, nil
	}
	return question.Get("hub.challenge"), true, nil
}

// begin makes a subscription active. It is renewed when two thirds of the
// lease are over, or a little earlier.
func (h *Hubs) begin(s *syndicate.Subscription, seconds string) {
	lease := leaseWanted
	if n, err := strconv.Atoi(seconds); err == nil && n > 0 {
		lease = min(max(time.Duration(min(n, int(longestLease/time.Second)))*time.Second, shortestLease), longestLease)
	}
	now := h.now()
	renew := lease * 2 / 3
	renew -= time.Duration(h.random() * jitter * float64(renew))
	s.State, s.LeaseUntil, s.NextAt, s.Failures, s.Error = syndicate.SubscriptionActive, now.Add(lease), now.Add(renew), 0, ""
}

// Push takes what a hub pushes: the source is then due. known is false when
// there is no such subscription, or its lease is over; the hub then may forget
// it. A push that the hub did not sign is passed over (section 7.1.1: without
// telling whoever sent it).
func (h *Hubs) Push(ctx context.Context, token string, header http.Header, body []byte) (known bool, err error) {
	sub, err := h.Store.Subscription(ctx, token)
	if errors.Is(err, syndicate.ErrNotFound) {
		return false, nil
	}
	if err != nil || !sub.Pushes(h.now()) {
		return false, err
	}
	if !signed(header.Get("X-Hub-Signature"), sub.Secret, body) {
		h.log().WarnContext(ctx, "a push is not signed by the hub, and passed over", "source", sub.Source, "hub", sub.Hub)
		return true, nil
	}
	h.log().InfoContext(ctx, "hub pushed", "source", sub.Source, "hub", sub.Hub, "bytes", len(body))
	return true, h.change(ctx, token, func(s *syndicate.Subscription) { s.LastPush = h.now() })
}

// signed reports whether a signature, "method=hex", is that of body with the
// secret (section 7.1).
func signed(signature, secret string, body []byte) bool {
	method, digits, _ := strings.Cut(strings.TrimSpace(signature), "=")
	got, err := hex.DecodeString(digits)
	made := map[string]func() hash.Hash{
		"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	}[strings.ToLower(method)]
	if err != nil || made == nil || secret == "" {
		return false
	}
	mac := hmac.New(made, []byte(secret))
	_, _ = mac.Write(body) // a hash never fails
	return hmac.Equal(got, mac.Sum(nil))
}

// cut returns at most n bytes of s, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
