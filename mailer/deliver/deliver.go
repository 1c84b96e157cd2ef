// Package deliver empties the outbox: it leases deliveries, gives their
// messages to the connections of a transport and writes down what became of
// each, so that a crash at any moment loses nothing. It does not compose
// editions and speaks no SMTP.
package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// An Outbox keeps the account of deliveries. Each method is one transaction.
type Outbox interface {
	// Lease reserves up to limit deliveries of an edition for owner until an
	// instant and returns them as they were before. It picks what is planned,
	// deferred or uncertain and due at now, and what another left behind
	// leased when its lease was over. None left is no error, and a halted
	// edition has none.
	Lease(ctx context.Context, edition int64, now, until time.Time, owner string, limit int) ([]mailer.Delivery, error)

	// Renew makes owner's leases last until an instant and returns the IDs of
	// those that were still owner's.
	Renew(ctx context.Context, owner string, until time.Time, ids []int64) ([]int64, error)

	// Settle stores state, attempts, next time, reply and error of deliveries
	// that owner has leased and ends their leases. What was accepted is stored
	// even when the lease is not owner's any more, and what is final stays.
	Settle(ctx context.Context, owner string, ds []mailer.Delivery) error

	// Recover makes what dead owners had leased wait for its turn again. It
	// returns how many deliveries these were.
	Recover(ctx context.Context, dead []string) (int, error)
}

// A Store is what delivering needs from storage. The full store has more.
type Store interface {
	Outbox

	// Edition returns an edition with its bodies, or an error that wraps
	// syndicate.ErrNotFound.
	Edition(ctx context.Context, id int64) (mailer.Edition, error)

	// Standing returns whether an edition may be delivered, and how much of it
	// waits.
	Standing(ctx context.Context, id int64) (mailer.Standing, error)

	// Halted returns why an edition must not be delivered, "" if it may.
	Halted(ctx context.Context, id int64) (string, error)

	// Halt has an edition not delivered any more, until somebody says so.
	Halt(ctx context.Context, id int64, why string) error

	// Sent returns how many messages were accepted since an instant, to the
	// minute.
	Sent(ctx context.Context, since time.Time) (int, error)
}

// A Transport takes messages over; see submit.Transport.
type Transport interface {
	Send(ctx context.Context, m mailer.Message) (reply string, err error)
	Work(ctx context.Context, q submit.Queue) error
}

// ErrPaused is wrapped by the error of Deliver when the relay, or the way to
// it, does not work or has had enough. Nothing is lost: the deliveries stay in
// the outbox, and Deliver tries again when it is called after the pause.
var ErrPaused = errors.New("delivery is paused")

// A Deliverer empties the outbox through a transport. It may deliver several
// editions at a time; they share the connections. Set its fields before the
// first use.
type Deliverer struct {
	Config
	Store     Store
	Transport Transport
	Sender    mailer.Sender
	Journal   *Journal
	Pace      *Pacer
	Now       func() time.Time
	Logger    *slog.Logger

	// Lease is for how long a delivery is ours before another process may take
	// it over; it is renewed in time. A minute when 0.
	Lease time.Duration

	mu     sync.Mutex
	faults int       // of the connection, in a row
	resume time.Time // no attempt before this
	warm   allowance
	runs   map[*run]bool
}

// A Summary counts what became of deliveries. One that was tried more than
// once is counted each time.
type Summary struct {
	Accepted  int
	Deferred  int
	Failed    int
	Uncertain int
}

// Total returns the number of attempts.
func (s Summary) Total() int { return s.Accepted + s.Deferred + s.Failed + s.Uncertain }

const (
	grace     = 10 * time.Second // for the messages under way when ctx ends
	tolerated = 3                // connection faults in a row, then a pause
)

const (
	interrupted   = "interrupted while it was being sent; it may have arrived"
	heldBack      = "; it is not sent again before somebody says so: digest resend"
	takenOver     = "another process had it and has not been heard of since; it may have arrived" + heldBack
	superseded    = "given up: the next edition of the digest is there; the last attempt: %s"
	refusedInARow = 10 // messages, then the edition is halted
)

// Recover takes up what processes that are no more have left: what they wrote
// into their journals is settled, what they had begun and got no reply to is
// uncertain, the rest waits for its turn again. Deliver does so by itself
// before anything else.
func (d *Deliverer) Recover(ctx context.Context) error {
	d.Journal.recovering.Lock()
	defer d.Journal.recovering.Unlock()
	if owed := d.Journal.owing(); len(owed) > 0 {
		if err := d.Store.Settle(ctx, d.Journal.Owner(), owed); err != nil {
			d.Journal.owe(owed)
			return fmt.Errorf("settle deliveries that are over: %w", err)
		}
		return d.Journal.settled(owed)
	}
	left, err := d.Journal.start()
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return d.takeOver(ctx)
	}
	if err := d.takeUp(ctx, left); err != nil {
		release(left)
		return fmt.Errorf("take up interrupted deliveries: %w", err)
	}
	return d.Journal.adopt(left)
}

