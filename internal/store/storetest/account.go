package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
)

var accountTests = map[string]func(*testing.T, *store.Store){
	"an edition that is halted":         halted,
	"what may have arrived can be held": held,
	"cancel and send after all":         cancelAndResend,
	"only what is missing is sent":      resendMissing,
	"the next edition is there":         standing,
	"how far an edition is":             progress,
	"mail to many is held back":         heldBack,
}

func halted(t *testing.T, s *store.Store) {
	id := outbox(t, s, 2)
	why, err := s.Halted(t.Context(), id)
	must(t, err)
	equal(t, "halted", why, "")
	for _, reason := range []string{"too many refusals", "another reason"} {
		must(t, s.Halt(t.Context(), id, reason))
	}
	why, err = s.Halted(t.Context(), id)
	must(t, err)
	equal(t, "halted", why, "too many refusals")
	st, err := s.Standing(t.Context(), id)
	must(t, err)
	equal(t, "standing", st, mailer.Standing{Halted: "too many refusals", Open: 2})
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 2)), "")
	due, err := s.DueEditions(t.Context(), noon)
	must(t, err)
	equal(t, "due", due, []int64{})
	n, err := s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "nothing is missing", n, 0)
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 2)), "ab")
}

func heldBack(t *testing.T, s *store.Store) {
	id := outbox(t, s, 2)
	reasons := func() []string {
		out := []string{}
		hs, err := s.HeldBack(t.Context())
		must(t, err)
		for _, h := range hs {
			if h.Edition != id || h.Digest == "" || h.Number != 1 || h.At.IsZero() {
				t.Errorf("held back: %+v", h)
			}
			out = append(out, h.Reason)
		}
		return out
	}
	must(t, s.HoldBack(t.Context(), id, ""))
	equal(t, "none", reasons(), []string{})
	must(t, s.HoldBack(t.Context(), id, "no SPF"))
	must(t, s.HoldBack(t.Context(), id, "no DMARC"))
	equal(t, "held back", reasons(), []string{"no DMARC"})
	must(t, s.HoldBack(t.Context(), id, ""))
	equal(t, "mended", reasons(), []string{})
	must(t, s.HoldBack(t.Context(), id, "no DKIM"))
	must(t, s.Halt(t.Context(), id, "cancelled"))
	equal(t, "cancelled", reasons(), []string{})
	_, err := s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "not any more", reasons(), []string{"no DKIM"})
	allowed, err := s.BulkAllowed(t.Context(), id)
	must(t, err)
	equal(t, "allowed", allowed, false)
	must(t, s.AllowBulk(t.Context(), id))
	allowed, err = s.BulkAllowed(t.Context(), id)
	must(t, err)
	equal(t, "allowed", allowed, true)
	equal(t, "allowed", reasons(), []string{})
}

func held(t *testing.T, s *store.Store) {
	id := outbox(t, s, 2)
	ds := lease(t, s, id, noon, "me", 2)
	ds[0].State, ds[0].Attempts, ds[0].NextAt, ds[0].Error = mailer.Uncertain, 1, time.Time{}, "it may have arrived"
	ds[1].State, ds[1].Attempts, ds[1].NextAt, ds[1].Error = mailer.Uncertain, 1, noon.Add(time.Minute), "it may have arrived"
	settle(t, s, ds...)
	equal(t, "only the one with a time", recipients(lease(t, s, id, noon.Add(time.Hour), "me", 2)), "b")
	n, err := s.Resend(t.Context(), id, noon.Add(2*time.Hour))
	must(t, err)
	equal(t, "held", n, 1)
	ds = lease(t, s, id, noon.Add(2*time.Hour), "you", 2)
	equal(t, "asked for", recipients(ds), "ba")
	if d := ds[1]; d.State != mailer.Uncertain || d.Attempts != 0 {
		t.Errorf("asked for: %+v", d)
	}
}

func cancelAndResend(t *testing.T, s *store.Store) {
	id := outbox(t, s, 6)
	ds := lease(t, s, id, noon, "me", 4)
	ds[0].State, ds[0].Settled = mailer.Accepted, noon
	ds[1].State, ds[1].NextAt, ds[1].Attempts, ds[1].Error = mailer.Deferred, noon.Add(time.Hour), 1, "451"
	ds[2].State, ds[2].NextAt, ds[2].Attempts, ds[2].Error = mailer.Uncertain, noon.Add(time.Hour), 1, "lost"
	settle(t, s, ds[:3]...)
	withdraw := func(limit, wantGone, wantLeased int) {
		t.Helper()
		gone, leased, err := s.Withdraw(t.Context(), id, noon, limit)
		must(t, err)
		equal(t, "withdrawn and leased", [2]int{gone, leased}, [2]int{wantGone, wantLeased})
	}
	withdraw(10, 0, 1) // it is not halted
	must(t, s.Halt(t.Context(), id, "cancelled"))
	withdraw(3, 3, 1)
	withdraw(10, 1, 1)
	withdraw(10, 0, 1)
	ds[3].State = mailer.Planned // given back
	settle(t, s, ds[3])
	withdraw(10, 1, 0)
	equal(t, "states", states(t, s, id), "accepted suppressed uncertain suppressed suppressed suppressed")
	n, err := s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "after all", n, 5)
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 9)), "bcdef")
}

