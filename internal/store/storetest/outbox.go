package storetest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var outboxTests = map[string]func(*testing.T, *store.Store){
	"the life of a delivery":  deliveryLife,
	"waiting for their time":  deliveriesWait,
	"a lease that is over":    leaseOver,
	"a lease that is renewed": leaseRenewed,
	"what is final stays":     finalStays,
	"after a restart":         recoverDead,
}

var jobTests = map[string]func(*testing.T, *store.Store){
	"what is due is enqueued":            enqueueDue,
	"an edition and its job, or neither": enqueueFails,
	"without a queue":                    noQueue,
}

// outbox saves an edition to addresses a to z, as many as wanted.
func outbox(t *testing.T, s *store.Store, n int) int64 {
	t.Helper()
	var to []string
	for i := range n {
		to = append(to, string(rune('a'+i))+"@example.com")
	}
	e := edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &e, deliveriesTo(to...), time.Time{}))
	return e.ID
}

func lease(t *testing.T, s *store.Store, edition int64, at time.Time, owner string, limit int) []mailer.Delivery {
	t.Helper()
	ds, err := s.Lease(t.Context(), edition, at, at.Add(time.Minute), owner, limit)
	must(t, err)
	return ds
}

// settle stores outcomes of what "me" has leased.
func settle(t *testing.T, s *store.Store, ds ...mailer.Delivery) {
	t.Helper()
	must(t, s.Settle(t.Context(), "me", ds))
}

func recipients(ds []mailer.Delivery) string {
	var out []string
	for _, d := range ds {
		name, _, _ := strings.Cut(d.To, "@")
		out = append(out, name)
	}
	return strings.Join(out, "")
}

func states(t *testing.T, s *store.Store, edition int64) string {
	t.Helper()
	ds, err := s.Deliveries(t.Context(), edition)
	must(t, err)
	var out []string
	for _, d := range ds {
		out = append(out, string(d.State))
	}
	return strings.Join(out, " ")
}

func deliveryLife(t *testing.T, s *store.Store) {
	id := outbox(t, s, 3)
	ds := lease(t, s, id, noon, "me", 2)
	equal(t, "leased", recipients(ds), "ab")
	if d := ds[0]; d.State != mailer.Planned || d.Digest != "d" || d.MessageID != "id-a@example.com" {
		t.Errorf("leased: %+v", d)
	}
	equal(t, "leased by another", recipients(lease(t, s, id, noon, "you", 5)), "c")
	equal(t, "nothing left", recipients(lease(t, s, id, noon, "you", 5)), "")
	equal(t, "states", states(t, s, id), "leased leased leased")

	d := ds[0]
	d.State, d.Attempts, d.Reply, d.Settled, d.NextAt = mailer.Accepted, 1, "250 OK", noon.Add(time.Second), time.Time{}
	settle(t, s, d)
	all, err := s.Deliveries(t.Context(), id)
	must(t, err)
	equal(t, "accepted", all[0], d)

	e := ds[1]
	e.State, e.Attempts, e.Error, e.NextAt = mailer.Deferred, 1, "451 later", noon.Add(time.Hour)
	settle(t, s, e)
	equal(t, "too early", recipients(lease(t, s, id, noon.Add(59*time.Minute), "you", 5)), "c") // its lease is over
	ds = lease(t, s, id, noon.Add(time.Hour), "me", 5)
	equal(t, "in time, c's second lease is over too", recipients(ds), "cb")
	equal(t, "the deferred one", ds[1], e)
}

func deliveriesWait(t *testing.T, s *store.Store) {
	ds := deliveriesTo("a@example.com", "b@example.com", "c@example.com")
	ds[0].NextAt, ds[1].NextAt, ds[2].NextAt = noon.Add(2*time.Hour), noon.Add(time.Hour), time.Time{}
	e := edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &e, ds, time.Time{}))
	other := edition("other", noon)
	must(t, s.SaveEdition(t.Context(), &other, deliveriesTo("x@example.com"), time.Time{}))
	for _, c := range []struct {
		at   time.Time
		want []int64
	}{{noon.Add(-time.Hour), []int64{e.ID}}, {noon, []int64{e.ID, other.ID}}} {
		due, err := s.DueEditions(t.Context(), c.at)
		must(t, err)
		equal(t, "editions due", due, c.want)
	}
	equal(t, "at once", recipients(lease(t, s, e.ID, noon, "me", 9)), "c")
	equal(t, "nothing more", recipients(lease(t, s, e.ID, noon, "me", 9)), "")
	equal(t, "the longest waiting first", recipients(lease(t, s, e.ID, noon.Add(2*time.Hour), "you", 9)), "cba")
}

