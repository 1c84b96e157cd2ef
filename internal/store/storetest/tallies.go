package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
)

var tallyTests = map[string]func(*testing.T, *store.Store){
	"the account of an edition that is finished is kept": tallyKept,
	"an open account is counted":                         tallyOpen,
	"what is sent after all reopens the account":         tallyReopened,
	"all deliveries, kept and counted":                   tallyAll,
}

// counts is how many deliveries are in each state.
type counts = map[mailer.State]int

func tally(t *testing.T, s *store.Store, edition int64, want counts) {
	t.Helper()
	got, err := s.Tallies(t.Context(), []int64{edition})
	must(t, err)
	equal(t, "tally", got, map[int64]counts{edition: want})
	account, _, err := s.Account(t.Context(), edition, 0)
	must(t, err)
	equal(t, "account", account, want)
}

func keepTally(t *testing.T, s *store.Store, edition int64, want bool) {
	t.Helper()
	kept, err := s.KeepTally(t.Context(), edition)
	must(t, err)
	equal(t, "kept", kept, want)
}

func untallied(t *testing.T, s *store.Store, want ...int64) {
	t.Helper()
	ids, err := s.Untallied(t.Context())
	must(t, err)
	equal(t, "finished and not kept", ids, want)
}

// finishOutbox saves an edition to n addresses that all get it but the last,
// for whom it fails.
func finishOutbox(t *testing.T, s *store.Store, n int) int64 {
	t.Helper()
	id := outbox(t, s, n)
	ds := lease(t, s, id, noon, "me", n)
	for i := range ds {
		ds[i].State, ds[i].Settled = mailer.Accepted, noon
	}
	ds[n-1].State, ds[n-1].Error = mailer.Failed, "550 no such user"
	settle(t, s, ds...)
	return id
}

func tallyKept(t *testing.T, s *store.Store) {
	id := finishOutbox(t, s, 3)
	want := counts{mailer.Accepted: 2, mailer.Failed: 1}
	untallied(t, s, id)
	tally(t, s, id, want)
	keepTally(t, s, id, true)
	untallied(t, s)
	tally(t, s, id, want)
	keepTally(t, s, id, true)
	// What is kept is what is told: nobody counts again.
	_, err := s.DB().ExecContext(t.Context(), "UPDATE tallies SET counts = '{\"accepted\":7}'")
	must(t, err)
	tally(t, s, id, counts{mailer.Accepted: 7})
	// An edition that nobody gets has an account, too; none has none.
	e := edition("d", noon.Add(time.Hour))
	e.Skipped = "nothing new"
	must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
	untallied(t, s, e.ID)
	keepTally(t, s, e.ID, true)
	untallied(t, s)
	tally(t, s, e.ID, counts{})
	keepTally(t, s, e.ID+100, false)
}

func tallyOpen(t *testing.T, s *store.Store) {
	id := outbox(t, s, 3)
	untallied(t, s)
	keepTally(t, s, id, false)
	tally(t, s, id, counts{mailer.Planned: 3})
	ds := lease(t, s, id, noon, "me", 3)
	keepTally(t, s, id, false)
	tally(t, s, id, counts{mailer.Leased: 3})
	for i := range ds {
		ds[i].State, ds[i].Settled = mailer.Accepted, noon
	}
	// What may have arrived and is held has no time, and is not final.
	ds[2].State, ds[2].Settled, ds[2].NextAt = mailer.Uncertain, time.Time{}, time.Time{}
	settle(t, s, ds...)
	untallied(t, s, id)
	keepTally(t, s, id, false)
	tally(t, s, id, counts{mailer.Accepted: 2, mailer.Uncertain: 1})
	ds[2].State, ds[2].Settled = mailer.Accepted, noon // a journal tells
	settle(t, s, ds[2])
	keepTally(t, s, id, true)
	tally(t, s, id, counts{mailer.Accepted: 3})
}

func tallyReopened(t *testing.T, s *store.Store) {
	id := finishOutbox(t, s, 2)
	keepTally(t, s, id, true)
	n, err := s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "missing", n, 1)
	tally(t, s, id, counts{mailer.Accepted: 1, mailer.Planned: 1})
	keepTally(t, s, id, false)
	ds := lease(t, s, id, noon, "me", 2)
	ds[0].State, ds[0].Settled = mailer.Accepted, noon
	settle(t, s, ds...)
	keepTally(t, s, id, true)
	tally(t, s, id, counts{mailer.Accepted: 2})
	// With nothing missing the account stays closed.
	n, err = s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "missing", n, 0)
	untallied(t, s)
}

func tallyAll(t *testing.T, s *store.Store) {
	kept := finishOutbox(t, s, 3)
	keepTally(t, s, kept, true)
	e := edition("e", noon)
	must(t, s.SaveEdition(t.Context(), &e, deliveriesTo("a@example.com", "b@example.com"), time.Time{}))
	st, err := s.Stats(t.Context())
	must(t, err)
	equal(t, "all", st.Deliveries, counts{mailer.Accepted: 2, mailer.Failed: 1, mailer.Planned: 2})
	got, err := s.Tallies(t.Context(), []int64{kept, e.ID})
	must(t, err)
	equal(t, "each", got, map[int64]counts{kept: {mailer.Accepted: 2, mailer.Failed: 1}, e.ID: {mailer.Planned: 2}})
	got, err = s.Tallies(t.Context(), nil)
	must(t, err)
	equal(t, "of none", got, map[int64]counts{})
}
