package storetest

import (
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var hubTests = map[string]func(*testing.T, *store.Store){
	"a subscription comes back as it was stored": subscriptionRoundTrip,
	"changing and deleting":                      subscriptionChanges,
	"an unknown subscription":                    unknownSubscription,
	"when hubs are asked":                        hubJobs,
	"a push makes its source due":                pushIsDue,
}

func subscription(token, source string) syndicate.Subscription {
	return syndicate.Subscription{
		Token: token, Source: source, Topic: "https://" + source + ".example/feed", Hub: "https://hub.example/",
		Secret: "secret of " + token, State: syndicate.SubscriptionActive, LeaseUntil: noon.Add(48 * time.Hour),
		NextAt: noon.Add(time.Hour), LastPush: noon, Failures: 2, Error: "https://hub.example/: busy",
	}
}

func subscribe(t *testing.T, s *store.Store, sub syndicate.Subscription) {
	t.Helper()
	must(t, s.SaveSubscription(t.Context(), sub.Token, func(to *syndicate.Subscription) { *to = sub }))
}

func subscriptionRoundTrip(t *testing.T, s *store.Store) {
	want := subscription("1", "a")
	subscribe(t, s, want)
	subscribe(t, s, subscription("2", "b"))
	got, err := s.Subscription(t.Context(), "1")
	must(t, err)
	equal(t, "subscription", got, want)
	bare := syndicate.Subscription{Token: "3", Source: "a", State: syndicate.SubscriptionWanted, NextAt: noon}
	subscribe(t, s, bare)
	all, err := s.Subscriptions(t.Context(), "a")
	must(t, err)
	equal(t, "of a", all, []syndicate.Subscription{want, bare})
	all, err = s.Subscriptions(t.Context(), "")
	must(t, err)
	equal(t, "of all", all, []syndicate.Subscription{want, bare, subscription("2", "b")})
}

func subscriptionChanges(t *testing.T, s *store.Store) {
	want := subscription("1", "a")
	subscribe(t, s, want)
	must(t, s.SaveSubscription(t.Context(), "1", func(sub *syndicate.Subscription) {
		equal(t, "what is changed", *sub, want)
		sub.State, sub.LeaseUntil, sub.NextAt, sub.LastPush = syndicate.SubscriptionLeaving, time.Time{}, noon, time.Time{}
		sub.Failures, sub.Error = 0, ""
	}))
	want.State, want.LeaseUntil, want.NextAt, want.LastPush = syndicate.SubscriptionLeaving, time.Time{}, noon, time.Time{}
	want.Failures, want.Error = 0, ""
	got, err := s.Subscription(t.Context(), "1")
	must(t, err)
	equal(t, "subscription", got, want)
	must(t, s.SaveSubscription(t.Context(), "1", func(sub *syndicate.Subscription) { sub.Source = "" }))
	_, err = s.Subscription(t.Context(), "1")
	wantError(t, "a deleted subscription", err, syndicate.ErrNotFound)
}

func unknownSubscription(t *testing.T, s *store.Store) {
	_, err := s.Subscription(t.Context(), "nobody's \x00")
	wantError(t, "Subscription", err, syndicate.ErrNotFound)
	err = s.SaveSubscription(t.Context(), "nobody's", func(sub *syndicate.Subscription) {
		equal(t, "what is changed", *sub, syndicate.Subscription{Token: "nobody's"})
	})
	wantError(t, "SaveSubscription", err, syndicate.ErrNotFound)
}

func hubJobs(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a")}, noon.Add(24*time.Hour)))
	sub := subscription("1", "a")
	sub.LastPush = time.Time{}
	subscribe(t, s, sub)
	leaving := subscription("2", "left")
	leaving.State = syndicate.SubscriptionLeaving
	subscribe(t, s, leaving)
	idle := subscription("0", "a")
	idle.State, idle.LastPush = syndicate.SubscriptionIdle, time.Time{}
	subscribe(t, s, idle)
	must(t, s.EnqueueDue(t.Context(), noon))
	equal(t, "too early", enqueued(t, s), []string{})
	subscribe(t, s, subscription("3", "left")) // and does not know yet
	must(t, s.EnqueueDue(t.Context(), noon))
	equal(t, "of a source that left", enqueued(t, s), []string{"websub 3"})
	must(t, s.EnqueueDue(t.Context(), noon.Add(time.Hour)))
	equal(t, "in time", enqueued(t, s), []string{"websub 1", "websub 2", "websub 3", "websub 3"})
}

func pushIsDue(t *testing.T, s *store.Store) {
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("a"), source("b")}, noon))
	record(t, s, article("a", 1))
	record(t, s, article("b", 1))
	subscribe(t, s, subscription("1", "a"))
	due, err := s.DueSources(t.Context(), noon.Add(59*time.Second), 10)
	must(t, err)
	equal(t, "just after a poll", due, []string{})
	due, err = s.DueSources(t.Context(), noon.Add(time.Minute), 10)
	must(t, err)
	equal(t, "a minute later", due, []string{"a"})
	must(t, s.SyncSources(t.Context(), []syndicate.Source{source("b")}, noon))
	due, err = s.DueSources(t.Context(), noon.Add(time.Minute), 10)
	must(t, err)
	equal(t, "of a source that left", due, []string{})
}