func leaseOver(t *testing.T, s *store.Store) {
	id := outbox(t, s, 2)
	gone := lease(t, s, id, noon, "dead", 2)
	due, err := s.DueEditions(t.Context(), noon.Add(time.Minute-time.Millisecond))
	must(t, err)
	equal(t, "due before the end of the lease", due, []int64{})
	due, err = s.DueEditions(t.Context(), noon.Add(time.Minute))
	must(t, err)
	equal(t, "due at the end of the lease", due, []int64{id})
	ds := lease(t, s, id, noon.Add(time.Minute), "me", 2)
	equal(t, "leased anew", recipients(ds), "ab")
	if ds[0].State != mailer.Leased || ds[0].Attempts != 0 {
		t.Errorf("leased by two: %+v", ds[0])
	}

	// The first one was only slow. Its refusals count no more, but what was
	// accepted was.
	gone[0].State, gone[0].Error, gone[0].NextAt = mailer.Deferred, "451", noon
	gone[1].State, gone[1].Reply, gone[1].Settled = mailer.Accepted, "250", noon
	must(t, s.Settle(t.Context(), "dead", gone))
	equal(t, "states", states(t, s, id), "leased accepted")
	settle(t, s, ds[0:0]...)
	ds[0].State, ds[1].State = mailer.Failed, mailer.Failed
	settle(t, s, ds...)
	equal(t, "states", states(t, s, id), "failed accepted")
}

func leaseRenewed(t *testing.T, s *store.Store) {
	id := outbox(t, s, 3)
	ds := lease(t, s, id, noon, "me", 3)
	ds[0].State, ds[0].Settled = mailer.Accepted, noon
	settle(t, s, ds[0])
	kept, err := s.Renew(t.Context(), "me", noon.Add(2*time.Minute), []int64{ds[0].ID, ds[1].ID})
	must(t, err)
	equal(t, "kept", kept, []int64{ds[1].ID})
	kept, err = s.Renew(t.Context(), "you", noon.Add(time.Hour), []int64{ds[1].ID})
	must(t, err)
	equal(t, "another's", kept, []int64{})
	equal(t, "over after a minute", recipients(lease(t, s, id, noon.Add(time.Minute), "you", 3)), "c")
	equal(t, "over after two", recipients(lease(t, s, id, noon.Add(2*time.Minute), "you", 3)), "bc")
}

func finalStays(t *testing.T, s *store.Store) {
	id := outbox(t, s, 3)
	ds := lease(t, s, id, noon, "me", 3)
	for i, state := range []mailer.State{mailer.Accepted, mailer.Failed, mailer.Suppressed} {
		ds[i].State, ds[i].Settled = state, noon
		settle(t, s, ds[i], ds[i])
		settle(t, s, ds[i]) // whoever lost the answer says it again
		d := ds[i]
		d.State = mailer.Deferred
		settle(t, s, d)
	}
	equal(t, "states", states(t, s, id), "accepted failed suppressed")
	if err := s.Settle(t.Context(), "me", []mailer.Delivery{{ID: ds[0].ID, State: mailer.Leased}}); err == nil {
		t.Error("settled as leased")
	}
	stranger := ds[1]
	stranger.MessageID, stranger.State = "of another database", mailer.Accepted
	settle(t, s, stranger, mailer.Delivery{ID: 999, State: mailer.Failed})
	equal(t, "states", states(t, s, id), "accepted failed suppressed")
	equal(t, "to lease", recipients(lease(t, s, id, noon.AddDate(1, 0, 0), "me", 3)), "")
}

