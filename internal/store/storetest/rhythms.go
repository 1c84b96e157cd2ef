package storetest

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var rhythmTests = map[string]func(*testing.T, *store.Store){
	"a rhythm comes back as it was stored":      rhythmRoundTrip,
	"audiences by rhythm and last edition":      rhythmAudiences,
	"the last edition of each is kept":          lastEditionKept,
	"who changes the rhythm has the news since": rhythmChanged,
	"mail waits for its hour":                   mailWaits,
	"what everybody was told, and who chose it": toldApart,
	"an edition that cannot be made is held":    editionHeld,
	"a delivery to an address":                  deliveryTo,
	"the last edition that was sent":            lastSent,
	"what was told after an edition is fresh":   freshAfter,
	"subscribers of a digest by status":         byStatus,
}

func weekly(s *mailer.Subscriber) {
	s.Rhythm = mailer.Rhythm{Frequency: mailer.Weekly, Hour: mailer.HourOf(0), Timezone: "Asia/Shanghai"}
}

func rhythmRoundTrip(t *testing.T, s *store.Store) {
	want := subscriber("ann", weekly, func(s *mailer.Subscriber) { s.PausedUntil = "2026-12-24" })
	saveSubscribers(t, s, want)
	got, err := s.Subscriber(t.Context(), want.Email)
	must(t, err)
	want.ID = got.ID
	equal(t, "stored", got, want)
	want.Rhythm, want.PausedUntil = mailer.Rhythm{Hour: mailer.HourOf(23)}, ""
	saveSubscribers(t, s, want)
	got, err = s.Subscriber(t.Context(), want.Email)
	must(t, err)
	equal(t, "changed", got, want)
}

func rhythmAudiences(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b", weekly), subscriber("c", weekly), subscriber("d", weekly, wants("finance")),
		subscriber("e", func(s *mailer.Subscriber) { s.PausedUntil = "2026-12-24" }))
	e := edition("d", noon)
	audiences, err := s.Audiences(t.Context(), "d")
	must(t, err)
	for _, a := range audiences {
		share := mailer.Share{Audience: a, Variant: -1}
		if a.Kept() && len(a.Themes) == 0 {
			share.Keep = &mailer.Keep{This: true}
		}
		e.Shares = append(e.Shares, share)
	}
	must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
	saveSubscribers(t, s, subscriber("f", weekly))
	audiences, err = s.Audiences(t.Context(), "d")
	must(t, err)
	var got []string
	for _, a := range audiences {
		got = append(got, fmt.Sprintf("%d %s %v %s %t", a.Subscribers, a.Frequency.Word(), a.Themes, a.PausedUntil, a.Last == e.Mark()))
	}
	equal(t, "audiences", got, []string{
		"2 weekly []  true", "1 each []  false", "1 each [] 2026-12-24 false", "1 weekly []  false", "1 weekly [finance]  false",
	})
}

// marks returns the IDs of the last editions of "d" that are kept for
// subscribers, 0 for none.
func marks(t *testing.T, s *store.Store, names ...string) []int64 {
	t.Helper()
	var out []int64
	for _, name := range names {
		sub, err := s.Subscriber(t.Context(), name+"@example.com")
		must(t, err)
		all, err := s.Marks(t.Context(), sub.ID)
		must(t, err)
		out = append(out, all["d"].Edition)
	}
	return out
}

func lastEditionKept(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b", weekly), subscriber("c", weekly), subscriber("x", weekly, is(mailer.Paused)))
	publish := func(at time.Time, keep func(a mailer.Audience) *mailer.Keep) mailer.Edition {
		t.Helper()
		e := edition("d", at)
		share(t, s, &e)
		for i := range e.Shares {
			e.Shares[i].Keep = keep(e.Shares[i].Audience)
		}
		must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
		return e
	}
	first := publish(noon, func(a mailer.Audience) *mailer.Keep {
		if a.Kept() {
			return &mailer.Keep{This: true}
		}
		return nil
	})
	equal(t, "after the first", marks(t, s, "a", "b", "c", "x"), []int64{0, first.ID, first.ID, 0})
	publish(noon.Add(time.Hour), func(mailer.Audience) *mailer.Keep { return nil })
	equal(t, "after one that counts for nobody", marks(t, s, "a", "b", "c", "x"), []int64{0, first.ID, first.ID, 0})
	saveSubscribers(t, s, subscriber("e", weekly))
	third := publish(noon.Add(2*time.Hour), func(a mailer.Audience) *mailer.Keep {
		if a.Last.Edition == 0 && a.Kept() {
			return &mailer.Keep{Edition: first.ID}
		}
		return &mailer.Keep{}
	})
	equal(t, "after one that joins and lets go", marks(t, s, "a", "b", "e"), []int64{0, 0, first.ID})
	ds, err := s.Deliveries(t.Context(), third.ID)
	must(t, err)
	equal(t, "deliveries", len(ds), 4)
}

