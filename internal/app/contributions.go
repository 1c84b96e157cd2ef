package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// PreviewContribution implements web.Editor.
func (d editorDesk) PreviewContribution(ctx context.Context, sub *syndicate.Submission) (syndicate.Article, []syndicate.Passage, error) {
	a, err := d.contributed(ctx, d.parts.Load(), sub, d.opts.Now())
	if err != nil {
		return syndicate.Article{}, nil, err
	}
	_, passages := d.TryText(&a)
	return a, passages, nil
}

// contributed returns the article that a contribution is from an instant on:
// read as the entry of a feed, so that it is made clean as everything is that
// others wrote, and filed by the themes in force.
func (a *App) contributed(ctx context.Context, p *parts, sub *syndicate.Submission, at time.Time) (syndicate.Article, error) {
	c := sub.Contribution
	if c == nil {
		return syndicate.Article{}, syndicate.ErrNotFound
	}
	src, err := contributions(p.cfg)
	if err != nil {
		return syndicate.Article{}, err
	}
	item := map[string]any{
		"id": fmt.Sprintf("contribution %d of %d", sub.ID, sub.At.UnixMilli()), "title": c.Title, "content_text": c.Text,
		"date_published": at.UTC().Format(time.RFC3339),
	}
	if c.Link != "" {
		item["url"] = c.Link
	}
	if c.Language != "" {
		item["language"] = c.Language
	}
	feed, err := json.Marshal(map[string]any{"version": "https://jsonfeed.org/version/1.1", "title": src.Title, "items": []any{item}})
	if err != nil {
		return syndicate.Article{}, err
	}
	reading := collect.Reread(ctx, &src, &syndicate.Answer{
		Source: src.Name, At: at, Status: http.StatusOK, URL: src.URL, Body: feed,
		Header: http.Header{"Content-Type": {"application/feed+json"}},
	}, at)
	if reading.Err != nil {
		return syndicate.Article{}, fmt.Errorf("contribution %d: %w", sub.ID, reading.Err)
	}
	if len(reading.Articles) != 1 {
		return syndicate.Article{}, fmt.Errorf("contribution %d says nothing", sub.ID)
	}
	x := reading.Articles[0]
	x.ID, x.FirstSeen, x.Changed = syndicate.NewID(src.URL, x.Key), at, at
	x.Analysis = p.classifier.Classify(&x, &src)
	return x, nil
}

// acceptContribution makes an article of a contribution.
func (d editorDesk) acceptContribution(ctx context.Context, sub *syndicate.Submission, v web.Verdict) (bool, error) {
	p, now := d.parts.Load(), d.opts.Now()
	a, err := d.contributed(ctx, p, sub, now)
	if err != nil {
		return false, err
	}
	set := settlement(now, v)
	set.Result, set.Article, set.Fingerprint = a.Key, &a, p.classifier.Fingerprint()
	if v.Themes != nil {
		for _, id := range *v.Themes {
			if !slices.Contains(d.themeIDs(), id) {
				return false, fmt.Errorf("theme %q: %w", id, syndicate.ErrNotFound)
			}
		}
		if !slices.EqualFunc(a.Filings, *v.Themes, func(f syndicate.Filing, id string) bool { return f.Theme == id }) {
			set.Themes = v.Themes
		}
	}
	if err := d.note(ctx, syndicate.ActionAdmit, object(sub), a.Key); err != nil {
		return false, err
	}
	done, err := d.store.SettleSubmission(ctx, sub.ID, set)
	if err != nil || !done {
		return done, err
	}
	// The article is in; what else there is to do with it can wait for a tick.
	if q := d.queue.Load(); q != nil {
		err = q.Enqueue(ctx, nil, tickJob{})
	}
	return true, err
}

func settlement(now time.Time, v web.Verdict) store.Settlement {
	return store.Settlement{State: v.State, Word: v.Word, At: now}
}
