package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

// declined stores a contribution whose sender wants to be told, and declines
// it.
func declined(t *testing.T, s *store.Store, n int, address string, tell bool) syndicate.Submission {
	t.Helper()
	sub := contribution(n)
	sub.Address, sub.Tell = address, tell
	sub = submit(t, s, sub, false)
	done, err := s.SettleSubmission(t.Context(), sub.ID, store.Settlement{State: syndicate.Declined, At: noon.Add(time.Duration(n) * time.Minute)})
	if must(t, err); !done {
		t.Fatal("not settled")
	}
	return sub
}

func told(subs []syndicate.Submission) (titles []string) {
	for i := range subs {
		titles = append(titles, subs[i].Contribution.Title)
	}
	return titles
}

func tellDecisions(t *testing.T, s *store.Store) {
	q := &queued{}
	s.UseQueue(q)
	one, two := declined(t, s, 1, "Ann@example.com", true), declined(t, s, 2, "ann@example.com", true)
	quiet, nobody := declined(t, s, 3, "ann@example.com", false), declined(t, s, 4, "", true)
	other := declined(t, s, 5, "bob@example.com", true)
	open := contribution(6)
	open.Address, open.Tell = "ann@example.com", true
	open = submit(t, s, open, false)
	equal(t, "jobs", q.jobs, []jobs.Args{store.DecisionMailJob{Submission: one.ID}, store.DecisionMailJob{Submission: two.ID}, store.DecisionMailJob{Submission: other.ID}})
	letter := syndicate.Submission{Kind: syndicate.KindLetter, At: noon, Address: "c@example.com", Tell: true, Letter: &syndicate.Letter{Subject: "x"}}
	if got, err := s.Submission(t.Context(), submit(t, s, letter, false).ID); err != nil || got.Tell {
		t.Errorf("the sender of a letter is to be told: %+v, %v", got, err)
	}

	now := noon.Add(time.Hour)
	for _, id := range []int64{quiet.ID, nobody.ID, open.ID, 999} {
		wait, subs, err := s.ClaimDecisions(t.Context(), id, now)
		if must(t, err); wait != 0 || len(subs) != 0 {
			t.Errorf("submission %d: %s, %v", id, wait, told(subs))
		}
	}
	_, subs, err := s.ClaimDecisions(t.Context(), two.ID, now)
	must(t, err)
	equal(t, "told together", told(subs), []string{"港区扩建 1", "港区扩建 2"})
	wait, none, err := s.ClaimDecisions(t.Context(), one.ID, now.Add(10*time.Minute))
	must(t, err)
	if wait != 50*time.Minute || len(none) != 0 {
		t.Errorf("ten minutes later: %s, %v", wait, told(none))
	}
	// The relay does not take it: the turn comes back.
	must(t, s.NoteDecisions(t.Context(), subs, time.Time{}, ""))
	_, subs, err = s.ClaimDecisions(t.Context(), one.ID, now.Add(11*time.Minute))
	must(t, err)
	equal(t, "again", told(subs), []string{"港区扩建 1", "港区扩建 2"})
	must(t, s.NoteDecisions(t.Context(), subs, now.Add(11*time.Minute), "550 <no>"))
	got, err := s.Submission(t.Context(), one.ID)
	must(t, err)
	if !got.Tell || !got.ToldAt.Equal(now.Add(11*time.Minute)) || got.TellFault != "550 <no>" {
		t.Errorf("noted %+v", got)
	}
	for _, after := range []time.Duration{12 * time.Minute, 2 * time.Hour} {
		wait, subs, err := s.ClaimDecisions(t.Context(), two.ID, now.Add(after))
		if must(t, err); wait != 0 || len(subs) != 0 {
			t.Errorf("told twice: %s, %v", wait, told(subs))
		}
	}
	for i := range 25 { // no mail is longer than it may be
		one = declined(t, s, 10+i, "bob@example.com", true)
	}
	_, subs, err = s.ClaimDecisions(t.Context(), one.ID, now)
	must(t, err)
	if len(subs) != 20 || subs[0].Contribution.Title != other.Contribution.Title {
		t.Errorf("%d at once: %v", len(subs), told(subs))
	}
	must(t, s.NoteDecisions(t.Context(), nil, now, ""))
}

func decisionsAtOnce(t *testing.T, s *store.Store) {
	var ids []int64
	for i := range 6 {
		ids = append(ids, declined(t, s, i, fmt.Sprintf("%s@example.com", map[bool]string{true: "ann", false: "ANN"}[i%2 == 0]), true).ID)
	}
	var turns atomic.Int32
	var group sync.WaitGroup
	for _, id := range ids {
		group.Go(func() {
			wait, subs, err := s.ClaimDecisions(t.Context(), id, noon.Add(time.Hour))
			if err != nil || (len(subs) == 0) == (wait == 0) {
				t.Errorf("%s, %d, %v", wait, len(subs), err)
			}
			if len(subs) > 0 {
				turns.Add(1)
			}
		})
	}
	group.Wait()
	if turns.Load() != 1 {
		t.Errorf("%d turns", turns.Load())
	}
}

// Nobody has a domain flooded by sending news in the names of its mailboxes.
func domainReceipts(t *testing.T, s *store.Store) {
	q := &queued{}
	s.UseQueue(q)
	send := func(n int, address string, after time.Duration) int {
		sub := contribution(n)
		sub.Address, sub.At = address, noon.Add(after)
		before := len(q.jobs)
		submit(t, s, sub, true)
		return len(q.jobs) - before
	}
	sent := 0
	for i := range 103 {
		sent += send(i, fmt.Sprintf("victim%d@Mail.example", i), time.Minute)
	}
	if sent != 100 {
		t.Errorf("%d receipts into one domain", sent)
	}
	for i, address := range []string{"a@mail_example", "a@sub.mail.example", "a@other.example"} {
		if send(200+i, address, 2*time.Minute) != 1 {
			t.Errorf("%s got no receipt", address)
		}
	}
	if send(300, "victim300@mail.example", 62*time.Minute) != 1 {
		t.Error("none an hour later")
	}
}
