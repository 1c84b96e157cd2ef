package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
)

// A flight is a delivery in the hands of a connection.
type flight struct {
	*mailer.Delivery
	to    string // its destination
	pass  pass
	begun bool
}

// A queue gives one connection its messages; see submit.Queue. It never waits
// for a message: the connection's next one may depend on what becomes of the
// one before.
type queue struct {
	run *run
	ctx context.Context // of the run, without the grace

	mu      sync.Mutex
	first   *flight
	taken   int
	flights map[string]*flight // by Message-ID
}

// errNotNow says that a message is not to be finished: its edition was halted,
// or its lease may be over.
var errNotNow = errors.New("not to be sent now")

// Next returns the next message that may be sent at once.
func (q *queue) Next(context.Context) (mailer.Message, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.first
	q.first = nil
	if f == nil && q.taken < perTurn && q.run.Pace.stay(q.run.now()) {
		f, _ = q.run.next(q.ctx)
	}
	if f == nil {
		return mailer.Message{}, false
	}
	q.taken++
	q.flights[f.MessageID] = f
	return q.run.Sender.Message(q.run.edition, q.run.body(f.Variant), *f.Delivery), true
}

// Begin notes in the journal that a message is about to be complete.
func (q *queue) Begin(_ context.Context, m *mailer.Message) error {
	r := q.run
	q.mu.Lock()
	f := q.flights[m.ID]
	q.mu.Unlock()
	r.mu.Lock()
	stop := r.halted || r.err != nil || !r.held[f.ID] || r.now().After(r.until.Add(-beginBefore))
	r.mu.Unlock()
	if stop {
		return errNotNow
	}
	if err := r.Journal.begin(*f.Delivery); err != nil {
		return err
	}
	f.begun = true
	return nil
}

// End notes what became of a message.
func (q *queue) End(ctx context.Context, m *mailer.Message, reply string, err error) error {
	q.mu.Lock()
	f := q.flights[m.ID]
	delete(q.flights, m.ID)
	q.mu.Unlock()
	return q.run.end(ctx, f, reply, err)
}

// close ends what the transport has left open: it may have arrived if it had
// begun.
func (q *queue) close() {
	if q.first != nil {
		q.flights[q.first.MessageID] = q.first
	}
	for _, f := range q.flights {
		err := errNotNow
		if f.begun {
			err = &mailer.SendError{Fault: mailer.UncertainFault, Err: errors.New("the transport did not say what became of it")}
		}
		_ = q.run.end(q.ctx, f, "", err)
	}
}

// end notes what became of a flight.
func (r *run) end(ctx context.Context, f *flight, reply string, err error) error {
	now := r.now()
	if errors.Is(err, errNotNow) || errors.Is(err, submit.ErrUntried) {
		r.Pace.yield(f.pass)
		r.warm.put()
		r.settleLater(untouched(*f.Delivery))
		return nil
	}
	stopped := r.Pace.done(f.to, f.pass, err, now)
	dv := r.judge(*f.Delivery, reply, err, stopped)
	if dv.State != mailer.Accepted {
		r.warm.put()
	}
	dv = expire(dv, r.edition.Created, now)
	noted := r.refusals(ctx, dv, err)
	if f.begun {
		noted = errors.Join(noted, r.Journal.end(dv))
	}
	r.report(ctx, dv)
	r.settleLater(dv)
	return noted
}

// refusals halts the edition when message after message is refused for what it
// is: whatever is wrong with it, the others have it too.
func (r *run) refusals(ctx context.Context, dv mailer.Delivery, err error) error {
	r.mu.Lock()
	switch {
	case dv.State == mailer.Accepted:
		r.refused = 0
	case refusesMessage(err):
		r.refused++
	}
	halt := r.refused == refusedInARow && !r.halted
	r.mu.Unlock()
	if !halt {
		return nil
	}
	why := fmt.Sprintf("the last %d messages were refused for what they are, not for their recipients: %s; when that is mended: digest resend", refusedInARow, dv.Error)
	r.log().ErrorContext(ctx, "edition halted", "digest", dv.Digest, "edition", dv.Edition, "because", why)
	if err := r.Store.Halt(context.WithoutCancel(ctx), r.edition.ID, why); err != nil {
		return err
	}
	r.halt()
	return nil
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

// report counts and logs an outcome.
func (r *run) report(ctx context.Context, dv mailer.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log()
	if dv.State == mailer.Accepted && !log.Enabled(ctx, slog.LevelDebug) {
		r.sum.Accepted++
		return
	}
	level, text := slog.LevelWarn, "delivery deferred"
	attrs := make([]any, 0, 16)
	switch dv.State {
	case mailer.Accepted:
		r.sum.Accepted++
		level, text = slog.LevelDebug, "delivery accepted"
		attrs = append(attrs, "reply", dv.Reply)
	case mailer.Failed:
		r.sum.Failed++
		level, text = slog.LevelError, "delivery failed for good"
		attrs = append(attrs, "attempts", dv.Attempts, "error", dv.Error)
	case mailer.Uncertain:
		r.sum.Uncertain++
		text = "delivery uncertain"
		attrs = append(attrs, "next_at", dv.NextAt, "error", dv.Error)
	default:
		r.sum.Deferred++
		attrs = append(attrs, "attempts", dv.Attempts, "next_at", dv.NextAt, "error", dv.Error)
	}
	log.Log(ctx, level, text, append(attrs, "digest", dv.Digest, "edition", dv.Edition, "to", dv.To, "message_id", dv.MessageID)...)
}
