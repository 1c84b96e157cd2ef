package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// opsKeySetting is the setting that holds the key of the operator's feed.
const opsKeySetting = "ops_key"

// opsKey returns the key of the operator's feed, 128 bits that are drawn when
// it is first asked for.
func (a *App) opsKey(ctx context.Context) (string, error) {
	return a.store.Setting(ctx, opsKeySetting, func() string {
		key := make([]byte, 16)
		_, _ = rand.Read(key) // never fails
		return hex.EncodeToString(key)
	})
}

// opsAddress returns the address of the operator's feed, key and all.
func (a *App) opsAddress(ctx context.Context) (string, error) {
	key, err := a.opsKey(ctx)
	return a.Config().Site.Link("/feeds/ops.atom?key=" + url.QueryEscape(key)), err
}

// OpsFeed returns what the operator should look at as an Atom feed (RFC 4287).
// The error is syndicate.ErrNotFound for any key but the right one.
func (a *App) OpsFeed(ctx context.Context, key string) (syndicate.Document, error) {
	want, err := a.opsKey(ctx)
	if err != nil {
		return syndicate.Document{}, err
	}
	// Hashes have the same length whatever the key's is.
	got, right := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(got[:], right[:]) != 1 {
		return syndicate.Document{}, syndicate.ErrNotFound
	}
	notices, err := a.operatorNotices(ctx)
	if err != nil {
		return syndicate.Document{}, err
	}
	return a.opsDocument(notices)
}

type (
	opsFeed struct {
		XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string     `xml:"id"`
		Title   string     `xml:"title"`
		Updated string     `xml:"updated"`
		Author  string     `xml:"author>name"`
		Entries []opsEntry `xml:"entry"`
	}
	opsEntry struct {
		ID      string  `xml:"id"`
		Title   string  `xml:"title"`
		Updated string  `xml:"updated"`
		Link    opsLink `xml:"link"`
		Content string  `xml:"content"`
	}
	opsLink struct {
		Href string `xml:"href,attr"`
	}
)

func (a *App) opsDocument(notices []mailer.Notice) (syndicate.Document, error) {
	site := a.Config().Site
	var newest time.Time
	var entries []opsEntry
	for _, n := range notices {
		if n.At.After(newest) {
			newest = n.At
		}
		entries = append(entries, opsEntry{
			ID: n.ID, Title: n.Title, Updated: n.At.UTC().Format(time.RFC3339), Link: opsLink{n.Link}, Content: n.Text,
		})
	}
	body, err := xml.MarshalIndent(opsFeed{
		ID: site.Link("/feeds/ops.atom"), Title: site.Title + " · operations", Author: site.Title,
		Updated: newest.UTC().Format(time.RFC3339), Entries: entries,
	}, "", " ")
	if err != nil {
		return syndicate.Document{}, err
	}
	body = append(append([]byte(xml.Header), bytes.TrimSpace(body)...), '\n')
	sum := sha256.Sum256(body)
	return syndicate.Document{
		Body: body, ContentType: "application/atom+xml; charset=utf-8",
		ETag: `"` + hex.EncodeToString(sum[:12]) + `"`, Modified: newest.Truncate(time.Second),
	}, nil
}

// operatorNotices returns what the operator should look at, for feed and mail.
// A notice keeps its ID as long as the trouble lasts.
func (a *App) operatorNotices(ctx context.Context) ([]mailer.Notice, error) {
	notices, err := a.Notices(ctx)
	if err != nil {
		return nil, err
	}
	site := a.Config().Site
	var out []mailer.Notice
	for _, n := range notices {
		m := mailer.Notice{Title: n.Subject + ": " + n.Kind, Link: n.URL, Text: n.Text, At: n.At}
		switch n.Kind {
		case web.NoticeMoved:
			m.ID = site.Link("/feeds/ops.atom#" + n.Name + "-moved-" + url.QueryEscape(n.URL))
		case web.NoticeWaiting:
			m.ID, m.Title = fmt.Sprintf("%s#%d", n.URL, n.At.UnixMilli()), n.Text
		case web.NoticeUndelivered:
			m.ID, m.Title = n.URL+"#failed", fmt.Sprintf("%s: not delivered to %d of %d", n.Subject, n.Count, n.Of)
		case web.NoticeHeldBack:
			m.ID, m.Title = site.Link(fmt.Sprintf("/feeds/ops.atom#held-back-%s-%d", n.Subject, n.At.Unix())), n.Subject+": "+n.Kind
		case web.NoticeSuppressed:
			m.ID = site.Link(fmt.Sprintf("/feeds/ops.atom#suppressed-%d", n.At.Unix()))
			m.Title = fmt.Sprintf("%s: %d in 30 days", n.Kind, n.Count)
		default:
			m.ID = site.Link(fmt.Sprintf("/feeds/ops.atom#%s-%s-%d", n.Name, strings.ReplaceAll(n.Kind, " ", "-"), n.At.Unix()))
		}
		out = append(out, m)
	}
	return out, nil
}

