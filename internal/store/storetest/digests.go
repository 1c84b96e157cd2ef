package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var digestTests = map[string]func(*testing.T, *store.Store){
	"next times are kept":                  nextTimes,
	"a digest that is never due":           neverDue,
	"a digest is hurried":                  hurriedDigest,
	"fresh articles of a window":           freshWindow,
	"fresh articles are in no edition yet": freshOnce,
	"fresh articles of a query, lean":      freshQuery,
}

func hurriedDigest(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon.Add(time.Hour), digest("a"), digest("b"))
	must(t, s.HurryDigest(t.Context(), "a", noon))
	due, err := s.DueDigests(t.Context(), noon)
	must(t, err)
	equal(t, "due", due, []store.Due{{Digest: "a", At: noon}})
	syncDigests(t, s, noon.Add(time.Hour), digest("b"))
	for _, name := range []string{"a", "none"} {
		wantError(t, name, s.HurryDigest(t.Context(), name, noon), syndicate.ErrNotFound)
	}
}

func digest(name string) mailer.Digest {
	return mailer.Digest{Name: name, Title: name, Schedule: "0 8 * * *", Location: time.UTC}
}

func syncDigests(t *testing.T, s *store.Store, next time.Time, digests ...mailer.Digest) {
	t.Helper()
	must(t, s.SyncDigests(t.Context(), digests, func(mailer.Digest) time.Time { return next }))
}

func nextTimes(t *testing.T, s *store.Store) {
	zone := time.FixedZone("Somewhere", 3600)
	a, b := digest("a"), digest("b")
	syncDigests(t, s, noon, a, b)
	later := noon.Add(time.Hour)
	b.Schedule = "0 9 * * *"
	c := digest("c")
	c.Location = nil
	syncDigests(t, s, later, b, a, c)
	states := func() []store.DigestState {
		t.Helper()
		states, err := s.Digests(t.Context())
		must(t, err)
		return states
	}
	equal(t, "after a change of schedule", states(), []store.DigestState{{Name: "b", NextAt: later}, {Name: "a", NextAt: noon}, {Name: "c", NextAt: later}})

	due, err := s.DueDigests(t.Context(), noon)
	must(t, err)
	equal(t, "due", due, []store.Due{{Digest: "a", At: noon}})
	due, err = s.DueDigests(t.Context(), later)
	must(t, err)
	equal(t, "due later", due, []store.Due{{Digest: "a", At: noon}, {Digest: "b", At: later}, {Digest: "c", At: later}})

	a.Location = zone
	last := later.Add(time.Hour)
	syncDigests(t, s, last, a, c)
	equal(t, "after another zone", states(), []store.DigestState{{Name: "a", NextAt: last}, {Name: "c", NextAt: later}})
	syncDigests(t, s, last.Add(time.Hour), a, b, c)
	equal(t, "after b came back", states(), []store.DigestState{{Name: "a", NextAt: last}, {Name: "b", NextAt: last.Add(time.Hour)}, {Name: "c", NextAt: later}})
}

func neverDue(t *testing.T, s *store.Store) {
	syncDigests(t, s, time.Time{}, digest("a"))
	due, err := s.DueDigests(t.Context(), noon.AddDate(100, 0, 0))
	must(t, err)
	equal(t, "due", due, []store.Due{})
	states, err := s.Digests(t.Context())
	must(t, err)
	equal(t, "state", states, []store.DigestState{{Name: "a"}})
}

func fresh(t *testing.T, s *store.Store, digest string, since, until time.Time) []string {
	t.Helper()
	as, err := s.Fresh(t.Context(), digest, syndicate.Query{}, 1<<40, since, until)
	must(t, err)
	var out []string
	for _, a := range as {
		out = append(out, a.Title)
	}
	return out
}

func freshWindow(t *testing.T, s *store.Store) {
	at := func(title string, seen time.Time) syndicate.Article {
		a := article("a", 0)
		a.Title, a.Key, a.FirstSeen = title, title, seen
		return a
	}
	until := noon.Add(24 * time.Hour)
	record(t, s,
		at("long before", noon.Add(-time.Hour)),
		at("just before", noon.Add(-time.Hour+time.Millisecond)),
		at("at the end", until),
		at("after the end", until.Add(time.Millisecond)))
	equal(t, "with a beginning", fresh(t, s, "d", noon, until), []string{"at the end", "just before"})
	equal(t, "without", fresh(t, s, "d", time.Time{}, until), []string{"at the end", "just before", "long before"})
}

func freshOnce(t *testing.T, s *store.Store) {
	a, b, c := article("a", 1), article("a", 2), article("a", 3)
	record(t, s, a, b, c)
	e := edition("d", noon)
	e.Sections = []mailer.Section{{Theme: "x", Items: []mailer.Item{{Key: a.Key}, {Key: b.Key}}}, {Theme: "y", Items: []mailer.Item{{Key: a.Key}}}}
	must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
	end := noon.Add(time.Hour)
	equal(t, "of the digest", fresh(t, s, "d", noon, end), []string{c.Title})
	equal(t, "of another", fresh(t, s, "other", noon, end), []string{c.Title, b.Title, a.Title})
	editions, err := s.EditionsOf(t.Context(), a.Key)
	must(t, err)
	if len(editions) != 1 || editions[0].ID != e.ID || editions[0].Number != 1 {
		t.Errorf("editions of an article: %+v", editions)
	}
}

func freshQuery(t *testing.T, s *store.Store) {
	a := fullArticle()
	record(t, s, a, article("a", 2))
	q, err := syndicate.ParseQuery("theme:infrastructure after:1h", nil)
	must(t, err)
	got, err := s.Fresh(t.Context(), "d", q, 1<<40, time.Time{}, noon.Add(time.Hour))
	must(t, err)
	a.Content, a.Sections = "", nil
	equal(t, "fresh", got, []syndicate.Article{a})
	got, err = s.Fresh(t.Context(), "d", q, 1<<40, time.Time{}, noon.Add(2*time.Hour))
	must(t, err)
	equal(t, "ages count from the end", got, []syndicate.Article{})
}
