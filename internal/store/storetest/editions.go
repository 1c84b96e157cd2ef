package storetest

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var editionTests = map[string]func(*testing.T, *store.Store){
	"an edition comes back as it was stored": editionRoundTrip,
	"an edition exists once":                 editionOnce,
	"skipped editions have no number":        skippedEdition,
	"the latest editions":                    latestEditions,
	"what earlier editions told":             mailedEditions,
	"an edition's forms hold its number":     numberedForms,
	"many deliveries":                        manyDeliveries,
	"unknown editions":                       unknownEdition,
}

func edition(digest string, at time.Time) mailer.Edition {
	return mailer.Edition{Digest: digest, At: at, Since: at.Add(-24 * time.Hour), Until: at, Title: "Title", Subject: "Subject", Language: "en", Created: at.Add(time.Second)}
}

func deliveriesTo(addresses ...string) []mailer.Delivery {
	var ds []mailer.Delivery
	for _, to := range addresses {
		ds = append(ds, mailer.Delivery{To: to, MessageID: "id-" + to, NextAt: noon})
	}
	return ds
}

func editionRoundTrip(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("d"))
	e := edition("d", noon)
	e.HTML, e.Text, e.Private = "<p>报纸</p>", "报纸", true
	e.Sections = []mailer.Section{{Theme: "x", Title: "X", URL: "https://x.example/", More: 2, Items: []mailer.Item{{
		Key: "k", ID: "tag:k", Title: "T", URL: "u", Link: "l", Source: "s", Gist: "g", Places: []string{"武汉"}, Figures: []string{"1亿元"},
		Published: noon, Inferred: true, Also: []string{"Y"}, Reason: "r", Language: "zh-Hans",
	}}}}
	next := noon.Add(24 * time.Hour)
	must(t, s.SaveEdition(t.Context(), &e, deliveriesTo("a@example.com", "b@example.com", "a@example.com"), next))
	if e.ID == 0 || e.Number != 1 {
		t.Errorf("ID %d, Number %d", e.ID, e.Number)
	}
	for what, read := range map[string]func() (mailer.Edition, error){
		"Edition":         func() (mailer.Edition, error) { return s.Edition(t.Context(), e.ID) },
		"NumberedEdition": func() (mailer.Edition, error) { return s.NumberedEdition(t.Context(), "d", 1) },
	} {
		got, err := read()
		must(t, err)
		equal(t, what, got, e)
	}
	bare := e
	bare.HTML, bare.Text, bare.Sections = "", "", nil
	last, err := s.LastEdition(t.Context(), "d")
	must(t, err)
	equal(t, "LastEdition", last, bare)

	states, err := s.Digests(t.Context())
	must(t, err)
	equal(t, "digest", states, []store.DigestState{{Name: "d", NextAt: next, LastAt: noon}})
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	for i, d := range ds {
		if d.ID == 0 {
			t.Error("a delivery has no id")
		}
		ds[i].ID = 0
	}
	want := deliveriesTo("a@example.com", "b@example.com")
	for i := range want {
		want[i].Edition, want[i].Digest, want[i].State, want[i].Recipient = e.ID, "d", mailer.Planned, mailer.FixedID(want[i].To)
	}
	equal(t, "deliveries", ds, want)
}

func editionOnce(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("d"))
	first, again := edition("d", noon), edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &first, deliveriesTo("a@example.com"), time.Time{}))
	again.Subject = "again"
	err := s.SaveEdition(t.Context(), &again, deliveriesTo("b@example.com"), noon.Add(time.Hour))
	wantError(t, "the same again", err, mailer.ErrExists)
	if again.ID != 0 || again.Number != 0 {
		t.Errorf("the same again got ID %d, Number %d", again.ID, again.Number)
	}
	ds, err := s.Deliveries(t.Context(), first.ID)
	must(t, err)
	if len(ds) != 1 || ds[0].To != "a@example.com" {
		t.Errorf("deliveries: %+v", ds)
	}
	due, err := s.DueDigests(t.Context(), noon)
	must(t, err)
	equal(t, "the digest is not due any more", due, []store.Due{})
}

func skippedEdition(t *testing.T, s *store.Store) {
	for i, skipped := range []string{"", "nothing new", ""} {
		e := edition("d", noon.Add(time.Duration(i)*time.Hour))
		e.Skipped = skipped
		must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
		if want := []int{1, 0, 2}[i]; e.Number != want {
			t.Errorf("edition %d has number %d, want %d", i, e.Number, want)
		}
	}
	_, err := s.NumberedEdition(t.Context(), "d", 0)
	wantError(t, "number 0", err, syndicate.ErrNotFound)
	st, err := s.Stats(t.Context())
	must(t, err)
	if st.Editions != 2 {
		t.Errorf("%d editions, want 2", st.Editions)
	}
}

