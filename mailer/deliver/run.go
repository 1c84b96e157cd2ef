package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"broadsheet/mailer"
)

// A run is one call of Deliver. A keeper leases deliveries and keeps the leases
// alive, workers hand their messages to connections, and a settler writes down
// what became of them, many at a time.
type run struct {
	*Deliverer
	edition  *mailer.Edition
	standing mailer.Standing
	owner    string
	batch    int
	outcomes *outcomes

	mu      sync.Mutex
	sum     Summary
	bodies  map[int64]*mailer.Body        // by variant
	ready   map[string][]*mailer.Delivery // by destination; "" has all that nothing holds up
	order   []string                      // of the destinations in ready, the next one first
	waiting int                           // deliveries in ready
	held    map[int64]bool                // leased and not settled
	late    []mailer.Delivery             // put off, to be settled
	until   time.Time                     // of the leases
	even    *lane                         // spreads the edition; nil sends as fast as it goes
	dry     bool                          // nothing more is due
	halted  bool
	refused int   // refusals of the message itself in a row
	err     error // ends the run
	changed chan struct{}
	waiters int
}

const (
	perBatch   = 256 // deliveries leased at a time, for each connection
	perTurn    = 500 // messages, then another edition may have the connection
	watchEvery = 100 * time.Millisecond
)

func (d *Deliverer) newRun(e *mailer.Edition, standing mailer.Standing) *run {
	r := &run{
		Deliverer: d, edition: e, standing: standing, owner: d.Journal.Owner(),
		batch:    min(max(d.Pace.Connections, 1)*perBatch, 1000),
		outcomes: newOutcomes(),
		bodies:   map[int64]*mailer.Body{}, ready: map[string][]*mailer.Delivery{}, held: map[int64]bool{},
		changed: make(chan struct{}),
	}
	if left := e.Created.Add(d.Spread).Sub(d.now()); left > 0 && standing.Open > 1 {
		r.even = &lane{every: left / time.Duration(standing.Open)}
	}
	return r
}

// all works until nothing is due.
func (r *run) all(ctx context.Context) error {
	r.Deliverer.mu.Lock()
	if r.runs == nil {
		r.runs = map[*run]bool{}
	}
	r.runs[r] = true
	r.Deliverer.mu.Unlock()
	defer func() {
		r.Deliverer.mu.Lock()
		delete(r.runs, r)
		r.Deliverer.mu.Unlock()
	}()

	var keeper, settler, workers sync.WaitGroup
	worked := make(chan struct{})
	settler.Go(func() { r.settleAll(ctx) })
	keeper.Go(func() { r.keep(ctx, worked) })
	for range max(r.Pace.Connections, 1) {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	close(worked)
	keeper.Wait()
	finished := r.giveBack() == 0 && r.dry
	r.outcomes.close()
	settler.Wait()
	switch {
	case r.err != nil:
		return r.err
	case r.halted || finished && ctx.Err() == nil:
		return nil
	}
	return cmp.Or(ctx.Err(), r.paused())
}

// over reports whether nothing more may begin. The caller holds mu.
func (r *run) over(ctx context.Context) bool {
	return ctx.Err() != nil || r.err != nil || r.halted || r.paused() != nil
}

// fail ends the run with an error.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.tell()
}

// halt ends the run: the edition is not to be delivered any more.
func (r *run) halt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.halted = true
	r.tell()
}

// tell wakes whoever waits for a change. The caller holds mu.
func (r *run) tell() {
	if r.waiters > 0 {
		close(r.changed)
		r.changed, r.waiters = make(chan struct{}), 0
	}
}

// wait waits for a change, for an instant (zero is none), for the end of
// something or for a moment: what other runs do is not told.
func (r *run) wait(end, changed <-chan struct{}, at time.Time) {
	pause := watchEvery
	if !at.IsZero() {
		pause = min(pause, max(at.Sub(r.now()), time.Millisecond))
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	case <-end:
	}
}

