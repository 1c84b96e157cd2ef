package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var operatorTests = map[string]func(*testing.T, *store.Store){
	"deeds are kept in order":           deeds,
	"a session ends":                    sessionEnds,
	"a link signs in once":              linkOnce,
	"a source is polled soon":           pollSoon,
	"articles are counted by the day":   dailyCounts,
	"who shows a link has no session":   linkIsNoSession,
	"another password ends the session": credentials,
}

func deeds(t *testing.T, s *store.Store) {
	old := syndicate.Deed{At: noon.AddDate(-2, 0, 0), Who: "command line", Action: syndicate.ActionForget, Object: "key"}
	first := syndicate.Deed{At: noon, Who: "admin page", Action: syndicate.ActionRefile, Object: "key", Detail: "港口 \x00, finance"}
	second := syndicate.Deed{At: noon, Who: "admin page", Action: syndicate.ActionSignOut}
	for _, d := range []syndicate.Deed{old, first, second} {
		must(t, s.AddDeed(t.Context(), d))
	}
	first.Detail = "港口 , finance"
	got, err := s.Deeds(t.Context(), 10, 0)
	must(t, err)
	equal(t, "deeds", got, []syndicate.Deed{second, first})
	got, err = s.Deeds(t.Context(), 1, 1)
	must(t, err)
	equal(t, "the second page", got, []syndicate.Deed{first})
}

const idle = 2 * time.Hour

func wantSession(t *testing.T, s *store.Store, what, hash, credential string, at time.Time, want bool) {
	t.Helper()
	got, err := s.UseSession(t.Context(), hash, credential, at, idle)
	must(t, err)
	equal(t, what, got, want)
}

func sessionEnds(t *testing.T, s *store.Store) {
	must(t, s.AddSession(t.Context(), "h1", "c", noon, noon.Add(5*time.Hour)))
	wantSession(t, s, "forged", "h2", "c", noon, false)
	wantSession(t, s, "at once", "h1", "c", noon, true)
	wantSession(t, s, "before it is idle", "h1", "c", noon.Add(idle-time.Second), true)
	wantSession(t, s, "used meanwhile", "h1", "c", noon.Add(2*idle-time.Minute), true)
	wantSession(t, s, "too old", "h1", "c", noon.Add(5*time.Hour), false)
	must(t, s.AddSession(t.Context(), "h3", "c", noon, noon.Add(5*time.Hour)))
	wantSession(t, s, "idle", "h3", "c", noon.Add(idle), false)
	must(t, s.AddSession(t.Context(), "h4", "c", noon, noon.Add(5*time.Hour)))
	for range 2 {
		must(t, s.EndSession(t.Context(), "h4"))
	}
	wantSession(t, s, "signed out", "h4", "c", noon, false)
}

func credentials(t *testing.T, s *store.Store) {
	must(t, s.AddSession(t.Context(), "h", "old password", noon, noon.Add(time.Hour)))
	wantSession(t, s, "the same password", "h", "old password", noon, true)
	wantSession(t, s, "another password", "h", "new password", noon, false)
}

func linkIsNoSession(t *testing.T, s *store.Store) {
	must(t, s.AddLink(t.Context(), "l", noon, noon.Add(time.Hour)))
	wantSession(t, s, "link as a session", "l", "", noon, false)
	must(t, s.AddSession(t.Context(), "h", "", noon, noon.Add(time.Hour)))
	good, err := s.UseLink(t.Context(), "h", noon)
	must(t, err)
	equal(t, "session as a link", good, false)
}

func linkOnce(t *testing.T, s *store.Store) {
	must(t, s.AddLink(t.Context(), "late", noon, noon.Add(time.Hour)))
	must(t, s.AddLink(t.Context(), "l", noon, noon.Add(time.Hour)))
	var good atomic.Int32
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			ok, err := s.UseLink(t.Context(), "l", noon)
			if err != nil {
				t.Error(err)
			}
			if ok {
				good.Add(1)
			}
		})
	}
	all.Wait()
	equal(t, "signed in", good.Load(), int32(1))
	ok, err := s.UseLink(t.Context(), "late", noon.Add(time.Hour))
	must(t, err)
	equal(t, "after it expired", ok, false)
}

func pollSoon(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a"), source("b")}, noon))
	for _, name := range []string{"a", "b", "gone"} {
		p := poll(name)
		if name == "b" {
			p.BusyUntil, p.NextReason = noon.Add(time.Hour), "Retry-After"
		}
		_, _, err := s.Record(t.Context(), p, fingerprint, nil)
		must(t, err)
	}
	next, err := s.PollSoon(t.Context(), "a", "asked for by the operator", noon)
	must(t, err)
	equal(t, "next", next, noon)
	p, err := s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "because", p.NextReason, "asked for by the operator")
	next, err = s.PollSoon(t.Context(), "b", "asked for by the operator", noon)
	must(t, err)
	equal(t, "next of a source that wants to be left alone", next, noon.Add(time.Hour))
	for _, name := range []string{"gone", "nobody"} {
		_, err = s.PollSoon(t.Context(), name, "asked for by the operator", noon)
		wantError(t, name, err, syndicate.ErrNotFound)
	}
}

func dailyCounts(t *testing.T, s *store.Store) {
	day := 24 * 60 // minutes
	record(t, s, article("a", -1), article("a", 0), article("a", 1), article("a", day+3), article("a", 3*day))
	record(t, s, article("b", 2*day+1))
	got, err := s.DailyCounts(t.Context(), noon, 3)
	must(t, err)
	equal(t, "counts", got, map[string][]int{"a": {2, 1, 0}, "b": {0, 0, 1}})
	got, err = s.DailyCounts(t.Context(), noon, 3, "b", "none")
	must(t, err)
	equal(t, "counts of one", got, map[string][]int{"b": {0, 0, 1}})
}
