package deliver

import (
	"context"
	"errors"
	"sync"
	"time"

	"broadsheet/mailer"
)

const (
	commitAfter = 50 * time.Millisecond // of the first outcome
	commitAt    = 1000                  // outcomes
	commitMost  = 4096                  // outcomes that wait, then whoever has more waits too
)

// An outcomes holds what the settler is to write down. Those who add to it wake
// the settler only when there is reason to: a wake-up for each outcome costs
// more than the outcome.
type outcomes struct {
	mu     sync.Mutex
	cond   sync.Cond // waiting for room
	ds     []mailer.Delivery
	closed bool
	first  chan struct{} // something is there
	full   chan struct{} // enough to commit at once, or nothing more comes
}

func newOutcomes() *outcomes {
	o := &outcomes{first: make(chan struct{}, 1), full: make(chan struct{}, 1)}
	o.cond.L = &o.mu
	return o
}

// nudge leaves word in a channel, once.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// add adds an outcome.
func (o *outcomes) add(dv mailer.Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.ds) >= commitMost {
		o.cond.Wait()
	}
	o.ds = append(o.ds, dv)
	switch len(o.ds) {
	case 1:
		nudge(o.first)
	case commitAt:
		nudge(o.full)
	}
}

// close says that nothing more comes.
func (o *outcomes) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	nudge(o.first)
	nudge(o.full)
}

// take waits for outcomes, and a moment for more, and puts them into batch. It
// reports false when there are no more.
func (o *outcomes) take(batch []mailer.Delivery) ([]mailer.Delivery, bool) {
	<-o.first
	t := time.NewTimer(commitAfter)
	defer t.Stop()
	select {
	case <-o.full:
	case <-t.C:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	batch, o.ds = o.ds, batch[:0]
	if o.closed {
		nudge(o.first) // for the next call, which finds nothing
		nudge(o.full)
	}
	o.cond.Broadcast()
	return batch, len(batch) > 0 || !o.closed
}

// settleAll writes outcomes down, many at a time: after a moment, or when there
// are enough.
func (r *run) settleAll(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	batch := make([]mailer.Delivery, 0, commitAt)
	for more := true; more; {
		if batch, more = r.outcomes.take(batch); len(batch) > 0 {
			r.settle(ctx, batch)
		}
	}
}

// settle writes outcomes down, and tries harder than once: what the other side
// has accepted and we forget is sent twice. If all tries fail they are owed,
// and the run ends.
func (r *run) settle(ctx context.Context, ds []mailer.Delivery) {
	var err error
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait *= 4 {
		if err = r.Store.Settle(ctx, r.owner, ds); err == nil {
			break
		}
		<-time.After(wait)
	}
	if err != nil {
		r.Journal.owe(append([]mailer.Delivery(nil), ds...))
		r.fail(errors.Join(errAccount, err))
		return
	}
	if err := r.Journal.settled(ds); err != nil {
		r.fail(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range ds {
		delete(r.held, ds[i].ID)
	}
}

// errAccount is joined with the error of a store that does not take outcomes.
var errAccount = errors.New("what became of deliveries cannot be stored; it is kept in the journal")
