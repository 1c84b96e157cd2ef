package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
)

// ReadRoster reads a whole list of subscribers: the good ones, and the faults
// of the others by line.
func ReadRoster(r io.Reader) (subs []mailer.Subscriber, faults map[int]string, err error) {
	list, err := newRoster(r)
	if err != nil {
		return nil, nil, err
	}
	faults = map[int]string{}
	for {
		row, fault, err := list.row()
		if errors.Is(err, io.EOF) {
			return subs, faults, nil
		}
		if err != nil {
			return subs, faults, err
		}
		if fault == "" {
			s, err := row.subscriber()
			if err == nil {
				subs = append(subs, s)
				continue
			}
			fault = err.Error()
		}
		faults[list.line] = fault
	}
}

// WriteRoster writes subscribers as ReadRoster reads them.
func WriteRoster(w io.Writer, asCSV bool, subs []mailer.Subscriber) error {
	write := writeJSONLines(w)
	if asCSV {
		var err error
		if write, err = writeCSV(w); err != nil {
			return err
		}
	}
	for _, s := range subs {
		if err := write(s); err != nil {
			return err
		}
	}
	return nil
}

// TokenOf returns the token in the mails of a recipient with a number.
func TokenOf(a *App, id int64) string { return mailer.Token(a.secret, id) }

// ComposeDue composes what is due, as the daemon's jobs do.
func (a *App) ComposeDue(ctx context.Context) error {
	due, err := a.store.DueDigests(ctx, a.opts.Now())
	for _, d := range due {
		err = errors.Join(err, a.compose(ctx, store.ComposeJob(d)))
	}
	return err
}

// DeliverDue delivers what is due, as the daemon's jobs do.
func (a *App) DeliverDue(ctx context.Context) error {
	due, err := a.store.DueEditions(ctx, a.opts.Now())
	for _, id := range due {
		err = errors.Join(err, a.deliver(ctx, store.DeliverJob{Edition: id}))
	}
	return err
}

// EditionVariants returns the variants of an edition as its page lists them.
func (a *App) EditionVariants(ctx context.Context, edition int64) ([]mailer.Variant, error) {
	return adminDesk{a}.Variants(ctx, edition, 100)
}

// UseTemplates has editions rendered with the templates of a folder.
func (a *App) UseTemplates(files fs.FS) { a.parts.Load().composer.Templates = files }

// StandAside and InBatches are what long work pauses with.
var (
	StandAside = standAside
	InBatches  = inBatches
)

// UsePause has long work call pause between its batches.
func (a *App) UsePause(pause func(context.Context, time.Duration) error) { a.pause = pause }

// LongWork does one of the daemon's jobs that go on for a while: refile,
// stories or expire.
func (a *App) LongWork(ctx context.Context, kind string) error {
	switch kind {
	case "refile":
		return a.refile(ctx, refileJob{})
	case "stories":
		return a.tell(ctx, store.StoryJob{})
	}
	return a.expire(ctx, expireJob{})
}

// KeepLog returns a logger that keeps its last lines, and what returns those.
func KeepLog(l *slog.Logger) (*slog.Logger, func(slog.Level) []web.LogLine) {
	r := &logRing{}
	return r.tap(l), r.LogLines
}
