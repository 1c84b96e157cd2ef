package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var sourceTests = map[string]func(*testing.T, *store.Store){
	"a poll comes back as it was stored":         pollRoundTrip,
	"new sources are due at once":                newSourcesAreDue,
	"other settings make a source due":           settingsChange,
	"a shorter interval counts at once":          shorterInterval,
	"a removed source rests and keeps its state": removedSource,
	"an unknown source":                          unknownSource,
}

func pollRoundTrip(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a")}, noon))
	want := syndicate.Poll{
		Source: "a", URL: "https://a.example/feed", NextAt: noon.Add(time.Hour), NextReason: "max-age=3600",
		LastAt: noon, LastOKAt: noon.Add(-time.Hour), Status: 503, Outcome: syndicate.Failed,
		Error: "https://a.example/feed: 503", Failures: 3, ETag: "W/\"\xff\x00é\"", LastModified: "gestern, früh",
		BodyHash: "ab12", Bytes: 1 << 40, Articles: 20, New: 2, TTL: 90 * time.Minute, Identity: 2,
		MovedTo: "https://b.example/", Gone: true, GoneSince: noon.Add(-48 * time.Hour),
		TTLReason: "ttl=90", Skip: 1<<31 - 1, Date: "Mon, 23 Nov \x00", FullAt: noon.Add(-time.Hour),
		Busy: "a.example", BusyUntil: noon.Add(2 * time.Hour),
		Shapes: []syndicate.Shape{{Articles: 20, Dated: 19, Titled: 18, Linked: 17, Language: "zh"}, {}},
		Drift:  "the dates are gone", Held: 7, Accepted: true, FaultSince: noon.Add(-time.Hour),
	}
	if _, _, err := s.Record(t.Context(), want, fingerprint, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "poll", got, want)

	bare := syndicate.Poll{Source: "a", NextAt: noon}
	if _, _, err := s.Record(t.Context(), bare, fingerprint, nil); err != nil {
		t.Fatal(err)
	}
	got, err = s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "poll with nothing in it", got, bare)
}

func newSourcesAreDue(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("b"), source("a"), source("c")}, noon))
	due, err := s.DueSources(t.Context(), noon, 2)
	must(t, err)
	equal(t, "two that are due", due, []string{"a", "b"})

	later := poll("a")
	if _, _, err := s.Record(t.Context(), later, fingerprint, nil); err != nil {
		t.Fatal(err)
	}
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("b"), source("a"), source("c")}, noon.Add(time.Minute)))
	due, err = s.DueSources(t.Context(), noon.Add(time.Minute), 10)
	must(t, err)
	equal(t, "due after a was polled", due, []string{"b", "c"})
	due, err = s.DueSources(t.Context(), later.NextAt, 10)
	must(t, err)
	equal(t, "due at a's next time", due, []string{"b", "c", "a"})

	polls, err := s.Polls(t.Context())
	must(t, err)
	var names []string
	for _, p := range polls {
		names = append(names, p.Source)
	}
	equal(t, "polls in the order of the configuration", names, []string{"b", "a", "c"})
	if before := polls[0]; before.Outcome != syndicate.NeverPolled || !before.LastAt.IsZero() {
		t.Errorf("a source never polled has %+v", before)
	}
}

func settingsChange(t *testing.T, s *store.Store) {
	src := source("a")
	must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon))
	p := poll("a")
	p.URL = src.URL
	p.ETag, p.LastModified, p.BodyHash, p.Failures, p.Gone, p.GoneSince = `"1"`, "x", "ab", 4, true, noon
	p.Shapes, p.Drift, p.Held, p.Accepted = []syndicate.Shape{{Articles: 1}}, "empty", 3, true
	if _, _, err := s.Record(t.Context(), p, fingerprint, nil); err != nil {
		t.Fatal(err)
	}
	src.Title = "only the title"
	must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon.Add(time.Minute)))
	got, err := s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "poll after another title", got, p)

	src.Kind = syndicate.KindListing
	must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon.Add(2*time.Minute)))
	got, err = s.Poll(t.Context(), "a")
	must(t, err)
	p.NextAt, p.NextReason = noon.Add(2*time.Minute), "its settings changed"
	p.ETag, p.LastModified, p.BodyHash, p.Failures, p.Gone, p.GoneSince = "", "", "", 0, false, time.Time{}
	p.Shapes, p.Drift, p.Held, p.Accepted = nil, "", 0, true // other settings make another document of the same bytes
	equal(t, "poll after another kind", got, p)

	src.URL = "https://elsewhere.example/"
	must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon.Add(2*time.Minute)))
	got, err = s.Poll(t.Context(), "a")
	must(t, err)
	p.Accepted = false
	equal(t, "poll after another address", got, p)
}

func shorterInterval(t *testing.T, s *store.Store) {
	src := source("a")
	src.Every = 24 * time.Hour
	must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon))
	p := poll("a")
	p.NextAt, p.NextReason = noon.Add(24*time.Hour), "every 24h"
	if _, _, err := s.Record(t.Context(), p, fingerprint, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		every  time.Duration
		after  time.Duration // of noon
		next   time.Duration
		reason string
	}{
		{6 * time.Hour, time.Hour, 6 * time.Hour, "every 6h"},
		{12 * time.Hour, time.Hour, 6 * time.Hour, "every 6h"}, // longer counts from the next poll on
		{90 * time.Minute, 3 * time.Hour, 3 * time.Hour, "every 1h30m"},
	} {
		src.Every = step.every
		must(t, s.SyncSources(t.Context(), []syndicate.Source{src}, noon.Add(step.after)))
		got, err := s.Poll(t.Context(), "a")
		must(t, err)
		if !got.NextAt.Equal(noon.Add(step.next)) || got.NextReason != step.reason {
			t.Errorf("every %v: next at %v (%s), want %v (%s)", step.every, got.NextAt, got.NextReason, noon.Add(step.next), step.reason)
		}
	}
}

func removedSource(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a"), source("b")}, noon))
	record(t, s, article("a", 1))
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("b")}, noon))
	due, err := s.DueSources(t.Context(), noon.Add(24*time.Hour), 10)
	must(t, err)
	equal(t, "due", due, []string{"b"})
	counts, err := s.SourceCounts(t.Context())
	must(t, err)
	equal(t, "counts", counts, map[string]int{"a": 1})
	counts, err = s.SourceCounts(t.Context(), "b", "none")
	must(t, err)
	equal(t, "counts of others", counts, map[string]int{})
	counts, err = s.SourceCounts(t.Context(), "none", "a")
	must(t, err)
	equal(t, "counts of some", counts, map[string]int{"a": 1})
	kept, err := s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "its poll", kept, poll("a"))
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a")}, noon))
	kept, err = s.Poll(t.Context(), "a")
	must(t, err)
	equal(t, "its poll after it came back", kept, poll("a"))
}

func unknownSource(t *testing.T, s *store.Store) {
	_, err := s.Poll(t.Context(), "nobody")
	wantError(t, "Poll", err, syndicate.ErrNotFound)
	times, err := s.RecentTimes(t.Context(), "nobody", 5)
	must(t, err)
	equal(t, "times", times, []time.Time{})
}
