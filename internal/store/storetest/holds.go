package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var holdTests = map[string]func(*testing.T, *store.Store){
	"an operator holds a digest":   digestOnHold,
	"an operator holds an edition": editionOnHold,
}

func digestOnHold(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("a"), digest("b"))
	for _, at := range []time.Time{noon.Add(-time.Hour), noon} {
		must(t, s.HoldDigest(t.Context(), "a", at))
	}
	due := func(now time.Time, want ...store.Due) {
		t.Helper()
		got, err := s.DueDigests(t.Context(), now)
		must(t, err)
		equal(t, "due", got, want)
	}
	state := func(want store.DigestState) {
		t.Helper()
		got, err := s.Digests(t.Context())
		must(t, err)
		equal(t, "state", got[0], want)
	}
	due(noon, store.Due{Digest: "b", At: noon})
	state(store.DigestState{Name: "a", NextAt: noon, OnHold: noon.Add(-time.Hour)})
	syncDigests(t, s, noon, digest("a")) // the configuration is read again
	due(noon.Add(time.Hour))
	release := func(at time.Time, want bool) {
		t.Helper()
		got, err := s.ReleaseDigest(t.Context(), "a", at)
		must(t, err)
		equal(t, "released", got, want)
	}
	// What came due meanwhile is due now, and no later than it may be.
	later := noon.Add(5 * time.Hour)
	release(later, true)
	release(later, false)
	due(later, store.Due{Digest: "a", At: later})
	// Released before its time, a digest keeps it.
	syncDigests(t, s, noon, digest("a"))
	must(t, s.HoldDigest(t.Context(), "a", noon))
	release(noon.Add(time.Hour), true)
	state(store.DigestState{Name: "a", NextAt: later})
	for _, name := range []string{"b", "none"} { // b is not configured any more
		wantError(t, "hold "+name, s.HoldDigest(t.Context(), name, noon), syndicate.ErrNotFound)
		_, err := s.ReleaseDigest(t.Context(), name, noon)
		wantError(t, "release "+name, err, syndicate.ErrNotFound)
	}
}

func editionOnHold(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	id := outbox(t, s, 2)
	equal(t, "jobs", enqueued(t, s), []string{"deliver"})
	release := func(want bool) {
		t.Helper()
		got, err := s.ReleaseEdition(t.Context(), id)
		must(t, err)
		equal(t, "released", got, want)
	}
	release(false)
	must(t, s.Halt(t.Context(), id, store.HeldByOperator))
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 2)), "")
	release(true)
	equal(t, "jobs", enqueued(t, s), []string{"deliver", "deliver"})
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 2)), "ab")
	// What is halted for another reason stays so.
	must(t, s.Halt(t.Context(), id, "refused too often"))
	release(false)
	why, err := s.Halted(t.Context(), id)
	must(t, err)
	equal(t, "halted", why, "refused too often")
}
