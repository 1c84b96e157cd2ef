package deliver

import (
	"context"
	"fmt"
	"os"
	"time"
)

// orphansEvery is how often a run looks for journals of processes that died
// while this one lives. Without, their leases would have to end first, and what
// they had sent without writing it down would be sent again.
const orphansEvery = time.Second

// takeOver takes up what processes on this machine left behind that died while
// this one lives. The caller holds Journal.recovering.
func (d *Deliverer) takeOver(ctx context.Context) error {
	left := d.Journal.orphans()
	if len(left) == 0 {
		return nil
	}
	if err := d.takeUp(ctx, left); err != nil {
		release(left)
		return fmt.Errorf("take over interrupted deliveries: %w", err)
	}
	for _, l := range left {
		_ = os.Remove(l.name) // whoever finds it later finds it settled
	}
	release(left)
	return nil
}

// orphans returns the journals beside ours that nobody holds any more. One that
// cannot be read, or is of another database, is left for the next start, which
// says so.
func (j *Journal) orphans() []*leftover {
	j.mu.Lock()
	own := j.name
	j.mu.Unlock()
	if own == "" {
		return nil
	}
	var left []*leftover
	for i := 1; i <= maxJournals; i++ {
		name := j.nth(i)
		if name == own {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			continue
		}
		file, err := lockedFile(name)
		if err != nil {
			continue // its process lives
		}
		l := &leftover{name: name, file: file}
		if err := l.read(j.Database); err != nil {
			_ = file.Close()
			continue
		}
		left = append(left, l)
	}
	return left
}

// adoptOrphans is takeOver for a run that goes on: what fails is tried again.
func (r *run) adoptOrphans(ctx context.Context) {
	r.Journal.recovering.Lock()
	defer r.Journal.recovering.Unlock()
	if err := r.takeOver(context.WithoutCancel(ctx)); err != nil {
		r.log().WarnContext(ctx, "the work of a process that is no more waits", "error", err)
	}
}
