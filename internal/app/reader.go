package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
	"broadsheet/templates"
)

// secretSetting is the setting that holds the site's secret: 256 bits, drawn
// when they are first needed. The names of private feeds and the tokens in
// mails are made with it.
const secretSetting = "feed_secret"

// readSecret returns the site's secret.
func readSecret(ctx context.Context, s *store.Store) ([]byte, error) {
	secret, err := s.Setting(ctx, secretSetting, func() string {
		b := make([]byte, 32)
		_, _ = rand.Read(b) // never fails
		return hex.EncodeToString(b)
	})
	return []byte(secret), err
}

// feedName returns the name of a subscriber's private feed: the subscriber's
// number and, of 130 bits, what only who knows the secret can make of that and
// of the subscriber's feed key. Nothing of it is stored; another key makes
// another name and ends the old one.
func (a *App) feedName(s *mailer.Subscriber) string {
	mac := hmac.New(sha256.New, a.secret)
	fmt.Fprintf(mac, "private feed\x00%d\x00%d", s.ID, s.FeedKey)
	code := strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)))[:26]
	return fmt.Sprintf("%s%d-%s", syndicate.PrivatePrefix, s.ID, code)
}

// PrivateFeed implements publish.Readers: a subscriber's feed holds what the
// subscriber's digests may tell. Who has unsubscribed has none.
func (a *App) PrivateFeed(ctx context.Context, name string) (syndicate.Feed, error) {
	number, _, _ := strings.Cut(strings.TrimPrefix(name, syndicate.PrivatePrefix), "-")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return syndicate.Feed{}, syndicate.ErrNotFound
	}
	s, err := a.store.SubscriberByID(ctx, id)
	if err != nil {
		return syndicate.Feed{}, err
	}
	if !hmac.Equal([]byte(name), []byte(a.feedName(&s))) || s.Status != mailer.Active && s.Status != mailer.Paused {
		return syndicate.Feed{}, syndicate.ErrNotFound
	}
	p := a.parts.Load()
	q, err := p.selection(&s)
	if err != nil {
		return syndicate.Feed{}, fmt.Errorf("subscriber %d: %w", s.ID, err)
	}
	text, err := templates.Locale(p.cfg.Site.Language)
	if err != nil {
		return syndicate.Feed{}, err
	}
	return syndicate.Feed{Name: name, Title: map[string]string{p.cfg.Site.Language: text.T("web.feed.private")}, Query: q}, nil
}

// selection returns the query of what a subscriber's digests may tell.
func (p *parts) selection(s *mailer.Subscriber) (syndicate.Query, error) {
	var either syndicate.Or
	for _, digest := range s.Digests {
		d, ok := p.digests[digest]
		if !ok || d.Operator {
			continue
		}
		q, err := p.composer.Query(d, s.Selection)
		if err != nil {
			return syndicate.Query{}, err
		}
		either = append(either, q.Root)
	}
	return syndicate.Query{Root: either}, nil
}

// FeedAddress returns the address of a subscriber's private feed without its
// format, and with renew another one than before. The error is
// syndicate.ErrNotFound for an address that is no subscriber's.
func (a *App) FeedAddress(ctx context.Context, email string, renew bool) (string, error) {
	if renew {
		if err := a.store.SetFeedKey(ctx, email, drawFeedKey()); err != nil {
			return "", err
		}
	}
	s, err := a.store.Subscriber(ctx, email)
	if err != nil {
		return "", err
	}
	return a.Config().Site.Link("/feeds/" + a.feedName(&s)), nil
}
