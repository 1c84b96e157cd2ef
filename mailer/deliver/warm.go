package deliver

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Providers distrust senders that they have not seen before and that begin
// with a flood. The curve of the first days is the one that hosted newsletters
// use: from 200 messages to 200,000 in six weeks, each day about 18 % more.
const (
	warmFirst = 200
	warmLast  = 200_000
	warmDays  = 42
)

// WarmUp returns how many messages may be sent on a day of the warm-up, the
// first being 0, and false when it is over or has not begun.
func WarmUp(day int) (messages int, limited bool) {
	if day < 0 || day >= warmDays {
		return 0, false
	}
	growth := math.Pow(float64(warmLast)/warmFirst, 1/float64(warmDays-1))
	return int(math.Round(warmFirst * math.Pow(growth, float64(day)))), true
}

// An allowance is what is left of a day of the warm-up.
type allowance struct {
	mu      sync.Mutex
	limited bool
	until   time.Time // end of the day
	left    int
}

// warmUp makes the allowance of the day, unless it is made.
func (d *Deliverer) warmUp(ctx context.Context) error {
	now := d.now()
	if d.WarmUp.IsZero() || now.Before(d.WarmUp) {
		return nil
	}
	d.warm.mu.Lock()
	defer d.warm.mu.Unlock()
	if now.Before(d.warm.until) {
		return nil
	}
	day := int(now.Sub(d.WarmUp) / (24 * time.Hour))
	begin := d.WarmUp.Add(time.Duration(day) * 24 * time.Hour)
	most, limited := WarmUp(day)
	d.warm.limited, d.warm.until = limited, begin.Add(24*time.Hour)
	if !limited {
		return nil
	}
	sent, err := d.Store.Sent(ctx, begin)
	if err != nil {
		d.warm.until = time.Time{}
		return fmt.Errorf("count what was sent today: %w", err)
	}
	d.warm.left = most - sent
	return nil
}

// take takes one message out of the allowance and reports whether it had one.
func (a *allowance) take() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limited && a.left <= 0 {
		return false
	}
	a.left--
	return true
}

// put puts back a message that was not accepted.
func (a *allowance) put() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left++
}

// exhausted returns when there is more, if nothing is left.
func (a *allowance) exhausted(now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limited && a.left <= 0 && now.Before(a.until) {
		return a.until
	}
	return time.Time{}
}
