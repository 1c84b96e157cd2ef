package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var togetherTests = map[string]func(*testing.T, *store.Store){
	"writers and readers":               writersAndReaders,
	"one article from several writers":  sameArticle,
	"a delivery is leased by one":       leasedOnce,
	"an edition is saved by one":        savedOnce,
	"a cancelled writer leaves nothing": cancelled,
}

func writersAndReaders(t *testing.T, s *store.Store) {
	const writers, rounds, size = 4, 5, 10
	var wg errgroup.Group
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			q, _ := syndicate.ParseQuery("number -theme:none", nil)
			for {
				select {
				case <-done:
					return
				default:
				}
				as, err := s.Articles(t.Context(), q, noon, 50, 0)
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := s.Count(t.Context(), q, noon); err != nil || n < len(as) || n%size != 0 {
					t.Errorf("count %d after %d articles (%v): half of a poll was seen", n, len(as), err)
					return
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() error {
			name := fmt.Sprintf("s%d", w)
			for r := range rounds {
				var as []syndicate.Article
				for i := range size {
					as = append(as, article(name, r*size+i))
				}
				if added, _, err := s.Record(t.Context(), poll(name), fingerprint, as); err != nil || added != size {
					return fmt.Errorf("%d added: %w", added, err)
				}
			}
			return nil
		})
	}
	must(t, wg.Wait())
	close(done)
	readers.Wait()
	n, err := s.Count(t.Context(), syndicate.Query{}, noon)
	must(t, err)
	equal(t, "articles", n, writers*rounds*size)
}

func sameArticle(t *testing.T, s *store.Store) {
	var wg errgroup.Group
	var mu sync.Mutex
	total := 0
	for w := range 6 {
		wg.Go(func() error {
			var as []syndicate.Article
			for i := range 20 {
				a := article("a", (i+w*7)%20) // in another order each
				a.Filings = []syndicate.Filing{filing("finance")}
				as = append(as, a)
			}
			added, _, err := s.Record(t.Context(), poll("a"), fingerprint, as)
			mu.Lock()
			defer mu.Unlock()
			total += added
			return err
		})
	}
	must(t, wg.Wait())
	for _, query := range []string{"", "number", "theme:finance"} {
		if n := len(titles(t, s, query)); n != 20 {
			t.Errorf("%q finds %d, want 20", query, n)
		}
	}
	if total < 20 {
		t.Errorf("%d counted as added, want at least 20", total)
	}
}

func leasedOnce(t *testing.T, s *store.Store) {
	var ds []mailer.Delivery
	for i := range 200 {
		ds = append(ds, deliveriesTo(fmt.Sprintf("r%d@example.com", i))...)
	}
	e := edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &e, ds, time.Time{}))
	var wg errgroup.Group
	var mu sync.Mutex
	seen := map[string]int{}
	for w := range 4 {
		wg.Go(func() error {
			for {
				ds, err := s.Lease(t.Context(), e.ID, noon, noon.Add(time.Hour), fmt.Sprint(w), 7)
				if err != nil || len(ds) == 0 {
					return err
				}
				mu.Lock()
				for _, d := range ds {
					seen[d.To]++
				}
				mu.Unlock()
			}
		})
	}
	must(t, wg.Wait())
	if len(seen) != 200 {
		t.Errorf("%d leased, want 200", len(seen))
	}
	for to, n := range seen {
		if n != 1 {
			t.Errorf("%s was leased %d times", to, n)
		}
	}
}

func savedOnce(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("d"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	saved := 0
	for range 5 {
		wg.Go(func() {
			e := edition("d", noon)
			err := s.SaveEdition(t.Context(), &e, deliveriesTo("a@example.com"), noon.Add(time.Hour))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				saved++
			} else {
				wantError(t, "SaveEdition", err, mailer.ErrExists)
			}
		})
	}
	wg.Wait()
	equal(t, "saved", saved, 1)
	es, err := s.Editions(t.Context(), "d", 10)
	must(t, err)
	equal(t, "editions", len(es), 1)
}

func cancelled(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.Record(ctx, poll("a"), fingerprint, []syndicate.Article{article("a", 1)})
	wantError(t, "Record", err, context.Canceled)
	e := edition("d", noon)
	wantError(t, "SaveEdition", s.SaveEdition(ctx, &e, nil, time.Time{}), context.Canceled)
	equal(t, "articles", titles(t, s, ""), []string{})
	record(t, s, article("a", 1))
	equal(t, "articles after a writer that was not", titles(t, s, ""), []string{"Article 1 of a"})
}
