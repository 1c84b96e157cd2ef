package storetest

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var incomingTests = map[string]func(*testing.T, *store.Store){
	"suppressions come back as they were stored": suppressionRoundTrip,
	"suppressions are read a page at a time":     suppressionPages,
	"a suppressed mailbox gets nothing":          suppressedGetsNothing,
	"a hard bounce suppresses at once":           hardBounce,
	"soft bounces add up and are forgotten":      softBounces,
	"bounces that are nobody's":                  bouncesOfNobody,
	"a complaint":                                complaint,
	"unsubscribing by mail":                      unsubscribeByMail,
	"a message counts once":                      messageOnce,
	"what servers refuse at once counts, too":    refusalsCount,
}

// message returns a message that came so many hours after noon.
func message(name string, hours int) mailer.Incoming {
	return mailer.Incoming{Hash: name, Kind: "test", At: noon.Add(time.Duration(hours) * time.Hour)}
}

func suppression(address string) mailer.Suppression {
	return mailer.Suppression{Hash: mailer.MailboxHash(address), Reason: mailer.ByOperator, Detail: "no " + address[:1], At: noon}
}

func suppressionOf(t *testing.T, s *store.Store, address string) mailer.Suppression {
	t.Helper()
	found, err := s.SuppressionsOf(t.Context(), []string{"other@example.com", address})
	must(t, err)
	return found[mailer.MailboxHash(address)]
}

func suppressionRoundTrip(t *testing.T, s *store.Store) {
	a, b := suppression("a@example.com"), suppression("b@example.com")
	b.Reason, b.At = mailer.Complained, noon.Add(-time.Hour)
	n, err := s.Suppress(t.Context(), []mailer.Suppression{a, b, a})
	must(t, err)
	equal(t, "added", n, 2)
	again := a
	again.Reason = mailer.Bounced
	n, err = s.Suppress(t.Context(), []mailer.Suppression{again})
	must(t, err)
	equal(t, "added again", n, 0)
	equal(t, "in capitals", suppressionOf(t, s, " A@Example.COM"), a)
	xs, err := s.Suppressions(t.Context(), store.SuppressionFilter{Reason: mailer.Complained})
	must(t, err)
	equal(t, "complaints", xs, []mailer.Suppression{b})
	xs, err = s.Suppressions(t.Context(), store.SuppressionFilter{Since: noon})
	must(t, err)
	equal(t, "of late", xs, []mailer.Suppression{a})
	was, err := s.Unsuppress(t.Context(), a.Hash)
	must(t, err)
	equal(t, "was suppressed", was, true)
	was, err = s.Unsuppress(t.Context(), a.Hash)
	must(t, err)
	equal(t, "is not any more", was, false)
}

func suppressionPages(t *testing.T, s *store.Store) {
	var xs []mailer.Suppression
	for i := range 7 {
		xs = append(xs, suppression(fmt.Sprintf("r%d@example.com", i)))
	}
	_, err := s.Suppress(t.Context(), xs)
	must(t, err)
	f, n := store.SuppressionFilter{Limit: 3}, 0
	for {
		page, err := s.Suppressions(t.Context(), f)
		must(t, err)
		if len(page) == 0 {
			break
		}
		n += len(page)
		f.After = page[len(page)-1].Hash
	}
	equal(t, "read", n, len(xs))
}

func suppressedGetsNothing(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob"))
	e := edition("d", noon)
	sendTo(t, s, &e, deliveriesTo("fixed@example.com", "other@example.com")...)
	x := mailer.Suppression{Hash: mailer.MailboxHash("bob@example.com"), Reason: mailer.Bounced, Detail: "5.1.1 gone", At: noon}
	_, err := s.Suppress(t.Context(), []mailer.Suppression{suppression("fixed@example.com"), x})
	must(t, err)
	equal(t, "leased", recipients(lease(t, s, e.ID, noon.Add(time.Minute), "me", 10)), "otherann")
	equal(t, "states", states(t, s, e.ID), "suppressed leased leased suppressed")
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	equal(t, "why not the fixed one", ds[0].Error, "not sent: the mailbox is suppressed, operator: no f")
	equal(t, "why not bob", ds[3].Error, "not sent: the mailbox is suppressed, bounced: 5.1.1 gone")
}

// sentAs stores the outcome of a delivery that "me" has leased.
func sentAs(t *testing.T, s *store.Store, d mailer.Delivery) {
	t.Helper()
	must(t, s.Begin(t.Context(), d.ID))
	must(t, s.Settle(t.Context(), d))
}

// accepted saves an edition to addresses of example.com and returns the
// deliveries, all of them accepted.
func accepted(t *testing.T, s *store.Store, at time.Time, to ...string) []mailer.Delivery {
	t.Helper()
	e := edition("d", at)
	sendTo(t, s, &e, deliveriesTo(to...)...)
	for _, d := range lease(t, s, e.ID, noon.Add(1000*time.Hour), "me", 100) {
		d.State, d.Reply, d.Settled = mailer.Accepted, "250 ok", noon
		sentAs(t, s, d)
	}
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	return ds
}

