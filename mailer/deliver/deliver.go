// Package deliver empties the outbox: it leases deliveries, hands each message
// to a transport and writes down what became of it, so that a crash at any
// moment loses nothing. It does not compose editions and speaks no SMTP.
package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"broadsheet/mailer"
)

// An Outbox keeps the account of deliveries. Each method is one transaction.
type Outbox interface {
	// Lease reserves up to limit deliveries of an edition for owner until an
	// instant and returns them. It picks what is planned, deferred or
	// uncertain and due at now, and what another left behind leased when its
	// lease was over. None left is no error.
	Lease(ctx context.Context, edition int64, now, until time.Time, owner string, limit int) ([]mailer.Delivery, error)

	// Begin marks a leased delivery as sending. Only once that is on disk may
	// its message be handed over.
	Begin(ctx context.Context, id int64) error

	// Settle stores state, attempts, next time, reply and error of a delivery
	// and ends its lease.
	Settle(ctx context.Context, d mailer.Delivery) error

	// Recover takes back what a process that is no more had leased: what was
	// merely leased is planned again, what was being sent is uncertain. It
	// returns how many these were.
	Recover(ctx context.Context, owner string) (int, error)
}

// A Store is what delivering needs from storage. The full store has more.
type Store interface {
	Outbox

	// Edition returns an edition with its bodies, or an error that wraps
	// syndicate.ErrNotFound.
	Edition(ctx context.Context, id int64) (mailer.Edition, error)
}

// A Transport takes messages over; see submit.Transport.
type Transport interface {
	Send(ctx context.Context, m mailer.Message) (reply string, err error)
}

// ErrPaused is wrapped by the error of Deliver when the relay, or the way to
// it, does not work. Nothing is lost: the deliveries stay in the outbox, and
// Deliver tries again when it is called after the pause.
var ErrPaused = errors.New("delivery is paused")

// A Deliverer empties the outbox through a transport. It may deliver several
// editions at a time. Set its fields before the first use.
type Deliverer struct {
	Store     Store
	Transport Transport
	Sender    mailer.Sender
	Owner     string // names this process in leases, unlike any other's
	Parallel  int    // messages at a time within an edition; 1 when 0
	Now       func() time.Time
	Logger    *slog.Logger

	mu     sync.Mutex
	faults int       // of the connection, in a row
	resume time.Time // no attempt before this
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
	batch       = 50
	leaseFor    = 20 * time.Minute
	beginBefore = 11 * time.Minute // of the lease's end: a transmission may take so long
	grace       = 10 * time.Second // for the message under way when ctx ends
	tolerated   = 3                // connection faults in a row, then a pause
)

// Recover takes back what this process had leased before it was started
// again, or what others left behind. Call it once before the first Deliver.
func (d *Deliverer) Recover(ctx context.Context) error {
	n, err := d.Store.Recover(ctx, d.Owner)
	if err != nil {
		return fmt.Errorf("recover the outbox: %w", err)
	}
	if n > 0 {
		d.log().WarnContext(ctx, "deliveries taken up again after an interruption", "deliveries", n)
	}
	return nil
}