func rhythmChanged(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b", weekly), subscriber("c"))
	first := edition("d", noon)
	share(t, s, &first)
	for i := range first.Shares {
		if first.Shares[i].Kept() {
			first.Shares[i].Keep = &mailer.Keep{This: true}
		}
	}
	must(t, s.SaveEdition(t.Context(), &first, nil, time.Time{}))
	second, skipped := edition("d", noon.Add(time.Hour)), edition("d", noon.Add(2*time.Hour))
	skipped.Skipped = "nothing new"
	sendTo(t, s, &second)
	sendTo(t, s, &skipped)
	saveSubscribers(t, s, subscriber("a", weekly), subscriber("b"), subscriber("c", func(s *mailer.Subscriber) { s.Frequency = mailer.Important }), subscriber("e", weekly))
	equal(t, "who had every one; who had not; who still has; who is new", marks(t, s, "a", "b", "c", "e"), []int64{second.ID, first.ID, 0, 0})
	both := subscriber("b", weekly)
	both.Digests = []string{"d", "other"}
	saveSubscribers(t, s, both)
	equal(t, "with one digest more", marks(t, s, "b"), []int64{first.ID})
	both.Digests = []string{"other"}
	saveSubscribers(t, s, both)
	equal(t, "without the digest", marks(t, s, "b"), []int64{0})
}

func mailWaits(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b", weekly), subscriber("c", wants("finance")), subscriber("e", wants("x")))
	e := edition("d", noon)
	at := noon.Add(5 * time.Hour)
	e.Variants = []mailer.Variant{{Selection: mailer.Selection{Themes: []string{"x"}}, Empty: "nothing"}}
	share(t, s, &e)
	audiences, err := s.Audiences(t.Context(), "d")
	must(t, err)
	for _, a := range audiences {
		if len(a.Themes) == 1 && a.Themes[0] == "finance" {
			e.Shares = append(e.Shares, mailer.Share{Audience: a, Variant: -1, Wait: "paused"})
		}
	}
	for i := range e.Shares {
		if e.Shares[i].Kept() {
			e.Shares[i].SendAt = at
		}
	}
	must(t, s.SaveEdition(t.Context(), &e, nil, time.Time{}))
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	var got []string
	for _, d := range ds {
		got = append(got, fmt.Sprintf("%s %s %t", d.To[:1], d.State, d.NextAt.Equal(at)))
	}
	equal(t, "deliveries", got, []string{"a planned false", "b planned true", "e suppressed false"})
	equal(t, "leased at once", recipients(lease(t, s, e.ID, noon.Add(time.Minute), "me", 9)), "a")
	due, err := s.DueEditions(t.Context(), noon.Add(time.Minute))
	must(t, err)
	equal(t, "due before the hour", due, []int64(nil))
	equal(t, "leased at the hour, with the one whose lease is over", recipients(lease(t, s, e.ID, at, "me", 9)), "ab")
}

func toldApart(t *testing.T, s *store.Store) {
	item := func(keys ...string) []mailer.Section {
		var sec mailer.Section
		for _, k := range keys {
			sec.Items = append(sec.Items, mailer.Item{Key: k})
		}
		return []mailer.Section{sec}
	}
	finance, query := mailer.Selection{Themes: []string{"finance"}}, mailer.Selection{Query: "港口"}
	english := finance
	english.Language = "en"
	first := edition("d", noon)
	first.Sections = item("a", "b")
	first.Variants = []mailer.Variant{{Selection: finance, Sections: item("a", "c")}, {Selection: english, Sections: item("c", "d")}, {Selection: query, After: 7, Important: true, Sections: item("e")}}
	sendTo(t, s, &first)
	second := edition("d", noon.Add(time.Hour))
	second.Sections = item("b", "c")
	second.Variants = []mailer.Variant{{Selection: finance, Sections: item("d")}}
	sendTo(t, s, &second)
	other := edition("other", noon)
	other.Sections = item("z")
	sendTo(t, s, &other)
	got, err := s.Mailed(t.Context(), "d", []string{"a", "b", "c", "d", "e", "z", "none"})
	must(t, err)
	equal(t, "told", got, mailer.Told{
		All: map[string]int64{"a": first.ID, "b": first.ID, "c": second.ID},
		To:  map[string]map[string]int64{finance.Wish(): {"c": first.ID, "d": first.ID}, query.Wish(): {"e": first.ID}},
	})
	stored, err := s.Edition(t.Context(), first.ID)
	must(t, err)
	equal(t, "variants", stored.Variants, first.Variants)
	in, err := s.EditionsOf(t.Context(), "d")
	must(t, err)
	equal(t, "editions that tell what only variants tell", len(in), 2)
}