func bounce(t *testing.T, s *store.Store, in mailer.Incoming, delivery int64, kind mailer.BounceKind) string {
	t.Helper()
	outcome, err := s.Bounced(t.Context(), in, delivery, mailer.Bounce{Kind: kind, Status: "5.1.1", Detail: "5.1.1 gone"})
	must(t, err)
	return outcome
}

func hardBounce(t *testing.T, s *store.Store) {
	ds := accepted(t, s, noon, "Ann@example.com", "bob@example.com")
	equal(t, "outcome", bounce(t, s, message("1", 1), ds[0].ID, mailer.HardBounce), "hard bounce: suppressed")
	equal(t, "suppressed", suppressionOf(t, s, "ann@example.com"), mailer.Suppression{
		Hash: mailer.MailboxHash("ann@example.com"), Reason: mailer.Bounced, Detail: "5.1.1 gone", At: noon.Add(time.Hour), Delivery: ds[0].ID, To: "Ann@example.com",
	})
	equal(t, "the other one", suppressionOf(t, s, "bob@example.com"), mailer.Suppression{})
	after, err := s.Deliveries(t.Context(), ds[0].Edition)
	must(t, err)
	equal(t, "in the account", after[0].Error, "came back: 5.1.1 gone")
	equal(t, "and still", after[0].State, mailer.Accepted)
	_, err = s.Unsuppress(t.Context(), mailer.MailboxHash("ann@example.com"))
	must(t, err)
	equal(t, "a soft one after that", bounce(t, s, message("2", 2), ds[0].ID, mailer.SoftBounce), "soft bounce: score 0.50")
}

func softBounces(t *testing.T, s *store.Store) {
	id := accepted(t, s, noon, "ann@example.com")[0].ID
	equal(t, "the first", bounce(t, s, message("1", 0), id, mailer.SoftBounce), "soft bounce: score 0.50")
	equal(t, "on the same day", bounce(t, s, message("2", 5), id, mailer.FirmBounce), "firm bounce, not counted: score 0.50")
	equal(t, "policy", bounce(t, s, message("3", 30), id, mailer.PolicyBounce), "policy bounce, not counted: score 0.49")
	equal(t, "30 days later", bounce(t, s, message("4", 720), id, mailer.SoftBounce), "soft bounce: score 0.75")
	equal(t, "the next day", bounce(t, s, message("5", 744), id, mailer.FirmBounce), "firm bounce: score 1.73")
	equal(t, "the third day", bounce(t, s, message("6", 768), id, mailer.FirmBounce), "firm bounce: score 2.69")
	equal(t, "not yet", suppressionOf(t, s, "ann@example.com").Reason, mailer.SuppressionReason(""))
	equal(t, "the fourth day", bounce(t, s, message("7", 792), id, mailer.SoftBounce), "soft bounce: suppressed")
	equal(t, "now", suppressionOf(t, s, "ann@example.com").Reason, mailer.Bounced)
}

func bouncesOfNobody(t *testing.T, s *store.Store) {
	const nobody = "nothing: the delivery is not in the account any more"
	equal(t, "no such delivery", bounce(t, s, message("1", 0), 1<<40, mailer.HardBounce), nobody)
	saveSubscribers(t, s, subscriber("ann"))
	id := accepted(t, s, noon)[0].ID
	must(t, s.EraseSubscriber(t.Context(), "ann@example.com"))
	equal(t, "an erased subscriber", bounce(t, s, message("2", 0), id, mailer.HardBounce), nobody)
}

func complaint(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob"))
	ds := accepted(t, s, noon, "fixed@example.com")
	for name, who := range map[string]mailer.Party{
		"ann": {Delivery: ds[1].ID}, "fixed": {Address: "Fixed@example.com"},
	} {
		outcome, err := s.Complained(t.Context(), message(name, 1), who, "spam")
		must(t, err)
		equal(t, name, outcome, "unsubscribed and suppressed")
		equal(t, name, suppressionOf(t, s, name+"@example.com").Reason, mailer.Complained)
	}
	outcome, err := s.Complained(t.Context(), message("nobody", 1), mailer.Party{Recipient: 1 << 40}, "spam")
	must(t, err)
	equal(t, "nobody", outcome, "nothing: whoever complains is not known any more")
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	equal(t, "ann", ann.Status, mailer.Unsubscribed)
	bob, err := s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	equal(t, "bob", bob.Status, mailer.Active)
}