// keep leases what the workers need, and keeps it leased, until they are done.
func (r *run) keep(ctx context.Context, worked <-chan struct{}) {
	looked, orphaned := r.now(), r.now()
	for {
		select {
		case <-worked:
			return
		default:
		}
		r.mu.Lock()
		over := r.over(ctx)
		want := !over && !r.dry && r.waiting < r.batch
		if over {
			r.tell() // the pause or the end of ctx may be news to the workers
		}
		r.waiters++
		changed := r.changed
		r.mu.Unlock()
		switch {
		case want && r.lease(ctx):
			continue
		case !want:
			r.wait(worked, changed, time.Time{})
		}
		r.renew(ctx)
		if now := r.now(); now.Sub(orphaned) >= orphansEvery {
			orphaned = now
			r.adoptOrphans(ctx)
		}
		if now := r.now(); now.Sub(looked) >= watchEvery {
			looked = now
			if why, err := r.Store.Halted(context.WithoutCancel(ctx), r.edition.ID); err == nil && why != "" {
				r.halt()
			}
		}
	}
}

// lease takes a batch from the outbox. It reports false when that failed.
func (r *run) lease(ctx context.Context) bool {
	now := r.now()
	until := now.Add(r.Deliverer.lease())
	due, err := r.Store.Lease(ctx, r.edition.ID, now, until, r.owner, r.batch)
	if err != nil {
		r.fail(fmt.Errorf("lease deliveries of edition %d: %w", r.edition.ID, err))
		return false
	}
	r.mu.Lock()
	if len(r.held) == 0 || until.Before(r.until) {
		r.until = until
	}
	r.dry = len(due) == 0
	for i := range due {
		dv := &due[i]
		r.held[dv.ID] = true
		switch {
		case r.Hold && dv.State == mailer.Leased:
			dv.State, dv.NextAt, dv.Error = mailer.Uncertain, time.Time{}, takenOver
			r.late = append(r.late, *dv)
		case r.standing.Superseded && dv.Attempts > 0:
			dv.State, dv.Settled, dv.Error = mailer.Failed, now, fmt.Sprintf(superseded, dv.Error)
			r.late = append(r.late, *dv)
		default:
			r.line(dv, now)
		}
	}
	late := r.late
	r.late = nil
	r.tell()
	r.mu.Unlock()
	r.settleLater(late...)
	return true
}

// line puts a delivery where the workers find it, or puts it off. The caller
// holds mu.
func (r *run) line(dv *mailer.Delivery, now time.Time) {
	to, known := r.Pace.route(dv.To, now)
	if !known {
		to = ""
	} else if why, crowded := r.Pace.crowded(to, len(r.ready[to]), now); crowded {
		r.late = append(r.late, r.putOff(*dv, to, why, now))
		return
	}
	if len(r.ready[to]) == 0 {
		r.order = append(r.order, to)
	}
	r.ready[to] = append(r.ready[to], dv)
	r.waiting++
}

// putOff gives a delivery back until its destination takes more.
func (r *run) putOff(dv mailer.Delivery, to, why string, now time.Time) mailer.Delivery {
	dv.State, dv.NextAt = mailer.Deferred, r.Pace.putOff(to, now)
	if dv.Attempts == 0 {
		dv.Error = "waits its turn: " + to + " takes so many at a time"
		if why != "" {
			dv.Error = "waits its turn: " + to + " has asked to slow down: " + why
		}
	}
	return expire(dv, r.edition.Created, now)
}

// settleLater hands outcomes over to the settler.
func (r *run) settleLater(ds ...mailer.Delivery) {
	for _, dv := range ds {
		r.outcomes.add(dv)
	}
}