func (d *Deliverer) takeUp(ctx context.Context, left []*leftover) error {
	var dead []string
	over, unknown, unread := 0, 0, 0
	for _, l := range left {
		if l.owner == "" {
			continue
		}
		dead = append(dead, l.owner)
		unread += l.unread
		var ds []mailer.Delivery
		for _, e := range l.entries {
			if e.ended {
				over++
			} else {
				unknown++
				e.State, e.Attempts, e.Error = mailer.Uncertain, e.Attempts+1, interrupted
				if e.NextAt = d.now(); d.Hold {
					e.NextAt, e.Error = time.Time{}, interrupted+heldBack
				}
			}
			ds = append(ds, e.Delivery)
		}
		if len(ds) > 0 {
			if err := d.Store.Settle(ctx, l.owner, ds); err != nil {
				return err
			}
		}
	}
	again, err := d.Store.Recover(ctx, dead)
	if err != nil {
		return err
	}
	if over+unknown+again > 0 {
		d.log().WarnContext(ctx, "deliveries taken up again after an interruption",
			"with_reply", over, "uncertain", unknown, "untouched", again, "damaged_lines", unread)
	}
	return nil
}

// Deliver sends what is due of an edition, until nothing is, and returns what
// became of it. Deferred deliveries wait for their time; call Deliver again
// then. When ctx ends, Deliver finishes the messages under way, gives the
// others back and returns ctx's error.
//
// An error means that the account cannot be kept (the store or the journal
// failed), that ctx ended, or that the relay takes nothing for now (ErrPaused).
// A recipient who cannot be reached is no error, nor is an edition that was
// halted.
func (d *Deliverer) Deliver(ctx context.Context, edition int64) (Summary, error) {
	if err := d.Recover(ctx); err != nil {
		return Summary{}, err
	}
	if err := cmp.Or(d.warmUp(ctx), d.paused()); err != nil {
		return Summary{}, err
	}
	e, err := d.Store.Edition(ctx, edition)
	if err != nil {
		return Summary{}, fmt.Errorf("edition %d: %w", edition, err)
	}
	standing, err := d.Store.Standing(ctx, edition)
	if err != nil || standing.Halted != "" {
		return Summary{}, err
	}
	r := d.newRun(&e, standing)
	start := d.now()
	err = r.all(ctx)
	if r.sum.Total() > 0 {
		d.log().InfoContext(ctx, "edition delivered", "digest", e.Digest, "edition", e.ID, "accepted", r.sum.Accepted,
			"deferred", r.sum.Deferred, "failed", r.sum.Failed, "uncertain", r.sum.Uncertain, "elapsed", d.now().Sub(start))
	}
	return r.sum, err
}

// Halt has this process stop to deliver an edition, within one message for
// each connection. It does not wait for that. What the store says about the
// edition is seen by itself within a moment.
func (d *Deliverer) Halt(edition int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for r := range d.runs {
		if r.edition.ID == edition {
			r.halt()
		}
	}
}

// SendTest sends an edition to the given addresses at once and outside the
// account: nothing is stored, so nothing is tried again and no article counts
// as mailed. The error joins one error for each address that did not get it.
func (d *Deliverer) SendTest(ctx context.Context, e *mailer.Edition, to []string) (Summary, error) {
	var sum Summary
	var errs []error
	for _, address := range to {
		m := d.Sender.Message(e, e.Body(0), mailer.Delivery{
			To: address, Recipient: mailer.FixedID(address),
			MessageID: mailer.MessageID("test "+e.Digest, e.Created, address, d.Sender.From),
		})
		reply, err := d.Transport.Send(ctx, m)
		if err != nil {
			sum.Failed++
			errs = append(errs, fmt.Errorf("test to %s: %w", address, err))
			continue
		}
		sum.Accepted++
		d.log().InfoContext(ctx, "test edition sent", "digest", e.Digest, "to", address, "reply", reply)
	}
	return sum, errors.Join(errs...)
}

// lease returns how long a lease lasts.
func (d *Deliverer) lease() time.Duration { return cmp.Or(d.Lease, time.Minute) }

// renewBefore is how long before its end a lease is renewed.
func (d *Deliverer) renewBefore() time.Duration { return d.lease() * 2 / 3 }

// beginBefore is how long before the end of its lease nothing begins any more,
// because another process may begin it too.
func (d *Deliverer) beginBefore() time.Duration { return d.lease() / 12 }

func (d *Deliverer) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

func (d *Deliverer) log() *slog.Logger {
	if d.Logger != nil {
		return d.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// withGrace returns a context that outlives ctx by a moment.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-long.Done():
		}
	})
	return long, func() {
		stop()
		cancel()
	}
}