func editionHeld(t *testing.T, s *store.Store) {
	syncDigests(t, s, noon, digest("d"))
	must(t, s.Hold(t.Context(), "d", "template mail/digest.html:3: fault", noon, noon.Add(5*time.Minute)))
	must(t, s.Hold(t.Context(), "d", "template mail/digest.html:4: fault", noon.Add(time.Minute), noon.Add(6*time.Minute)))
	states, err := s.Digests(t.Context())
	must(t, err)
	equal(t, "state", states, []store.DigestState{{Name: "d", NextAt: noon, Held: "template mail/digest.html:4: fault", HeldAt: noon}})
	due := func(now time.Time) []store.Due {
		t.Helper()
		due, err := s.DueDigests(t.Context(), now)
		must(t, err)
		return due
	}
	equal(t, "before it is to be tried again", due(noon.Add(5*time.Minute)), []store.Due{})
	held := []store.Due{{Digest: "d", At: noon, Held: true}}
	equal(t, "when it is", due(noon.Add(6*time.Minute)), held)
	syncDigests(t, s, noon, digest("d"))
	equal(t, "after the configuration was read again", due(noon.Add(time.Minute)), held)
	e := edition("d", noon)
	next := noon.Add(24 * time.Hour)
	must(t, s.SaveEdition(t.Context(), &e, nil, next))
	states, err = s.Digests(t.Context())
	must(t, err)
	equal(t, "released", states, []store.DigestState{{Name: "d", NextAt: next, LastAt: noon}})
}

func deliveryTo(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"))
	e := edition("d", noon)
	sendTo(t, s, &e, deliveriesTo("Ops@example.com")...)
	sub, err := s.Subscriber(t.Context(), "a@example.com")
	must(t, err)
	for _, want := range []struct {
		id    int64
		email string
		to    string
	}{{sub.ID, "", "a@Example.com"}, {0, "OPS@EXAMPLE.COM", "Ops@example.com"}, {sub.ID, "ops@example.com", "a@Example.com"}} {
		d, err := s.DeliveryTo(t.Context(), e.ID, want.id, want.email)
		must(t, err)
		equal(t, "recipient", d.To, want.to)
	}
	wantError(t, "DeliveryTo", second(s.DeliveryTo(t.Context(), e.ID, 0, "nobody@example.com")), syndicate.ErrNotFound)
	wantError(t, "DeliveryTo", second(s.DeliveryTo(t.Context(), e.ID+1, sub.ID, "")), syndicate.ErrNotFound)
}

func lastSent(t *testing.T, s *store.Store) {
	wantError(t, "LastSent", second(s.LastSent(t.Context(), "d")), syndicate.ErrNotFound)
	first, skipped, before := edition("d", noon), edition("d", noon.Add(time.Hour)), edition("d", noon.Add(-time.Hour))
	skipped.Skipped = "nothing new"
	sendTo(t, s, &first)
	sendTo(t, s, &skipped)
	got, err := s.LastSent(t.Context(), "d")
	must(t, err)
	equal(t, "the skipped one left out", got.ID, first.ID)
	sendTo(t, s, &before) // due before and made after
	got, err = s.LastSent(t.Context(), "d")
	must(t, err)
	equal(t, "the one made last", got.Mark(), before.Mark())
}

func freshAfter(t *testing.T, s *store.Store) {
	a, b, c := article("a", 1), article("a", 2), article("a", 3)
	record(t, s, a, b, c)
	first, second := edition("d", noon), edition("d", noon.Add(time.Hour))
	first.Sections = []mailer.Section{{Items: []mailer.Item{{Key: a.Key}}}}
	first.Variants = []mailer.Variant{{Selection: mailer.Selection{Query: "x"}, Sections: []mailer.Section{{Items: []mailer.Item{{Key: c.Key}}}}}}
	second.Sections = []mailer.Section{{Items: []mailer.Item{{Key: b.Key}}}}
	sendTo(t, s, &first)
	sendTo(t, s, &second)
	for _, tt := range []struct {
		upTo int64
		want []string
	}{{0, []string{c.Title, b.Title, a.Title}}, {first.ID, []string{c.Title, b.Title}}, {second.ID, []string{c.Title}}} {
		got, err := s.Fresh(t.Context(), "d", syndicate.Query{}, tt.upTo, noon, noon.Add(time.Hour))
		must(t, err)
		var titles []string
		for _, x := range got {
			titles = append(titles, x.Title)
		}
		equal(t, fmt.Sprintf("up to edition %d", tt.upTo), titles, tt.want)
	}
}

func byStatus(t *testing.T, s *store.Store) {
	elsewhere := subscriber("z")
	elsewhere.Digests = []string{"other"}
	saveSubscribers(t, s, subscriber("a"), subscriber("b"), subscriber("c", is(mailer.Paused)), subscriber("e", is(mailer.Unconfirmed)), elsewhere)
	got, err := s.Statuses(t.Context(), "d")
	must(t, err)
	equal(t, "statuses", got, map[mailer.Status]int{mailer.Active: 2, mailer.Paused: 1, mailer.Unconfirmed: 1})
}
