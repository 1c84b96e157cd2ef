package collect

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"broadsheet/syndicate"
)

// rereadWaits is how old our idea of the waits that other processes learnt of
// may become.
const rereadWaits = 5 * time.Minute

// waits remembers the public hosts that asked, by Retry-After, to be left
// alone. What they asked is stored with the source whose poll they answered,
// from where it is read again after a restart.
type waits struct {
	mu    sync.Mutex
	until map[string]time.Time // by host
	read  time.Time            // from the store
}

// heldUntil returns until when a host is to be left alone; the zero time when
// it did not ask for that.
func (c *Collector) heldUntil(ctx context.Context, host string, now time.Time) (time.Time, error) {
	w := &c.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.read.IsZero() || now.Sub(w.read) >= rereadWaits {
		polls, err := c.Store.Polls(ctx)
		if err != nil {
			return time.Time{}, fmt.Errorf("load which hosts asked to be left alone: %w", err)
		}
		for _, p := range polls {
			w.add(p.Busy, p.BusyUntil, now)
		}
		w.read = now
	}
	return w.until[host], nil
}

// hold notes that a host asked to be left alone.
func (c *Collector) hold(host string, until, now time.Time) {
	c.waits.mu.Lock()
	defer c.waits.mu.Unlock()
	c.waits.add(host, until, now)
}

// add keeps the later of two waits, and none that is over.
func (w *waits) add(host string, until, now time.Time) {
	if host == "" || !until.After(now) || !until.After(w.until[host]) {
		return
	}
	if w.until == nil {
		w.until = map[string]time.Time{}
	}
	for h, t := range w.until {
		if !t.After(now) {
			delete(w.until, h)
		}
	}
	w.until[host] = until
}

// held reports whether the source must not be asked, not even by force: the
// server asked for a pause that is not over, or it said less than a day ago
// that the source is gone. The next poll is put off behind a pause.
func (p *poll) held(ctx context.Context, due bool) (bool, error) {
	s := &p.state
	if p.local() {
		return false, nil
	}
	host := hostOf(p.address())
	until, err := p.c.heldUntil(ctx, host, p.now)
	if err != nil {
		return false, err
	}
	if s.BusyUntil.After(until) {
		until = s.BusyUntil
	}
	if until.After(p.now) {
		if s.NextAt.Before(until) {
			s.NextAt = p.now.Add(p.spread(until.Sub(p.now)))
			s.NextReason = fmt.Sprintf("%s asked to be left alone until %s (Retry-After)", host, clock(until))
			_, _, err = p.c.Store.Record(ctx, *s, p.c.Classifier.Fingerprint(), nil)
		}
		return true, err
	}
	return !due && s.Outcome == syndicate.Failed && s.Status == gone && p.now.Sub(s.LastAt) < goneAfter, nil
}

// hostOf returns the host of an address, without its port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// clock writes an instant for people.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
