package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// brought is what a poll of a source brought: one article.
func brought(source string) (syndicate.Poll, []syndicate.Article) {
	key := syndicate.NewKey(source, "1")
	return syndicate.Poll{Source: source, NextAt: noon, LastAt: noon}, []syndicate.Article{{
		Key: key, ID: syndicate.NewID("https://"+source+".example/", key), Source: source,
		Title: "News of " + source, Published: noon, FirstSeen: noon, Changed: noon, Hash: key,
	}}
}

// occupy takes the only connection that writes, so that whoever stores waits.
func occupy(t *testing.T, s *store.Store) (release func()) {
	t.Helper()
	conn, err := s.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// awaitWaiter returns when somebody waits for the connection that writes.
func awaitWaiter(s *store.Store) {
	for s.DB().Stats().WaitCount == 0 {
		runtime.Gosched()
	}
}

func TestRecordingsTogetherFailAlone(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	release := occupy(t, s)
	const n, bad = 30, 7
	errs := make([]error, n)
	var group errgroup.Group
	for i := range n {
		group.Go(func() error {
			poll, articles := brought(fmt.Sprintf("s%d", i))
			if i == bad {
				articles[0].Filings = []syndicate.Filing{{Theme: "finance", Score: math.NaN()}}
			}
			var added int
			added, _, errs[i] = s.Record(t.Context(), poll, "f", articles)
			if errs[i] == nil && added != 1 {
				return fmt.Errorf("s%d: %d added", i, added)
			}
			return nil
		})
	}
	awaitWaiter(s)
	release()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if (err != nil) != (i == bad) {
			t.Errorf("s%d: error %v", i, err)
		}
		_, pollErr := s.Poll(t.Context(), fmt.Sprintf("s%d", i))
		if stored := pollErr == nil; stored != (i != bad) {
			t.Errorf("s%d: its poll: %v", i, pollErr)
		}
	}
	q, err := syndicate.ParseQuery("title:news", nil)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Count(t.Context(), q, noon); err != nil || found != n-1 {
		t.Errorf("%d articles are found, want %d (%v)", found, n-1, err)
	}
}

func TestRecordingThatWaitsCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	release := occupy(t, s)
	var group errgroup.Group
	for i := range 3 {
		group.Go(func() error {
			poll, articles := brought(fmt.Sprintf("s%d", i))
			_, _, err := s.Record(t.Context(), poll, "f", articles)
			return err
		})
	}
	awaitWaiter(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error, 1)
	go func() {
		poll, articles := brought("late")
		_, _, err := s.Record(ctx, poll, "f", articles)
		cancelled <- err
	}()
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled one: %v", err)
	}
	release()
	if err := group.Wait(); err != nil {
		t.Errorf("one of the others: %v", err)
	}
	if _, err := s.Poll(t.Context(), "late"); !errors.Is(err, syndicate.ErrNotFound) {
		t.Errorf("the cancelled one's poll: %v", err)
	}
}
