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
	"strings"
	"time"

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
	notices, err := a.Notices(ctx)
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

// Notices returns what the operator should look at now.
func (a *App) Notices(ctx context.Context) ([]mailer.Notice, error) {
	sources, err := a.Sources(ctx)
	if err != nil {
		return nil, err
	}
	site := a.Config().Site
	var notices []mailer.Notice
	for i := range sources {
		s := &sources[i]
		p := &s.Poll
		add := func(what string, at time.Time, text string) {
			notices = append(notices, mailer.Notice{
				ID:    site.Link(fmt.Sprintf("/feeds/ops.atom#%s-%s-%d", s.Name, strings.ReplaceAll(what, " ", "-"), at.Unix())),
				Title: s.Title + ": " + what,
				Link:  s.URL,
				Text:  text,
				At:    at,
			})
		}
		if p.Error != "" {
			add(trouble(p), p.FaultSince, p.Error)
		}
		if p.MovedTo != "" {
			notices = append(notices, mailer.Notice{
				ID:    site.Link("/feeds/ops.atom#" + s.Name + "-moved-" + url.QueryEscape(p.MovedTo)),
				Title: s.Title + ": moved for good",
				Link:  p.MovedTo,
				Text:  "moved for good to " + p.MovedTo + "; put that under sources[].url",
				At:    p.LastOKAt,
			})
		}
	}
	failed, err := a.undelivered(ctx)
	return append(notices, failed...), err
}

// trouble names what is the matter with a source.
func trouble(p *syndicate.Poll) string {
	switch {
	case p.Gone:
		return "gone"
	case p.OwnOutage():
		return "own outage"
	case p.Changed():
		return "changed"
	case p.Held > 0:
		return "old articles held"
	}
	return "failed"
}

// opsEditions is how many of the last editions are looked through for failed
// deliveries.
const opsEditions = 20

// undelivered returns a notice for each edition that did not reach everybody.
func (a *App) undelivered(ctx context.Context) ([]mailer.Notice, error) {
	editions, err := a.store.Editions(ctx, "", opsEditions)
	if err != nil {
		return nil, err
	}
	site := a.Config().Site
	var notices []mailer.Notice
	for _, ed := range editions {
		counts, deliveries, err := a.store.Account(ctx, ed.ID, shownDeliveries)
		if err != nil {
			return nil, err
		}
		var lines []string
		at := ed.Created
		for i := range deliveries {
			if d := &deliveries[i]; d.State == mailer.Failed {
				lines = append(lines, d.To+": "+d.Error)
				if d.Settled.After(at) {
					at = d.Settled
				}
			}
		}
		failed, all := counts[mailer.Failed], 0
		for _, n := range counts {
			all += n
		}
		if failed == 0 {
			continue
		}
		if more := failed - len(lines); more > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", more))
		}
		page := site.Link(fmt.Sprintf("/digests/%s/%d", ed.Digest, ed.Number))
		link := page
		if ed.Private {
			link = ""
		}
		notices = append(notices, mailer.Notice{
			ID: page + "#failed", Title: fmt.Sprintf("%s: not delivered to %d of %d", ed.Title, failed, all),
			Link: link, Text: strings.Join(lines, "\n"), At: at,
		})
	}
	return notices, nil
}
