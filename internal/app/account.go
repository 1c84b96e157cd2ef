package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/internal/config"
	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
)

// databaseSetting is the setting that tells this database from others.
const databaseSetting = "database_id"

// makeJournal says where the journal of deliveries is. It is opened when
// something is delivered.
func (a *App) makeJournal(ctx context.Context, cfg *config.Config) error {
	id, err := a.store.Setting(ctx, databaseSetting, func() string {
		b := make([]byte, 8)
		_, _ = rand.Read(b) // never fails
		return hex.EncodeToString(b)
	})
	a.journal = &deliver.Journal{Path: journalPath(cfg), Database: id}
	return err
}

// journalPath returns the file of the journal: beside the database, or where
// the process keeps its state.
func journalPath(cfg *config.Config) string {
	if cfg.Deliver.Journal != "" {
		return cfg.Deliver.Journal
	}
	if path, ok := strings.CutPrefix(cfg.Store.Database, "sqlite:"); ok {
		return path + ".mail-journal"
	}
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd.exec(5)
	return filepath.Join(state, "broadsheet.mail-journal")
}

// deliverTurn is how long a job delivers before others have their turn; it is
// well within the job's timeout.
const deliverTurn = 8 * time.Minute

func (a *App) deliver(ctx context.Context, j store.DeliverJob) error {
	turn, cancel := context.WithTimeout(ctx, deliverTurn)
	defer cancel()
	_, err := a.deliverEdition(turn, a.parts.Load(), j.Edition)
	switch {
	case errors.Is(err, ErrRefusable):
		return nil // that is logged, and a tick finds it due again
	case errors.Is(err, deliver.ErrPaused):
		a.log.Warn("delivery waits", "edition", j.Edition, "because", err)
		return nil // a tick after the pause finds it due again
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return jobs.Later(time.Second, nil)
	case err != nil:
		return err
	}
	_, err = a.store.KeepTally(ctx, j.Edition)
	return err
}

// A Cancelled edition is one that is not delivered to the end.
type Cancelled struct {
	Edition   mailer.Edition
	Withdrawn int                  // deliveries that are not sent any more
	Counts    map[mailer.State]int // all deliveries of it
}

// withdrawBatch is how many deliveries are withdrawn in one transaction.
const withdrawBatch = 2000

// CancelEdition stops the delivery of an edition, in this process and all
// others: each connection finishes the message under way, and nothing that
// waits is sent any more. It returns when all have stopped, or when ctx ends;
// what is then under way is not sent either.
func (a *App) CancelEdition(ctx context.Context, digest string, number int) (Cancelled, error) {
	e, err := a.store.NumberedEdition(ctx, digest, number)
	if err != nil {
		return Cancelled{}, fmt.Errorf("edition %d of %s: %w", number, digest, err)
	}
	c := Cancelled{Edition: e}
	if err := a.store.Halt(ctx, e.ID, "cancelled"); err != nil {
		return c, err
	}
	a.parts.Load().deliverer.Halt(e.ID)
	for {
		n, leased, err := a.store.Withdraw(ctx, e.ID, a.opts.Now(), withdrawBatch)
		c.Withdrawn += n
		if err != nil {
			return c, err
		}
		if n == 0 && leased == 0 {
			break
		}
		if n > 0 {
			continue
		}
		select { // those who have leased some give them back within moments
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return c, ctx.Err()
		}
	}
	a.log.Info("edition cancelled", "digest", digest, "edition", e.ID, "withdrawn", c.Withdrawn)
	c.Counts, _, err = a.store.Account(ctx, e.ID, 0)
	return c, err
}

// ResendEdition sends what is missing of an edition: to whom it failed, to whom
// it may have arrived and was held, and what was cancelled. Nobody who has it
// gets it again.
func (a *App) ResendEdition(ctx context.Context, digest string, number int) (sent Sent, missing int, err error) {
	return a.resend(ctx, digest, number, false)
}

// ResendAnyway is ResendEdition, even of what large providers would refuse. So
// are the retries, whatever process makes them.
func (a *App) ResendAnyway(ctx context.Context, digest string, number int) (sent Sent, missing int, err error) {
	return a.resend(ctx, digest, number, true)
}

func (a *App) resend(ctx context.Context, digest string, number int, anyway bool) (sent Sent, missing int, err error) {
	e, err := a.store.NumberedEdition(ctx, digest, number)
	if err != nil {
		return Sent{}, 0, fmt.Errorf("edition %d of %s: %w", number, digest, err)
	}
	sent.Edition = e
	if missing, err = a.store.Resend(ctx, e.ID, a.opts.Now()); err != nil {
		return sent, missing, err
	}
	if anyway {
		if err := a.store.AllowBulk(ctx, e.ID); err != nil {
			return sent, missing, err
		}
	}
	_, failed := a.deliverEdition(ctx, a.parts.Load(), e.ID)
	sent.Counts, sent.Deliveries, err = a.account(ctx, e.ID)
	return sent, missing, errors.Join(failed, err)
}

// An UnderWay is an edition that is not delivered to the end.
type UnderWay struct {
	Digest    string    `json:"digest"`
	Edition   int       `json:"edition"`
	Accepted  int       `json:"accepted"`
	Waiting   int       `json:"waiting"`
	PerMinute float64   `json:"per_minute"`      // messages accepted lately
	Until     time.Time `json:"until,omitzero"`  // when it is at its end if it goes on so and all goes well; zero: nobody knows
	Halted    string    `json:"halted,omitzero"` // why it does not go on
}

// underWay returns the editions that are not delivered to the end.
func (a *App) underWay(ctx context.Context) ([]UnderWay, error) {
	now := a.opts.Now()
	ps, err := a.store.Progress(ctx, now)
	out := make([]UnderWay, 0, len(ps))
	for _, p := range ps {
		u := UnderWay{Digest: p.Digest, Edition: p.Number, Accepted: p.Accepted, Waiting: p.Waiting, PerMinute: p.PerMinute, Halted: p.Halted}
		if p.Halted == "" && (p.PerMinute > 0 || p.Due == 0) {
			u.Until = p.LastAt
			if p.Due > 0 {
				u.Until = now.Add(time.Duration(float64(p.Due) / p.PerMinute * float64(time.Minute))).Truncate(time.Second)
			}
			if p.LastAt.After(u.Until) {
				u.Until = p.LastAt
			}
		}
		out = append(out, u)
	}
	return out, err
}
