package storetest

import (
	"errors"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var followerTests = map[string]func(*testing.T, *store.Store){
	"a follower asks, confirms and leaves": followerLife,
	"asking again":                         followerAsksAgain,
	"a refused request leaves nothing":     followerRefused,
	"who is pushed to":                     followersPushed,
	"followers whose lease is over":        followersForgotten,
}

var changeTests = map[string]func(*testing.T, *store.Store){
	"the version grows with what articles say": versionGrows,
	"what the hub has seen":                    versionLooked,
	"a transaction that fails changes nothing": versionStays,
}

func request(callback, topic string) syndicate.Follower {
	return syndicate.Follower{
		Topic: topic, Callback: callback, Host: "reader.example",
		Asked: syndicate.FollowerRequest{Mode: "subscribe", Secret: "s", Lease: 240 * time.Hour},
	}
}

func allow(syndicate.FollowerCounts, bool) error { return nil }

// follow stores a follower that has confirmed.
func follow(t *testing.T, s *store.Store, callback, topic, etag string, until time.Time) syndicate.Follower {
	t.Helper()
	must(t, s.AskFollower(t.Context(), request(callback, topic), noon, 0, allow))
	due, err := s.DueFollowers(t.Context(), "reader.example", noon, 100)
	must(t, err)
	for _, f := range due {
		if f.Callback == callback && f.Topic == topic {
			must(t, s.ChangeFollower(t.Context(), f.ID, func(f *syndicate.Follower) {
				f.Asked, f.AskAt, f.LeaseUntil, f.ETag = syndicate.FollowerRequest{}, time.Time{}, until, etag
			}))
			return f
		}
	}
	t.Fatalf("%s is not due after it was asked for", callback)
	return syndicate.Follower{}
}

func dueFollowers(t *testing.T, s *store.Store, at time.Time) []syndicate.Follower {
	t.Helper()
	due, err := s.DueFollowers(t.Context(), "reader.example", at, 100)
	must(t, err)
	return due
}

func followerLife(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	want := request("https://reader.example/1", "topic")
	must(t, s.AskFollower(t.Context(), want, noon, time.Minute, allow))
	equal(t, "jobs", enqueued(t, s), []string{"followers reader.example"})
	due := dueFollowers(t, s, noon)
	if len(due) != 1 {
		t.Fatalf("%d followers are due, want 1", len(due))
	}
	want.ID, want.AskAt = due[0].ID, noon
	equal(t, "as asked", due[0], want)
	must(t, s.ChangeFollower(t.Context(), want.ID, func(f *syndicate.Follower) {
		f.Asked, f.AskAt, f.AskedBack = syndicate.FollowerRequest{}, time.Time{}, noon
		f.Secret, f.LeaseUntil, f.ETag, f.NextAt, f.PushedAt = "s", noon.Add(time.Hour), `"1"`, noon, noon.Add(-time.Minute)
		f.Round, f.Failures, f.Error = 3, 2, "busy"
	}))
	want.Asked, want.AskAt, want.AskedBack = syndicate.FollowerRequest{}, time.Time{}, noon
	want.Secret, want.LeaseUntil, want.ETag, want.NextAt, want.PushedAt = "s", noon.Add(time.Hour), `"1"`, noon, noon.Add(-time.Minute)
	want.Round, want.Failures, want.Error = 3, 2, "busy"
	equal(t, "as confirmed", dueFollowers(t, s, noon), []syndicate.Follower{want})
	equal(t, "of another host", must2(t)(s.DueFollowers(t.Context(), "other.example", noon, 100)), []syndicate.Follower{})
	must(t, s.ChangeFollower(t.Context(), want.ID, func(f *syndicate.Follower) { f.LeaseUntil = time.Time{} }))
	equal(t, "after leaving", dueFollowers(t, s, noon), []syndicate.Follower{})
	must(t, s.ChangeFollower(t.Context(), want.ID, func(*syndicate.Follower) { t.Error("one that has left is changed") }))
}

func must2(t *testing.T) func([]syndicate.Follower, error) []syndicate.Follower {
	return func(fs []syndicate.Follower, err error) []syndicate.Follower {
		t.Helper()
		must(t, err)
		return fs
	}
}

func followerAsksAgain(t *testing.T, s *store.Store) {
	f := follow(t, s, "https://reader.example/1", "topic", `"1"`, noon.Add(time.Hour))
	must(t, s.ChangeFollower(t.Context(), f.ID, func(f *syndicate.Follower) { f.AskedBack = noon }))
	again := request("https://reader.example/1", "topic")
	again.Asked.Secret = "another"
	must(t, s.AskFollower(t.Context(), again, noon.Add(time.Second), time.Minute, func(c syndicate.FollowerCounts, known bool) error {
		equal(t, "counts", c, syndicate.FollowerCounts{All: 1, Host: 1, Callback: 1})
		equal(t, "known", known, true)
		return nil
	}))
	equal(t, "too early", dueFollowers(t, s, noon.Add(time.Minute-1)), []syndicate.Follower{})
	due := dueFollowers(t, s, noon.Add(time.Minute))
	if len(due) != 1 || due[0].Asked.Secret != "another" || due[0].ETag != `"1"` || !due[0].LeaseUntil.Equal(noon.Add(time.Hour)) {
		t.Errorf("due %+v, want the request beside what was confirmed", due)
	}
}

func followerRefused(t *testing.T, s *store.Store) {
	full := errors.New("full")
	err := s.AskFollower(t.Context(), request("https://reader.example/1", "topic"), noon, 0,
		func(c syndicate.FollowerCounts, known bool) error {
			equal(t, "counts", c, syndicate.FollowerCounts{})
			equal(t, "known", known, false)
			return full
		})
	wantError(t, "AskFollower", err, full)
	if err.Error() != "full" {
		t.Errorf("error %q, want that of allow alone", err)
	}
	equal(t, "due", dueFollowers(t, s, noon), []syndicate.Follower{})
}

func followersPushed(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	until := noon.Add(time.Hour)
	follow(t, s, "https://reader.example/old", "topic", `"1"`, until)
	follow(t, s, "https://reader.example/new", "topic", `"2"`, until)
	follow(t, s, "https://reader.example/other", "other", `"1"`, until)
	follow(t, s, "https://reader.example/over", "topic", `"1"`, noon)
	slow := follow(t, s, "https://reader.example/slow", "topic", `"1"`, until)
	must(t, s.ChangeFollower(t.Context(), slow.ID, func(f *syndicate.Follower) { f.PushedAt = noon.Add(-time.Second) }))
	failing := follow(t, s, "https://reader.example/failing", "topic", `"1"`, until)
	must(t, s.ChangeFollower(t.Context(), failing.ID, func(f *syndicate.Follower) { f.Failures, f.NextAt = 1, noon.Add(30*time.Minute) }))
	all, err := s.Followed(t.Context(), noon)
	must(t, err)
	equal(t, "followed", all, []syndicate.Followed{{Topic: "other", ETag: `"1"`}, {Topic: "topic", ETag: `"1"`}, {Topic: "topic", ETag: `"2"`}})

	before := len(enqueued(t, s))
	must(t, s.Push(t.Context(), "topic", `"2"`, noon, time.Minute))
	if jobs := enqueued(t, s); len(jobs) != before+1 || jobs[before] != "followers reader.example" {
		t.Errorf("jobs %v", jobs)
	}
	due := func(at time.Time) (callbacks []string) {
		for _, f := range dueFollowers(t, s, at) {
			if f.Round != 1 {
				t.Errorf("%s: round %d, want 1", f.Callback, f.Round)
			}
			callbacks = append(callbacks, f.Callback)
		}
		return callbacks
	}
	equal(t, "at once", due(noon), []string{"https://reader.example/old"})
	equal(t, "a minute after its last push", due(noon.Add(59*time.Second)), []string{"https://reader.example/old", "https://reader.example/slow"})
	equal(t, "when its wait is over", len(due(noon.Add(30*time.Minute))), 3)
	must(t, s.EnqueueDue(t.Context(), noon))
	if jobs := enqueued(t, s); len(jobs) != before+2 {
		t.Errorf("jobs %v, want another one for what is due", jobs)
	}
}

func followersForgotten(t *testing.T, s *store.Store) {
	follow(t, s, "https://reader.example/1", "topic", `"1"`, noon.Add(time.Hour))
	follow(t, s, "https://reader.example/2", "topic", `"1"`, noon)
	follow(t, s, "https://reader.example/3", "topic", `"1"`, noon)
	must(t, s.AskFollower(t.Context(), request("https://reader.example/3", "topic"), noon, 0, allow))
	must(t, s.ForgetFollowers(t.Context(), noon))
	st, err := s.Stats(t.Context())
	must(t, err)
	equal(t, "left", st.Followers, 2)
}

func version(t *testing.T, s *store.Store) int64 {
	t.Helper()
	v, _, err := s.Version(t.Context())
	must(t, err)
	return v
}

func versionGrows(t *testing.T, s *store.Store) {
	a, b := article("a", 1), article("a", 2)
	changed := a
	changed.Hash, changed.Title = "another", "Another title"
	for _, step := range []struct {
		name  string
		grows bool
		do    func() error
	}{
		{"a poll without articles", false, func() error { _, _, err := s.Record(t.Context(), poll("a"), fingerprint, nil); return err }},
		{"new articles", true, func() error { record(t, s, a, b); return nil }},
		{"the same articles", false, func() error { record(t, s, a, b); return nil }},
		{"a changed article", true, func() error { record(t, s, changed, b); return nil }},
		{"filing anew", true, func() error {
			filed := b
			filed.Filings = []syndicate.Filing{filing("finance")}
			return s.Reclassify(t.Context(), "themes-2", []syndicate.Article{filed})
		}},
		{"filing nothing", false, func() error { return s.Reclassify(t.Context(), "themes-2", nil) }},
		{"a page", true, func() error {
			return s.SavePage(t.Context(), syndicate.Page{Key: b.Key, Source: "a", URL: "https://a.example/2"}, "themes-2", &b)
		}},
		{"a page without use", false, func() error {
			return s.SavePage(t.Context(), syndicate.Page{Key: b.Key, Source: "a", URL: "https://a.example/2"}, "themes-2", nil)
		}},
		{"forgetting", true, func() error { _, err := s.Forget(t.Context(), []string{a.Key}, noon); return err }},
		{"forgetting what is not there", false, func() error { _, err := s.Forget(t.Context(), []string{a.Key}, noon); return err }},
		{"expiring", true, func() error { _, err := s.Expire(t.Context(), noon.Add(time.Hour), noon, 10); return err }},
		{"expiring nothing", false, func() error { _, err := s.Expire(t.Context(), noon.Add(time.Hour), noon, 10); return err }},
	} {
		before := version(t, s)
		must(t, step.do())
		if grown := version(t, s) > before; grown != step.grows {
			t.Errorf("%s: the version grows: %v, want %v", step.name, grown, step.grows)
		}
	}
}

func versionLooked(t *testing.T, s *store.Store) {
	record(t, s, article("a", 1))
	looked := func(what string, want bool) {
		t.Helper()
		_, got, err := s.Version(t.Context())
		must(t, err)
		equal(t, what, got, want)
	}
	looked("nobody follows", true)
	follow(t, s, "https://reader.example/1", "topic", "", noon.Add(time.Hour))
	looked("somebody follows", false)
	v := version(t, s)
	must(t, s.Looked(t.Context(), v))
	looked("the hub has looked", true)
	record(t, s, article("a", 2))
	looked("an article came", false)
	must(t, s.Looked(t.Context(), v-1))
	looked("the hub has looked before", false)
	must(t, s.Looked(t.Context(), version(t, s)))
	looked("the hub has looked again", true)
}

func versionStays(t *testing.T, s *store.Store) {
	before := version(t, s)
	bad := article("a", 1)
	bad.Key = ""
	if _, _, err := s.Record(t.Context(), poll("a"), fingerprint, []syndicate.Article{bad}); err == nil {
		t.Fatal("an article without a key was stored")
	}
	equal(t, "version", version(t, s), before)
}
