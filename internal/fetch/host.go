package fetch

import (
	"context"
	"sync"
	"time"
)

// hosts lets one request at a time through to each host, some time apart.
type hosts struct {
	mu     sync.Mutex
	byName map[string]*host
}

type host struct {
	busy  chan struct{} // holds one token while a request runs
	users int           // those that wait or run; guarded by hosts.mu
	next  time.Time     // not before this; guarded by hosts.mu
}

// wait returns when it is the caller's turn to speak to a host. The caller then
// calls done, and says whether the host turned out to be public: only then must
// the next one keep apart. free hosts do not wait at all.
func (hs *hosts) wait(ctx context.Context, name string, apart time.Duration, free bool) (done func(public bool), err error) {
	if free {
		return func(bool) {}, nil
	}
	h := hs.enter(name)
	select {
	case h.busy <- struct{}{}:
	case <-ctx.Done():
		hs.leave(name, h, time.Time{})
		return nil, context.Cause(ctx)
	}
	hs.mu.Lock()
	pause := time.Until(h.next)
	hs.mu.Unlock()
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			<-h.busy
			hs.leave(name, h, time.Time{})
			return nil, context.Cause(ctx)
		}
	}
	return func(public bool) {
		var next time.Time
		if public && apart > 0 {
			next = time.Now().Add(apart)
		}
		hs.leave(name, h, next)
		<-h.busy
	}, nil
}

func (hs *hosts) enter(name string) *host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.byName == nil {
		hs.byName = map[string]*host{}
	}
	h := hs.byName[name]
	if h == nil {
		h = &host{busy: make(chan struct{}, 1)}
		hs.byName[name] = h
	}
	h.users++
	return h
}

// leave forgets hosts that nobody uses and that need no pause any more.
func (hs *hosts) leave(name string, h *host, next time.Time) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.users--
	if next.After(h.next) {
		h.next = next
	}
	if h.users == 0 && !h.next.After(time.Now()) {
		delete(hs.byName, name)
	}
	if len(hs.byName) > 4096 {
		for n, other := range hs.byName {
			if other.users == 0 && !other.next.After(time.Now()) {
				delete(hs.byName, n)
			}
		}
	}
}