func unsubscribeByMail(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann", func(x *mailer.Subscriber) { x.Digests = []string{"d", "weekly"} }), subscriber("bob"))
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	e := edition("d", noon)
	sendTo(t, s, &e, deliveriesTo("fixed@example.com")...)
	for i, step := range []struct {
		who    mailer.Party
		digest string
		fixed  bool
		want   string
	}{
		{mailer.Party{Recipient: ann.ID}, "d", false, "unsubscribed from d"},
		{mailer.Party{Recipient: ann.ID}, "d", false, "nothing: no subscriber"},
		{mailer.Party{Address: "BOB@example.com"}, "weekly", false, "nothing: no subscriber"},
		{mailer.Party{Address: "BOB@example.com"}, "d", false, "unsubscribed from d"},
		{mailer.Party{Address: "ann@example.com"}, "", false, "unsubscribed from everything"},
		{mailer.Party{Address: "nobody@example.com"}, "", false, "nothing: no subscriber"},
		{mailer.Party{Recipient: 1 << 40}, "", false, "nothing: no subscriber"},
		{mailer.Party{Address: "fixed@example.com"}, "d", true, "a fixed recipient: suppressed"},
	} {
		outcome, err := s.Unsubscribed(t.Context(), message(fmt.Sprint(i), i), step.who, step.digest, step.fixed)
		must(t, err)
		equal(t, fmt.Sprintf("step %d", i), outcome, step.want)
		if i == 0 {
			got, err := s.Subscriber(t.Context(), "ann@example.com")
			must(t, err)
			equal(t, "ann's digests", got.Digests, []string{"weekly"})
			equal(t, "ann is", got.Status, mailer.Active)
			equal(t, "what was planned", states(t, s, e.ID), "planned suppressed planned")
		}
	}
	bob, err := s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	equal(t, "bob is", bob.Status, mailer.Unsubscribed)
	equal(t, "bob's digests", bob.Digests, []string{"d"})
	equal(t, "nobody is", suppressionOf(t, s, "nobody@example.com").Reason, mailer.SuppressionReason(""))
	equal(t, "leased", len(lease(t, s, e.ID, noon.Add(time.Minute), "me", 10)), 0)
	equal(t, "settled", states(t, s, e.ID), "suppressed suppressed suppressed")
}

func messageOnce(t *testing.T, s *store.Store) {
	id := accepted(t, s, noon, "ann@example.com")[0].ID
	bounce(t, s, message("1", 0), id, mailer.SoftBounce)
	_, err := s.Bounced(t.Context(), message("1", 48), id, mailer.Bounce{Kind: mailer.HardBounce})
	wantError(t, "the same again", err, mailer.ErrExists)
	equal(t, "nothing came of it", suppressionOf(t, s, "ann@example.com").Reason, mailer.SuppressionReason(""))
	must(t, s.Noted(t.Context(), message("2", 0), "dropped"))
	wantError(t, "noted again", s.Noted(t.Context(), message("2", 0), "dropped"), mailer.ErrExists)
	must(t, s.Noted(t.Context(), message("3", 24*61), "dropped"))
	must(t, s.Noted(t.Context(), message("2", 24*61), "dropped")) // nobody brings it after so long
	_, err = s.Bounced(t.Context(), message("4", 0), 1<<40, mailer.Bounce{})
	must(t, err)
	_, err = s.Subscriber(t.Context(), "ann@example.com")
	wantError(t, "ann", err, syndicate.ErrNotFound)
}

func refusalsCount(t *testing.T, s *store.Store) {
	e := edition("d", noon)
	sendTo(t, s, &e, deliveriesTo("a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com")...)
	reasons := []string{"smtp relay: 550 5.1.1 <a@example.com>: no such user", "given up; the last attempt: 452 4.2.2 full", "550 5.7.1 spam", "the address has no form", ""}
	for i, d := range lease(t, s, e.ID, noon, "me", 5) {
		d.State, d.Error, d.Settled = mailer.Failed, reasons[i], noon
		if d.Error == "" {
			d.State = mailer.Accepted
		}
		sentAs(t, s, d)
	}
	for _, want := range []int{1, 0} {
		n, err := s.CountRefusals(t.Context(), e.ID, noon.Add(time.Minute))
		must(t, err)
		equal(t, "suppressed", n, want)
		was, err := s.Unsuppress(t.Context(), mailer.MailboxHash("a@example.com"))
		must(t, err)
		equal(t, "a was suppressed", was, want == 1)
	}
	ds, err := s.Deliveries(t.Context(), e.ID)
	must(t, err)
	equal(t, "b after another soft one", bounce(t, s, message("b", 24), ds[1].ID, mailer.SoftBounce), "soft bounce: score 0.99")
	equal(t, "c after a soft one", bounce(t, s, message("c", 24), ds[2].ID, mailer.SoftBounce), "soft bounce: score 0.50")
	n, err := s.CountRefusals(t.Context(), e.ID, noon.Add(8*24*time.Hour))
	must(t, err)
	equal(t, "a week later", n, 0)
}