// Notices returns what the operator should look at.
func (a *App) Notices(ctx context.Context) ([]web.Notice, error) {
	sources, err := a.polled(ctx)
	if err != nil {
		return nil, err
	}
	var notices []web.Notice
	for i := range sources {
		s := &sources[i]
		p := &s.Poll
		n := web.Notice{Name: s.Name, Subject: s.Title, URL: s.URL}
		if p.Error != "" {
			n.Kind, n.Text, n.At, n.Count = trouble(p), p.Error, p.FaultSince, p.Held
			notices = append(notices, n)
		}
		if p.MovedTo != "" {
			n.Kind, n.URL, n.At = web.NoticeMoved, p.MovedTo, p.LastOKAt
			n.Text = "moved for good to " + p.MovedTo + "; put that under sources[].url"
			notices = append(notices, n)
		}
	}
	held, err := a.held(ctx)
	if err != nil {
		return nil, err
	}
	failed, err := a.undelivered(ctx)
	if err != nil {
		return nil, err
	}
	cameBack, err := a.cameBack(ctx)
	if err != nil {
		return nil, err
	}
	heldBack, err := a.heldBack(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := a.waiting(ctx)
	return slices.Concat(notices, held, failed, cameBack, heldBack, waiting), err
}

// waiting returns a notice for each part of the inbox where something waits.
// It is another one when more comes.
func (a *App) waiting(ctx context.Context) ([]web.Notice, error) {
	open, err := a.store.OpenSubmissions(ctx)
	if err != nil {
		return nil, err
	}
	var notices []web.Notice
	for _, box := range []struct {
		kind syndicate.SubmissionKind
		name string
	}{{syndicate.KindContribution, "contributions"}, {syndicate.KindLetter, "letters"}, {syndicate.KindApplication, "publishers"}} {
		if open[box.kind] == 0 {
			continue
		}
		last, err := a.store.Submissions(ctx, box.kind, true, 1, 0)
		if err != nil || len(last) == 0 {
			return notices, err
		}
		notices = append(notices, web.Notice{
			Kind: web.NoticeWaiting, Name: box.name, Count: open[box.kind], At: last[0].At,
			URL:  a.Config().Site.Link("/admin/inbox/" + box.name),
			Text: fmt.Sprintf("inbox: %d in %s", open[box.kind], box.name),
		})
	}
	return notices, nil
}

// held returns a notice for each digest whose edition is held.
func (a *App) held(ctx context.Context) ([]web.Notice, error) {
	states, err := a.store.Digests(ctx)
	if err != nil {
		return nil, err
	}
	var notices []web.Notice
	for _, d := range states {
		if d.Held != "" {
			notices = append(notices, web.Notice{
				Kind: web.NoticeUnmade, Name: d.Name, Subject: d.Name, URL: a.Config().Site.Link("/digests/" + url.PathEscape(d.Name)),
				Text: heldNotice(d), At: d.HeldAt,
			})
		}
	}
	return notices, nil
}

// trouble names what is the matter with a source.
func trouble(p *syndicate.Poll) string {
	switch {
	case p.Gone:
		return web.NoticeGone
	case p.OwnOutage():
		return web.NoticeOutage
	case p.Changed():
		return web.NoticeChanged
	case p.Held > 0:
		return web.NoticeHeld
	}
	return web.NoticeFailed
}

// opsEditions is how many of the last editions are looked through for failed
// deliveries.
const opsEditions = 20

// undelivered returns a notice for each edition that did not reach everybody.
func (a *App) undelivered(ctx context.Context) ([]web.Notice, error) {
	editions, err := a.store.Editions(ctx, "", opsEditions)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(editions))
	for i := range editions {
		ids[i] = editions[i].ID
	}
	tallies, err := a.store.Tallies(ctx, ids)
	if err != nil {
		return nil, err
	}
	var notices []web.Notice
	for _, ed := range editions {
		if tallies[ed.ID][mailer.Failed] == 0 {
			continue
		}
		counts, deliveries, err := a.store.Account(ctx, ed.ID, shownDeliveries)
		if err != nil {
			return nil, err
		}
		var lines []string
		at := ed.Created
		for i := range deliveries {
			if d := &deliveries[i]; d.State == mailer.Failed {
				line := d.To + ": " + d.Error
				if advice := mailer.Advice(d.Error); advice != "" {
					line += " (" + advice + ")"
				}
				lines = append(lines, line)
				if d.Settled.After(at) {
					at = d.Settled
				}
			}
		}
		failed, all := counts[mailer.Failed], 0
		for _, n := range counts {
			all += n
		}
		if more := failed - len(lines); more > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", more))
		}
		notices = append(notices, web.Notice{
			Kind: web.NoticeUndelivered, Name: ed.Digest, Subject: ed.Title, Count: failed, Of: all,
			URL:  a.Config().Site.Link(fmt.Sprintf("/digests/%s/%d", ed.Digest, ed.Number)),
			Text: strings.Join(lines, "\n"), At: at,
		})
	}
	return notices, nil
}