func mailedEditions(t *testing.T, s *store.Store) {
	for i, skipped := range []string{"", "nothing new", "", ""} {
		for _, name := range []string{"d", "e"} {
			e := edition(name, noon.Add(time.Duration(i)*time.Hour))
			e.Skipped, e.HTML, e.Text = skipped, "<p>", "text"
			if skipped == "" {
				e.Sections = []mailer.Section{{Theme: "x", Title: "X", URL: "u", Items: []mailer.Item{}, More: i + 1, Sums: map[string]float64{"元": 5e8, "USD": float64(i)}}}
			}
			must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
		}
	}
	for _, c := range []struct {
		digest string
		limit  int
		want   string
	}{{"d", 9, "d3:4 d2:3 d1:1 "}, {"e", 2, "e3:4 e2:3 "}, {"none", 2, ""}, {"d", 0, ""}} {
		es, err := s.LastEditions(t.Context(), c.digest, c.limit)
		must(t, err)
		got := ""
		for _, e := range es {
			got += fmt.Sprintf("%s%d:%d ", e.Digest, e.Number, e.Sections[0].More)
			if e.HTML != "" || e.Text != "" || e.Sections[0].Sums["元"] != 5e8 {
				t.Errorf("edition %+v", e)
			}
		}
		equal(t, fmt.Sprintf("%d of %s", c.limit, c.digest), got, c.want)
	}
}

func numberedForms(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("d"))
	for n := 1; n <= 2; n++ {
		e := edition("d", noon.Add(time.Duration(n)*time.Hour))
		e.HTML, e.Text = "<a href=/d/"+mailer.NumberMark+">", "/d/"+mailer.NumberMark
		e.Variants = []mailer.Variant{{Selection: mailer.Selection{Query: "x"}, Language: "en", HTML: e.HTML, Text: e.Text}}
		marked := e.Variants
		must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
		got, err := s.Edition(t.Context(), e.ID)
		must(t, err)
		for what, forms := range map[string][2]string{
			"edition": {got.HTML, got.Text}, "variant": {got.Variants[0].HTML, got.Variants[0].Text}, "what was given": {e.HTML, e.Text},
		} {
			equal(t, what, forms, [2]string{fmt.Sprintf("<a href=/d/%d>", n), fmt.Sprintf("/d/%d", n)})
		}
		if marked[0].Text != "/d/"+mailer.NumberMark {
			t.Error("the caller's own variants were written to")
		}
	}
}

func latestEditions(t *testing.T, s *store.Store) {
	for i := range 3 {
		for _, name := range []string{"d", "e"} {
			e := edition(name, noon.Add(time.Duration(i)*time.Hour))
			must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
		}
	}
	for _, c := range []struct {
		digest string
		limit  int
		want   string
	}{
		{"d", 2, "d3 d2 "}, {"", 3, "e3 d3 e2 "}, {"none", 3, ""}, {"d", 0, ""},
	} {
		es, err := s.Editions(t.Context(), c.digest, c.limit)
		must(t, err)
		got := ""
		for _, e := range es {
			got += fmt.Sprintf("%s%d ", e.Digest, e.Number)
		}
		equal(t, "editions of "+c.digest, got, c.want)
	}
}

func manyDeliveries(t *testing.T, s *store.Store) {
	const n = 2501
	var ds []mailer.Delivery
	for i := range n {
		ds = append(ds, deliveriesTo(fmt.Sprintf("r%d@example.com", i))...)
	}
	e := edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &e, ds, time.Time{}))
	leased, err := s.Lease(t.Context(), e.ID, noon, noon.Add(time.Minute), "me", n+1)
	must(t, err)
	if len(leased) != n {
		t.Errorf("%d leased, want %d", len(leased), n)
	}
	st, err := s.Stats(t.Context())
	must(t, err)
	equal(t, "states", st.Deliveries, map[mailer.State]int{mailer.Leased: n})
}

func unknownEdition(t *testing.T, s *store.Store) {
	_, err := s.Edition(t.Context(), 7)
	wantError(t, "Edition", err, syndicate.ErrNotFound)
	_, err = s.LastEdition(t.Context(), "d")
	wantError(t, "LastEdition", err, syndicate.ErrNotFound)
	_, err = s.NumberedEdition(t.Context(), "d", 1)
	wantError(t, "NumberedEdition", err, syndicate.ErrNotFound)
}