func recoverDead(t *testing.T, s *store.Store) {
	id := outbox(t, s, 4)
	ds := lease(t, s, id, noon, "me", 2)
	retry := ds[1]
	retry.State, retry.Attempts, retry.NextAt, retry.Error = mailer.Deferred, 2, noon, "451"
	settle(t, s, retry)
	equal(t, "again", recipients(lease(t, s, id, noon, "me", 1)), "b")
	equal(t, "by one that lives", recipients(lease(t, s, id, noon, "you", 1)), "c")
	equal(t, "by one that is dead as well", recipients(lease(t, s, id, noon, "late", 1)), "d")
	n, err := s.Recover(t.Context(), nil)
	must(t, err)
	equal(t, "recovered while nobody is dead", n, 0)
	n, err = s.Recover(t.Context(), []string{"me", "late", "whoever"})
	must(t, err)
	equal(t, "recovered", n, 3)
	equal(t, "states", states(t, s, id), "planned deferred leased planned")
	all, err := s.Deliveries(t.Context(), id)
	must(t, err)
	if all[1].Attempts != 2 || all[1].Error != "451" {
		t.Errorf("recovered: %+v", all[1])
	}
	n, err = s.Recover(t.Context(), []string{"me", "late"})
	must(t, err)
	equal(t, "recovered twice", n, 0)
	equal(t, "to lease", recipients(lease(t, s, id, noon, "me", 9)), "abd")
}

// A queue writes what it is given into a table, to be seen and rolled back
// like the real one's.
type queue struct{ err error }

// Enqueue implements store.Enqueuer.
func (q queue) Enqueue(ctx context.Context, tx *sql.Tx, args ...jobs.Args) error {
	for _, a := range args {
		kind := a.Kind()
		switch a := a.(type) {
		case store.PollJob:
			kind += " " + a.Source
		case store.PagesJob:
			kind += " " + a.Source
		case store.HubJob:
			kind += " " + a.Token
		case store.FollowerJob:
			kind += " " + a.Host
		case store.ComposeJob:
			kind += " " + a.Digest + " " + a.At.Format(time.RFC3339)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO enqueued (job) VALUES ($1)", kind); err != nil {
			return err
		}
	}
	return q.err
}

func enqueued(t *testing.T, s *store.Store) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "SELECT job FROM enqueued")
	must(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var job string
		must(t, rows.Scan(&job))
		out = append(out, job)
	}
	must(t, rows.Err())
	slices.Sort(out)
	return out
}

func useQueue(t *testing.T, s *store.Store, q queue) {
	t.Helper()
	_, err := s.DB().ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS enqueued (job TEXT)")
	must(t, err)
	s.UseQueue(q)
}

func enqueueDue(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	must(t, s.EnqueueDue(t.Context(), noon))
	equal(t, "nothing is due", enqueued(t, s), []string{})
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a"), source("b")}, noon))
	syncDigests(t, s, noon, digest("d"))
	outbox(t, s, 1)
	want := []string{"deliver"} // by SaveEdition itself
	equal(t, "after an edition", enqueued(t, s), want)
	must(t, s.EnqueueDue(t.Context(), noon.Add(-time.Hour)))
	equal(t, "too early", enqueued(t, s), want)
	must(t, s.EnqueueDue(t.Context(), noon))
	equal(t, "in time", enqueued(t, s), []string{"compose d 2026-11-23T04:00:00Z", "deliver", "deliver", "poll a", "poll b"})
}

func enqueueFails(t *testing.T, s *store.Store) {
	broken := errors.New("the queue is broken")
	syncDigests(t, s, noon, digest("d"))
	useQueue(t, s, queue{err: broken})
	e := edition("d", noon)
	err := s.SaveEdition(t.Context(), &e, deliveriesTo("a@example.com"), noon.Add(time.Hour))
	wantError(t, "SaveEdition", err, broken)
	equal(t, "jobs", enqueued(t, s), []string{})
	if e.ID != 0 {
		t.Errorf("the edition got ID %d", e.ID)
	}
	_, err = s.LastEdition(t.Context(), "d")
	wantError(t, "the edition", err, syndicate.ErrNotFound)
	due, err := s.DueDigests(t.Context(), noon)
	must(t, err)
	equal(t, "the digest is still due", due, []store.Due{{Digest: "d", At: noon}})

	useQueue(t, s, queue{})
	must(t, s.SaveEdition(t.Context(), &e, deliveriesTo("a@example.com"), noon.Add(time.Hour)))
	equal(t, "jobs at the second try", enqueued(t, s), []string{"deliver"})
}

func noQueue(t *testing.T, s *store.Store) {
	if err := s.EnqueueDue(t.Context(), noon); err == nil {
		t.Error("EnqueueDue without a queue succeeded")
	}
}