// renew makes the leases last when they near their end.
func (r *run) renew(ctx context.Context) {
	r.mu.Lock()
	now := r.now()
	ids := make([]int64, 0, len(r.held))
	if r.until.Sub(now) < r.renewBefore() {
		for id := range r.held {
			ids = append(ids, id)
		}
	}
	r.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	until := now.Add(r.Deliverer.lease())
	kept, err := r.Store.Renew(context.WithoutCancel(ctx), r.owner, until, ids)
	if err != nil {
		r.log().WarnContext(ctx, "leases not renewed, to be tried again", "edition", r.edition.ID, "error", err)
		return // nothing begins when they are nearly over
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	still := make(map[int64]bool, len(kept))
	for _, id := range kept {
		still[id] = true
	}
	lost := 0
	for _, id := range ids {
		if !still[id] && r.held[id] {
			delete(r.held, id)
			lost++
		}
	}
	if lost > 0 {
		for to, ds := range r.ready {
			r.ready[to] = slices.DeleteFunc(ds, func(dv *mailer.Delivery) bool { return !r.held[dv.ID] })
			r.waiting -= len(ds) - len(r.ready[to])
		}
		r.log().WarnContext(ctx, "leases lost to another process", "edition", r.edition.ID, "deliveries", lost)
	}
	r.until = until
}

// work hands messages to one connection after another until none is left.
func (r *run) work(ctx context.Context) {
	for {
		r.mu.Lock()
		over := r.over(ctx) || r.dry && r.waiting == 0
		r.waiters++
		changed := r.changed
		r.mu.Unlock()
		if over {
			return
		}
		seated, at := r.Pace.sit(r.now())
		if seated {
			var f *flight
			if f, at = r.next(ctx); f != nil {
				r.session(ctx, f)
				continue
			}
			r.Pace.leave()
		}
		r.wait(ctx.Done(), changed, at)
	}
}

// session has the transport work a queue that begins with a message.
func (r *run) session(ctx context.Context, f *flight) {
	long, cancel := withGrace(ctx)
	defer cancel()
	q := &queue{run: r, ctx: ctx, first: f, flights: map[string]*flight{}}
	err := r.Transport.Work(long, q)
	r.Pace.leave()
	q.close()
	if err != nil && !errors.Is(err, errNotNow) {
		r.fail(err)
	}
	r.mu.Lock()
	r.tell()
	r.mu.Unlock()
}

// next takes the next message that may be sent now. If there is none, at is
// when it is worth asking again, zero for when something changes.
func (r *run) next(ctx context.Context) (f *flight, at time.Time) {
	r.mu.Lock()
	if !r.over(ctx) {
		f, at = r.pick(r.now())
	}
	late := r.late
	r.late = nil
	r.mu.Unlock()
	r.settleLater(late...)
	return f, at
}

// pick is next with mu held. Destinations take turns.
func (r *run) pick(now time.Time) (f *flight, soonest time.Time) {
	for range len(r.order) {
		to := r.order[0]
		r.order = r.order[1:]
		ds := r.ready[to]
		if len(ds) == 0 {
			delete(r.ready, to)
			continue
		}
		r.order = append(r.order, to)
		dv := ds[0]
		dest, known := r.Pace.route(dv.To, now)
		if to == "" && known { // it has spoken up meanwhile
			r.ready[to], r.waiting = ds[1:], r.waiting-1
			r.line(dv, now)
			return r.pick(now)
		}
		p, at := r.Pace.admit(dest, now)
		switch {
		case p.ok:
			if at, ok := r.turn(now); !ok {
				r.Pace.yield(p)
				return nil, at
			}
			r.ready[to], r.waiting = ds[1:], r.waiting-1
			return &flight{Delivery: dv, pass: p, to: dest}, time.Time{}
		case at.After(now.Add(patience)):
			r.emptyLane(to, dest, now)
		case !at.IsZero() && (soonest.IsZero() || at.Before(soonest)):
			soonest = at
		}
	}
	return nil, soonest
}

// turn reports whether the edition as a whole may send a message now; if not,
// at is when.
func (r *run) turn(now time.Time) (at time.Time, ok bool) {
	if r.even != nil {
		if ok, at := r.even.admit(now); !ok {
			return at, false
		}
		r.even.busy = 0
	}
	return time.Time{}, r.warm.take()
}

// emptyLane puts off all that waits as to, which dest has turned out to take.
// The caller holds mu.
func (r *run) emptyLane(to, dest string, now time.Time) {
	why, _ := r.Pace.crowded(dest, 0, now)
	for _, dv := range r.ready[to] {
		r.late = append(r.late, r.putOff(*dv, dest, why, now))
	}
	r.waiting -= len(r.ready[to])
	r.ready[to] = nil
}

// giveBack ends the leases of what the workers did not come to, and returns how
// many these were.
func (r *run) giveBack() int {
	r.mu.Lock()
	var back []mailer.Delivery
	for _, ds := range r.ready {
		for _, dv := range ds {
			back = append(back, untouched(*dv))
		}
	}
	r.ready, r.order, r.waiting = map[string][]*mailer.Delivery{}, nil, 0
	r.mu.Unlock()
	r.settleLater(back...)
	return len(back)
}

// untouched is a delivery as it was before it was leased.
func untouched(dv mailer.Delivery) mailer.Delivery {
	switch {
	case dv.State != mailer.Leased: // the store tells what it was before
	case dv.Error != "":
		dv.State = mailer.Deferred
	default:
		dv.State = mailer.Planned
	}
	return dv
}