// Deliver sends what is due of an edition, until nothing is, and returns what
// became of it. Deferred deliveries wait for their time; call Deliver again
// then. When ctx ends, Deliver finishes the message under way, gives the
// others back and returns ctx's error.
//
// An error means that the account cannot be kept (the store failed), that ctx
// ended, or that the relay does not answer (ErrPaused). A recipient who cannot
// be reached is no error.
func (d *Deliverer) Deliver(ctx context.Context, edition int64) (Summary, error) {
	if err := d.paused(); err != nil {
		return Summary{}, err
	}
	e, err := d.Store.Edition(ctx, edition)
	if err != nil {
		return Summary{}, fmt.Errorf("edition %d: %w", edition, err)
	}
	r := &run{Deliverer: d, edition: &e, bodies: map[int64]*mailer.Body{}}
	start := d.now()
	err = r.all(ctx)
	if r.sum.Total() > 0 {
		d.log().InfoContext(ctx, "edition delivered", "digest", e.Digest, "edition", e.ID, "accepted", r.sum.Accepted,
			"deferred", r.sum.Deferred, "failed", r.sum.Failed, "uncertain", r.sum.Uncertain, "elapsed", d.now().Sub(start))
	}
	return r.sum, err
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

// A run is one call of Deliver.
type run struct {
	*Deliverer
	edition *mailer.Edition

	mu     sync.Mutex
	sum    Summary
	bodies map[int64]*mailer.Body // by variant
}

// body returns the body of a variant, always the same one.
func (r *run) body(variant int64) *mailer.Body {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.bodies[variant]
	if !ok {
		b = r.edition.Body(variant)
		r.bodies[variant] = b
	}
	return b
}

// all works batches until nothing is due.
func (r *run) all(ctx context.Context) error {
	for {
		if err := cmp.Or(ctx.Err(), r.paused()); err != nil {
			return err
		}
		now := r.now()
		until := now.Add(leaseFor)
		due, err := r.Store.Lease(ctx, r.edition.ID, now, until, r.Owner, batch)
		if err != nil {
			return fmt.Errorf("lease deliveries of edition %d: %w", r.edition.ID, err)
		}
		if len(due) == 0 {
			return nil
		}
		if err := r.batch(ctx, due, until.Add(-beginBefore)); err != nil {
			return err
		}
	}
}

// batch works leased deliveries, several at a time if the Deliverer says so,
// and begins none after an instant. What it does not come to it gives back.
func (r *run) batch(ctx context.Context, due []mailer.Delivery, last time.Time) error {
	work := func(dv mailer.Delivery) error {
		if ctx.Err() != nil || r.paused() != nil || r.now().After(last) {
			return r.release(ctx, dv)
		}
		return r.one(ctx, dv)
	}
	if r.Parallel <= 1 {
		for _, dv := range due {
			if err := work(dv); err != nil {
				return err
			}
		}
		return nil
	}
	var g errgroup.Group
	g.SetLimit(r.Parallel)
	for _, dv := range due {
		g.Go(func() error { return work(dv) })
	}
	return g.Wait()
}

// one hands one message over: written down before and after. The end of ctx
// does not tear the two apart, it only shortens the time between them.
func (r *run) one(ctx context.Context, dv mailer.Delivery) error {
	ctx, cancel := withGrace(ctx)
	defer cancel()
	if err := r.Store.Begin(ctx, dv.ID); err != nil {
		return fmt.Errorf("begin delivery %d: %w", dv.ID, err)
	}
	reply, err := r.Transport.Send(ctx, r.Sender.Message(r.edition, r.body(dv.Variant), dv))
	dv = expire(r.judge(dv, reply, err), r.edition.Created, r.now())
	if err := r.settle(ctx, dv); err != nil {
		return fmt.Errorf("record delivery %d (%s): %w", dv.ID, dv.State, err)
	}
	r.report(ctx, dv)
	return nil
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

// settle writes an outcome down, and tries harder than once: what the other
// side has accepted and we forget is sent twice.
func (r *run) settle(ctx context.Context, dv mailer.Delivery) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait *= 4 {
		if err = r.Store.Settle(ctx, dv); err == nil {
			return nil
		}
		<-time.After(wait)
	}
	return err
}

// release gives a leased delivery back as it was.
func (r *run) release(ctx context.Context, dv mailer.Delivery) error {
	switch {
	case dv.State != mailer.Leased: // the store tells what it was before
	case dv.Error != "":
		dv.State = mailer.Deferred
	default:
		dv.State = mailer.Planned
	}
	if err := r.Store.Settle(context.WithoutCancel(ctx), dv); err != nil {
		return fmt.Errorf("give delivery %d back: %w", dv.ID, err)
	}
	return nil
}

// report counts and logs an outcome.
func (r *run) report(ctx context.Context, dv mailer.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log().With("digest", dv.Digest, "edition", dv.Edition, "to", dv.To, "message_id", dv.MessageID)
	switch dv.State {
	case mailer.Accepted:
		r.sum.Accepted++
		log.DebugContext(ctx, "delivery accepted", "reply", dv.Reply)
	case mailer.Failed:
		r.sum.Failed++
		log.ErrorContext(ctx, "delivery failed for good", "attempts", dv.Attempts, "error", dv.Error)
	case mailer.Uncertain:
		r.sum.Uncertain++
		log.WarnContext(ctx, "delivery uncertain, to be sent again", "next_at", dv.NextAt, "error", dv.Error)
	default:
		r.sum.Deferred++
		log.WarnContext(ctx, "delivery deferred", "attempts", dv.Attempts, "next_at", dv.NextAt, "error", dv.Error)
	}
}

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
