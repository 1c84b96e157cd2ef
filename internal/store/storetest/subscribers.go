package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var subscriberTests = map[string]func(*testing.T, *store.Store){
	"a subscriber comes back as it was stored":         subscriberRoundTrip,
	"a mailbox is there once":                          subscriberOnce,
	"who unsubscribed stays so":                        subscriberStaysAway,
	"subscribers are read a page at a time":            subscriberPages,
	"subscribers are found by a part of the address":   subscriberFound,
	"what is erased is gone, from the account as well": subscriberErased,
	"a choice after an erasure changes nothing":        choiceAfterErasure,
	"equal selections are one audience":                audiences,
	"an edition reaches its audience":                  editionReaches,
	"who unsubscribes in time gets nothing":            unsubscribedInTime,
	"many subscribers":                                 manySubscribers,
}

func subscriber(name string, change ...func(*mailer.Subscriber)) mailer.Subscriber {
	s := mailer.Subscriber{Email: name + "@Example.com", Name: name, Digests: []string{"d"}, Status: mailer.Active, FeedKey: int64(len(name))}
	for _, c := range change {
		c(&s)
	}
	return s
}

func subscriberFound(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann"), subscriber("joanna"), subscriber("a_b"), subscriber("axb"), subscriber("100%"), subscriber(`back\slash`))
	for text, want := range map[string]string{
		"ANN": "ann joanna", "ann@e": "ann", "a_b": "a_b", "%": "100%", `\`: `back\slash`, "@example.com": `ann joanna a_b axb 100% back\slash`, "nobody": "",
	} {
		found, err := s.Subscribers(t.Context(), store.SubscriberFilter{Text: text})
		must(t, err)
		var names []string
		for _, sub := range found {
			names = append(names, sub.Name)
		}
		equal(t, "with "+text, strings.Join(names, " "), want)
	}
}

func wants(themes ...string) func(*mailer.Subscriber) {
	return func(s *mailer.Subscriber) { s.Themes = themes }
}

func is(status mailer.Status) func(*mailer.Subscriber) {
	return func(s *mailer.Subscriber) { s.Status = status }
}

func saveSubscribers(t *testing.T, s *store.Store, subs ...mailer.Subscriber) store.Saved {
	t.Helper()
	saved, err := s.SaveSubscribers(t.Context(), subs, false)
	must(t, err)
	return saved
}

// share gives an edition the shares of its digest's audiences, by their
// selections: those that it has no variant of get the edition itself when they
// are plain, and have no share otherwise.
func share(t *testing.T, s *store.Store, e *mailer.Edition) {
	t.Helper()
	audiences, err := s.Audiences(t.Context(), e.Digest)
	must(t, err)
	for _, a := range audiences {
		n := slices.IndexFunc(e.Variants, func(v mailer.Variant) bool { return cmp.Equal(v.Selection, a.Selection) })
		if n >= 0 || a.Plain() {
			e.Shares = append(e.Shares, mailer.Share{Audience: a, Variant: n})
		}
	}
}

// sendTo stores an edition for the audiences that its digest has.
func sendTo(t *testing.T, s *store.Store, e *mailer.Edition, ds ...mailer.Delivery) {
	t.Helper()
	share(t, s, e)
	must(t, s.SaveEdition(t.Context(), e, ds, time.Time{}))
	e.Shares = nil
}

func subscriberRoundTrip(t *testing.T, s *store.Store) {
	want := subscriber("ann", func(s *mailer.Subscriber) {
		s.Digests = []string{"d", "weekly"}
		s.Selection = mailer.Selection{Themes: []string{"finance"}, Query: `港口 "x"`, Language: "en", Format: mailer.Text}
	})
	equal(t, "saved", saveSubscribers(t, s, want), store.Saved{Added: 1})
	got, err := s.Subscriber(t.Context(), "ANN@example.COM")
	must(t, err)
	if got.ID == 0 {
		t.Error("it has no ID")
	}
	want.ID = got.ID
	equal(t, "by address", got, want)
	byID, err := s.SubscriberByID(t.Context(), got.ID)
	must(t, err)
	equal(t, "by ID", byID, want)
	must(t, s.SetFeedKey(t.Context(), "ann@example.com", 99))
	got, err = s.Subscriber(t.Context(), want.Email)
	must(t, err)
	if got.FeedKey != 99 {
		t.Errorf("feed key %d, want 99", got.FeedKey)
	}
	for what, err := range map[string]error{
		"Subscriber":      second(s.Subscriber(t.Context(), "nobody@example.com")),
		"SubscriberByID":  second(s.SubscriberByID(t.Context(), 1<<40)),
		"SetFeedKey":      s.SetFeedKey(t.Context(), "nobody@example.com", 1),
		"EraseSubscriber": s.EraseSubscriber(t.Context(), "nobody@example.com"),
	} {
		wantError(t, what, err, syndicate.ErrNotFound)
	}
}

func second[T any](_ T, err error) error { return err }

func subscriberOnce(t *testing.T, s *store.Store) {
	a, again := subscriber("ann"), subscriber("ANN", wants("finance"))
	again.Digests = []string{"weekly"}
	equal(t, "two at once", saveSubscribers(t, s, a, again), store.Saved{Added: 1})
	got, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	if got.Name != "ANN" || strings.Join(got.Digests, " ") != "weekly" || len(got.Themes) != 1 {
		t.Errorf("stored %+v, want the last of the two", got)
	}
	a.FeedKey = 7
	equal(t, "once more", saveSubscribers(t, s, a), store.Saved{Changed: 1})
	got, err = s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	if got.FeedKey != 3 || strings.Join(got.Digests, " ") != "d" || !got.Plain() {
		t.Errorf("changed to %+v, want its own feed key and the new wishes", got)
	}
}

func subscriberStaysAway(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann", is(mailer.Unsubscribed)))
	equal(t, "imported again", saveSubscribers(t, s, subscriber("ann"), subscriber("bob")), store.Saved{Added: 1, Kept: 1})
	got, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	equal(t, "status", got.Status, mailer.Unsubscribed)
	saved, err := s.SaveSubscribers(t.Context(), []mailer.Subscriber{subscriber("ann")}, true)
	must(t, err)
	equal(t, "subscribed again", saved, store.Saved{Changed: 1})
}

func subscriberPages(t *testing.T, s *store.Store) {
	var all []mailer.Subscriber
	for i := range 5 {
		sub := subscriber(fmt.Sprintf("r%d", i))
		if i%2 == 1 {
			sub.Status, sub.Digests = mailer.Paused, []string{"other"}
		}
		all = append(all, sub)
	}
	saveSubscribers(t, s, all...)
	names := func(f store.SubscriberFilter) string {
		t.Helper()
		var out []string
		for {
			page, err := s.Subscribers(t.Context(), f)
			must(t, err)
			if len(page) == 0 {
				return strings.Join(out, " ")
			}
			for _, sub := range page {
				out = append(out, sub.Name+":"+strings.Join(sub.Digests, ","))
				f.After = sub.ID
			}
		}
	}
	equal(t, "all, two a page", names(store.SubscriberFilter{Limit: 2}), "r0:d r1:other r2:d r3:other r4:d")
	equal(t, "of a digest", names(store.SubscriberFilter{Digest: "other"}), "r1:other r3:other")
	equal(t, "active", names(store.SubscriberFilter{Status: mailer.Active, Limit: 1}), "r0:d r2:d r4:d")
}

func subscriberErased(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob"))
	e := edition("d", noon)
	sendTo(t, s, &e)
	must(t, s.EraseSubscriber(t.Context(), "ann@EXAMPLE.com"))
	wantError(t, "Subscriber", second(s.Subscriber(t.Context(), "ann@example.com")), syndicate.ErrNotFound)
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	if len(ds) != 2 || strings.Contains(strings.ToLower(ds[0].To), "ann") || ds[0].State != mailer.Suppressed || ds[1].State != mailer.Planned {
		t.Errorf("deliveries %+v", ds)
	}
	equal(t, "leased", recipients(lease(t, s, e.ID, noon.Add(time.Minute), "me", 9)), "bob")
}

// A choice that was made a moment before an erasure brings nobody back.
func choiceAfterErasure(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob"))
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	bob, err := s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	ann.Status, bob.Status = mailer.Active, mailer.Paused
	must(t, s.ChangeSubscriber(t.Context(), bob.ID, &bob))
	bob, err = s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	equal(t, "status", bob.Status, mailer.Paused)
	must(t, s.EraseSubscriber(t.Context(), ann.Email))
	wantError(t, "ChangeSubscriber", s.ChangeSubscriber(t.Context(), ann.ID, &ann), syndicate.ErrNotFound)
	wantError(t, "of another", s.ChangeSubscriber(t.Context(), bob.ID, &ann), syndicate.ErrNotFound)
	wantError(t, "Subscriber", second(s.Subscriber(t.Context(), ann.Email)), syndicate.ErrNotFound)
}

func audiences(t *testing.T, s *store.Store) {
	other := subscriber("eve", wants("industry"))
	other.Digests = []string{"other"}
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob", wants("finance")), subscriber("cy", wants("finance")),
		subscriber("dan", wants("finance"), is(mailer.Paused)), other)
	got, err := s.Audiences(t.Context(), "d")
	must(t, err)
	equal(t, "audiences", got, []mailer.Audience{
		{Selection: mailer.Selection{Themes: []string{"finance"}}, Subscribers: 2}, {Subscribers: 1},
	})
}

func editionReaches(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b", wants("finance")), subscriber("c", wants("industry")),
		subscriber("e", wants("new")), subscriber("f", is(mailer.Unconfirmed)), subscriber("g"))
	e := edition("d", noon)
	e.Sender, e.HTML, e.Text = "Desk <desk@paper.example>", "<p>all</p>", "all"
	e.Sections = []mailer.Section{{Theme: "industry", Items: []mailer.Item{{Key: "k1"}}}}
	e.Variants = []mailer.Variant{
		{
			Selection: mailer.Selection{Themes: []string{"finance"}}, Subject: "Money", Language: "en", HTML: "<p>money</p>", Text: "money",
			Sections: []mailer.Section{{Theme: "finance", Items: []mailer.Item{{Key: "k2"}}}},
		},
		{Selection: mailer.Selection{Themes: []string{"industry"}}, Language: "en", Empty: "nothing new"},
	}
	sendTo(t, s, &e, deliveriesTo("ops@example.com", "G@example.com")...)
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	var lines []string
	stored, err := s.Edition(t.Context(), e.ID)
	must(t, err)
	for _, d := range ds {
		lines = append(lines, fmt.Sprintf("%s %s %s %q", d.To, d.State, stored.Body(d.Variant).Text, d.Error))
	}
	// e came while the edition was composed; g is a fixed recipient already.
	equal(t, "deliveries", lines, []string{
		`ops@example.com planned all ""`, `G@example.com planned all ""`, `a@Example.com planned all ""`,
		`b@Example.com planned money ""`, `c@Example.com suppressed  "nothing new"`,
	})
	equal(t, "Message-ID", ds[2].MessageID, mailer.MessageID("d", noon, "a@example.com", e.Sender))
	equal(t, "subject", stored.Body(ds[3].Variant).Subject, "Money")
	for _, key := range []string{"k1", "k2"} {
		in, err := s.EditionsOf(t.Context(), key)
		must(t, err)
		if len(in) != 1 {
			t.Errorf("%s is in %d editions, want 1", key, len(in))
		}
	}
	for digest, want := range map[string]int{"d": 5, "none": 0} {
		n, err := s.CountAudience(t.Context(), digest)
		must(t, err)
		equal(t, "audience of "+digest, n, want)
	}
	leased := lease(t, s, e.ID, noon.Add(time.Minute), "me", 9)
	equal(t, "leased", recipients(leased), "opsGab")
}

func unsubscribedInTime(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("a"), subscriber("b"), subscriber("c"))
	e := edition("d", noon)
	sendTo(t, s, &e)
	saveSubscribers(t, s, subscriber("a", is(mailer.Unsubscribed)), subscriber("b", is(mailer.Paused)))
	equal(t, "leased one by one", recipients(lease(t, s, e.ID, noon.Add(time.Minute), "me", 1)), "c")
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	equal(t, "states", states(t, s, e.ID), "suppressed suppressed leased")
	equal(t, "why", ds[0].Error, "not sent: the subscriber is unsubscribed now")
	if ds[0].Settled.IsZero() {
		t.Error("it is not settled")
	}
}

func manySubscribers(t *testing.T, s *store.Store) {
	var subs []mailer.Subscriber
	for i := range 4500 {
		subs = append(subs, subscriber(fmt.Sprintf("reader%d", i)))
	}
	equal(t, "saved", saveSubscribers(t, s, subs...), store.Saved{Added: len(subs)})
	e := edition("d", noon)
	sendTo(t, s, &e)
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	if len(ds) != len(subs) {
		t.Errorf("%d deliveries, want %d", len(ds), len(subs))
	}
	for i, d := range lease(t, s, e.ID, noon.Add(time.Minute), "me", 3) {
		if d.State, d.Settled = mailer.Accepted, noon; i == 2 {
			d.State = mailer.Failed
		}
		settle(t, s, d)
	}
	counts, some, err := s.Account(t.Context(), e.ID, 2)
	must(t, err)
	equal(t, "counts", counts, map[mailer.State]int{mailer.Planned: 4497, mailer.Accepted: 2, mailer.Failed: 1})
	equal(t, "some", recipients(some), "reader2reader3")
}
