package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// note puts down what an operator is about to do. It comes before the deed:
// what was done is then never missing.
func (a *App) note(ctx context.Context, action, object, detail string) error {
	who := syndicate.Operator(ctx)
	a.log.InfoContext(ctx, "operator", "who", who, "action", action, "object", object, "detail", detail)
	return a.store.AddDeed(ctx, syndicate.Deed{At: a.opts.Now(), Who: who, Action: action, Object: object, Detail: detail})
}

// Deeds returns what operators did, the last deed first, at most limit after
// the first offset ones.
func (a *App) Deeds(ctx context.Context, limit, offset int) ([]syndicate.Deed, error) {
	return a.store.Deeds(ctx, limit, offset)
}

// Refile files an article under themes because an editor says so, the first
// one being the primary one, and under no other. No themes is an answer, too.
// The error wraps syndicate.ErrNotFound when there is no such article.
func (a *App) Refile(ctx context.Context, key string, themes []string) error {
	for i, id := range themes {
		if slices.Contains(themes[:i], id) {
			return fmt.Errorf("theme %q is named twice", id)
		}
		if known := a.themeIDs(); !slices.Contains(known, id) {
			return fmt.Errorf("there is no theme %q; themes are %s", id, strings.Join(known, ", "))
		}
	}
	if _, err := a.store.Article(ctx, key); err != nil {
		return err
	}
	detail := "none"
	if len(themes) > 0 {
		detail = strings.Join(themes, ", ")
	}
	if err := a.note(ctx, syndicate.ActionRefile, key, detail); err != nil {
		return err
	}
	return a.store.Correct(ctx, syndicate.Correction{Key: key, Themes: themes, At: a.opts.Now()})
}

// UndoRefile takes back what an editor said of an article, and reports whether
// anything had been said.
func (a *App) UndoRefile(ctx context.Context, key string) (bool, error) {
	_, err := a.store.Correction(ctx, key)
	if errors.Is(err, syndicate.ErrNotFound) {
		_, err = a.store.Article(ctx, key)
		return false, err
	}
	if err == nil {
		err = a.note(ctx, syndicate.ActionUndo, key, "")
	}
	if err != nil {
		return false, err
	}
	return a.store.Uncorrect(ctx, key)
}

// Corrections returns the corrected articles, as examples to learn from.
func (a *App) Corrections(ctx context.Context) ([]syndicate.Example, error) {
	return a.store.Corrections(ctx)
}

// AcceptSource makes what a source has become count as good: its next
// document is taken in whatever it is like, and what is held comes in.
func (a *App) AcceptSource(ctx context.Context, name string) error {
	if p := a.parts.Load(); !p.has(name) {
		return noSource(name, p)
	}
	if err := a.note(ctx, syndicate.ActionAccept, name, ""); err != nil {
		return err
	}
	return a.store.Accept(ctx, name, a.opts.Now())
}

// pollApart is how soon after its last poll an operator may have a source
// polled again.
const pollApart = time.Minute

// PollSoon has the daemon poll a source now, whether it is due or not. A
// source that was polled less than a minute ago, or whose server has asked to
// be left alone, is not: then it returns when it is polled next.
func (a *App) PollSoon(ctx context.Context, name string) (next time.Time, err error) {
	if p := a.parts.Load(); !p.has(name) {
		return time.Time{}, noSource(name, p)
	}
	if err := a.note(ctx, syndicate.ActionPoll, name, ""); err != nil {
		return time.Time{}, err
	}
	now := a.opts.Now()
	poll, err := a.store.Poll(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	if soonest := poll.LastAt.Add(pollApart); soonest.After(now) && !poll.LastAt.IsZero() {
		return soonest, nil
	}
	next, err = a.store.PollSoon(ctx, name, "asked for by the operator", now)
	if q := a.queue.Load(); err == nil && q != nil {
		err = q.Enqueue(ctx, nil, tickJob{})
	}
	return next, err
}

// Forget deletes articles for good and returns how many there were.
func (a *App) Forget(ctx context.Context, keys []string) (int, error) {
	for _, key := range keys {
		x, err := a.store.Article(ctx, key)
		switch {
		case errors.Is(err, syndicate.ErrNotFound):
			continue
		case err == nil:
			err = a.note(ctx, syndicate.ActionForget, key, x.Title)
		}
		if err != nil {
			return 0, err
		}
	}
	return a.store.Forget(ctx, keys, a.opts.Now())
}

func (a *App) themeIDs() []string {
	var ids []string
	for _, t := range a.Config().Themes {
		ids = append(ids, t.ID)
	}
	return ids
}