func resendMissing(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	id := outbox(t, s, 4)
	equal(t, "jobs", enqueued(t, s), []string{"deliver"})
	ds := lease(t, s, id, noon, "me", 4)
	ds[0].State, ds[1].State, ds[2].State, ds[3].State = mailer.Accepted, mailer.Failed, mailer.Suppressed, mailer.Deferred
	ds[0].Settled, ds[1].Settled, ds[2].Settled = noon, noon, noon
	ds[1].Error, ds[1].Attempts = "550 no such user", 1
	ds[2].Error = "not sent: the subscriber is unsubscribed now"
	ds[3].NextAt = noon.Add(time.Hour)
	settle(t, s, ds...)
	n, err := s.Resend(t.Context(), id, noon)
	must(t, err)
	equal(t, "missing", n, 1)
	equal(t, "states", states(t, s, id), "accepted planned suppressed deferred")
	equal(t, "jobs", enqueued(t, s), []string{"deliver", "deliver"})
	again := lease(t, s, id, noon, "me", 4)
	if len(again) != 1 || again[0].Attempts != 0 || again[0].Error != "" || !again[0].Settled.IsZero() || again[0].MessageID != ds[1].MessageID {
		t.Errorf("sent again: %+v", again)
	}
	n, err = s.Resend(t.Context(), 999, noon)
	must(t, err)
	equal(t, "of no edition", n, 0)
	equal(t, "jobs", enqueued(t, s), []string{"deliver", "deliver"})
}

func standing(t *testing.T, s *store.Store) {
	id := outbox(t, s, 3)
	skipped, other, next := edition("d", noon.Add(time.Hour)), edition("e", noon.Add(time.Hour)), edition("d", noon.Add(2*time.Hour))
	skipped.Skipped = "nothing new"
	for i, c := range []struct {
		save *mailer.Edition
		want bool
	}{{nil, false}, {&skipped, false}, {&other, false}, {&next, true}} {
		if c.save != nil {
			must(t, s.SaveEdition(t.Context(), c.save, nil, time.Time{}))
		}
		st, err := s.Standing(t.Context(), id)
		must(t, err)
		if st.Superseded != c.want || st.Open != 3 || st.Halted != "" {
			t.Errorf("step %d: %+v, want superseded %t", i, st, c.want)
		}
	}
}

func progress(t *testing.T, s *store.Store) {
	id := outbox(t, s, 5)
	ps, err := s.Progress(t.Context(), noon)
	must(t, err)
	equal(t, "before", ps, []store.Progress{{Edition: id, Digest: "d", Number: 1, Waiting: 5, Due: 5, LastAt: noon}})
	ds := lease(t, s, id, noon, "me", 4)
	for i := range ds[:3] {
		ds[i].State, ds[i].Settled = mailer.Accepted, noon.Add(time.Duration(i)*time.Minute)
	}
	ds[3].State, ds[3].Settled = mailer.Failed, noon
	settle(t, s, ds[0], ds[1])
	settle(t, s, ds[0], ds[2], ds[3]) // the first is told twice and counts once
	ps, err = s.Progress(t.Context(), noon.Add(3*time.Minute))
	must(t, err)
	equal(t, "on the way", ps, []store.Progress{{Edition: id, Digest: "d", Number: 1, Accepted: 3, Waiting: 1, Due: 1, LastAt: noon, PerMinute: 1}})
	ps, err = s.Progress(t.Context(), noon.Add(time.Hour))
	must(t, err)
	equal(t, "lately nothing", ps, []store.Progress{{Edition: id, Digest: "d", Number: 1, Accepted: 3, Waiting: 1, Due: 1, LastAt: noon}})
	for _, c := range []struct {
		since time.Duration
		want  int
	}{{0, 3}, {time.Minute, 2}, {time.Hour, 0}} {
		n, err := s.Sent(t.Context(), noon.Add(c.since))
		must(t, err)
		equal(t, "sent since "+c.since.String(), n, c.want)
	}
	last := lease(t, s, id, noon.Add(time.Hour), "me", 1)
	last[0].State, last[0].Settled = mailer.Failed, noon
	settle(t, s, last...)
	ps, err = s.Progress(t.Context(), noon.Add(time.Hour))
	must(t, err)
	equal(t, "at the end", ps, []store.Progress{})
}
