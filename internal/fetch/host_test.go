package fetch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests are inside the package: time that is made up cannot pass while
// real connections are open, and public hosts cannot be had on loopback.

func TestRequestsToAPublicHostKeepApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hs hosts
		var at []time.Duration
		start := time.Now()
		for range 3 {
			done, err := hs.wait(t.Context(), "example.com", 2*time.Second, false)
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start))
			<-time.After(time.Second) // the request
			done(true)
		}
		// The pause begins when an answer is complete.
		if want := []time.Duration{0, 3 * time.Second, 6 * time.Second}; at[0] != want[0] || at[1] != want[1] || at[2] != want[2] {
			t.Errorf("requests at %v, want %v", at, want)
		}
		done, err := hs.wait(t.Context(), "other.example", 2*time.Second, false)
		if err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("another host had to wait until %s (%v)", time.Since(start), err)
		}
		done(true)
	})
}

func TestOneRequestAtATimeToAHost(t *testing.T) {
	for name, free := range map[string]bool{"spared": false, "allowed by the operator": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hs hosts
				var now, most atomic.Int32
				var all sync.WaitGroup
				for range 5 {
					all.Go(func() {
						done, err := hs.wait(t.Context(), "intranet", 2*time.Second, free)
						if err != nil {
							t.Error(err)
							return
						}
						if n := now.Add(1); n > most.Load() {
							most.Store(n)
						}
						<-time.After(time.Second)
						now.Add(-1)
						done(false) // private: no pause
					})
				}
				start := time.Now()
				all.Wait()
				wantMost, wantTime := int32(1), 5*time.Second
				if free {
					wantMost, wantTime = 5, time.Second
				}
				if most.Load() != wantMost || time.Since(start) != wantTime {
					t.Errorf("%d at once in %s, want %d in %s", most.Load(), time.Since(start), wantMost, wantTime)
				}
				if len(hs.byName) != 0 {
					t.Errorf("%d hosts are remembered without need", len(hs.byName))
				}
			})
		})
	}
}

func TestWaitingForAHostCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hs hosts
		done, err := hs.wait(t.Context(), "example.com", 2*time.Second, false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hs.wait(ctx, "example.com", 2*time.Second, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("behind a request: error %v", err)
		}
		done(true)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hs.wait(ctx, "example.com", 2*time.Second, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in the pause: error %v", err)
		}
		start := time.Now()
		done, err = hs.wait(t.Context(), "example.com", 2*time.Second, false)
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("the next one came after %s (%v), want 1s", time.Since(start), err)
		}
		done(true)
	})
}

func TestHostsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hs hosts
		for i := range 10_000 {
			done, err := hs.wait(t.Context(), string(rune('0'+i)), 2*time.Second, false)
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Millisecond)
			done(true)
		}
		if n := len(hs.byName); n > 5000 {
			t.Errorf("%d hosts are remembered, 2000 of them with reason", n)
		}
	})
}
