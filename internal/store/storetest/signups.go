package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

var signUpTests = map[string]func(*testing.T, *store.Store){
	"who leaves a digest keeps the others":          leaveOne,
	"two who leave at once":                         leaveTogether,
	"a fixed recipient opts out, and in again":      fixedOptsOut,
	"a sign-up, its mail and its confirmation":      signUpLife,
	"known addresses are stored like others":        signUpKnown,
	"one mail a day and mailbox":                    signUpTurns,
	"sign-ups have limits":                          signUpLimits,
	"a form counts once":                            signUpTickets,
	"expired and unknown tokens confirm nothing":    signUpExpires,
	"of two confirmations at once one counts":       signUpTogether,
	"old sign-ups are forgotten, and erased people": signUpsForgotten,
}

func leaveOne(t *testing.T, s *store.Store) {
	ann := subscriber("ann", func(s *mailer.Subscriber) { s.Digests = []string{"d", "weekly"} })
	saveSubscribers(t, s, ann, subscriber("bob"))
	e := edition("d", noon)
	sendTo(t, s, &e)
	got, err := s.Subscriber(t.Context(), ann.Email)
	must(t, err)
	for range 2 { // again changes nothing
		must(t, s.Leave(t.Context(), got.ID, "d"))
		must(t, s.Leave(t.Context(), got.ID, "never heard of"))
		left, err := s.SubscriberByID(t.Context(), got.ID)
		must(t, err)
		equal(t, "left one", fmt.Sprint(left.Status, left.Digests), "active[weekly]")
	}
	equal(t, "what was planned already goes to", recipients(lease(t, s, e.ID, noon.Add(time.Minute), "me", 9)), "bob")
	equal(t, "states", states(t, s, e.ID), "suppressed leased")
	for range 2 {
		must(t, s.Leave(t.Context(), got.ID, "weekly"))
		left, err := s.SubscriberByID(t.Context(), got.ID)
		must(t, err)
		equal(t, "left the last", fmt.Sprint(left.Status, left.Digests), "unsubscribed[weekly]")
	}
	bob, err := s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	must(t, s.Leave(t.Context(), bob.ID, ""))
	bob, err = s.SubscriberByID(t.Context(), bob.ID)
	must(t, err)
	equal(t, "left all", bob.Status, mailer.Unsubscribed)
	wantError(t, "nobody", s.Leave(t.Context(), 1<<40, "d"), syndicate.ErrNotFound)
}

func leaveTogether(t *testing.T, s *store.Store) {
	saveSubscribers(t, s, subscriber("ann", func(s *mailer.Subscriber) { s.Digests = []string{"a", "b", "c"} }))
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	var wait sync.WaitGroup
	for _, digest := range []string{"a", "b", "c", "a", "b", "c"} {
		wait.Go(func() {
			if err := s.Leave(t.Context(), ann.ID, digest); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	ann, err = s.SubscriberByID(t.Context(), ann.ID)
	must(t, err)
	equal(t, "status", ann.Status, mailer.Unsubscribed)
}

func fixedOptsOut(t *testing.T, s *store.Store) {
	ops := mailer.FixedID("ops@example.com")
	saveSubscribers(t, s, subscriber("ops"))
	before := edition("d", noon)
	must(t, s.SaveEdition(t.Context(), &before, deliveriesTo("Ops@example.com", "b@example.com"), time.Time{}))
	for range 2 {
		must(t, s.OptOut(t.Context(), ops, "d", noon))
	}
	equal(t, "planned before, leased now", recipients(lease(t, s, before.ID, noon.Add(time.Minute), "me", 9)), "b")
	plan := func(digest string, at time.Time) string {
		t.Helper()
		e := edition(digest, at)
		must(t, s.SaveEdition(t.Context(), &e, deliveriesTo("OPS@example.com", "b@example.com"), time.Time{}))
		ds, err := s.Deliveries(t.Context(), e.ID)
		must(t, err)
		if ds[0].State == mailer.Suppressed && ds[0].Error != "not sent: the recipient has unsubscribed" {
			t.Errorf("suppressed because %q", ds[0].Error)
		}
		return states(t, s, e.ID)
	}
	equal(t, "the next one", plan("d", noon.Add(time.Hour)), "suppressed planned")
	equal(t, "another digest", plan("weekly", noon), "planned planned")
	must(t, s.OptOut(t.Context(), ops, "", noon))
	equal(t, "another digest, after all of them", plan("weekly", noon.Add(time.Hour)), "suppressed planned")
	out, err := s.OptOuts(t.Context(), ops)
	must(t, err)
	equal(t, "opted out of", out, []string{"", "d"})
	must(t, s.OptIn(t.Context(), ops, "d"))
	equal(t, "back", plan("d", noon.Add(2*time.Hour)), "planned planned")
}

func signUp(name string, change ...func(*store.SignUp)) store.SignUp {
	x := store.SignUp{
		Ticket: "ticket of " + name, Wishes: subscriber(name, wants("finance")), Language: "zh-Hans", Network: "net",
		Consent: store.Consent{Version: "en-1", Wording: "Yes, mail me."}, At: noon,
	}
	for _, c := range change {
		c(&x)
	}
	return x
}

var wide = store.SignUpLimits{Within: time.Hour, Network: 1000, Domain: 1000, Site: 1000}

func addSignUp(t *testing.T, s *store.Store, x store.SignUp) store.SignUp {
	t.Helper()
	must(t, s.AddSignUp(t.Context(), &x, wide))
	return x
}

func claim(t *testing.T, s *store.Store, x store.SignUp, hash string, at time.Time) bool {
	t.Helper()
	_, ok, err := s.ClaimSignUp(t.Context(), x.ID, hash, at, at.Add(7*24*time.Hour), 24*time.Hour)
	must(t, err)
	return ok
}

func signUpLife(t *testing.T, s *store.Store) {
	x := signUp("ann")
	if err := s.AddSignUp(t.Context(), &x, wide); err == nil || !strings.Contains(err.Error(), "no queue") {
		t.Errorf("without a queue: %v", err)
	}
	useQueue(t, s, queue{})
	x = addSignUp(t, s, x)
	equal(t, "jobs", enqueued(t, s), []string{"confirm"})
	wantError(t, "before it is confirmed", second(s.Subscriber(t.Context(), "ann@example.com")), syndicate.ErrNotFound)
	must(t, s.OptOut(t.Context(), mailer.FixedID("ann@example.com"), "d", noon))
	for _, hash := range []string{"h1", "h2"} { // a crash between the two
		if !claim(t, s, x, hash, noon.Add(time.Minute)) {
			t.Fatalf("claim for %s: nothing to send", hash)
		}
	}
	must(t, s.SettleSignUp(t.Context(), x.ID, noon.Add(2*time.Minute), ""))
	if claim(t, s, x, "h3", noon.Add(48*time.Hour)) {
		t.Error("it is sent again")
	}
	found, err := s.SignUpByToken(t.Context(), "h1")
	must(t, err)
	want := x
	want.Sent, want.Expires = noon.Add(2*time.Minute), noon.Add(time.Minute+7*24*time.Hour)
	want.Wishes.FeedKey = 0
	equal(t, "by its token", found, want)

	later := noon.Add(time.Hour)
	got, fresh, err := s.ConfirmSignUp(t.Context(), "h2", later, "other net", 77)
	must(t, err)
	if !fresh || !got.Confirmed.Equal(later) {
		t.Errorf("confirmed %v, fresh %v", got.Confirmed, fresh)
	}
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	equal(t, "subscriber", fmt.Sprint(ann.Status, ann.Digests, ann.Themes, ann.FeedKey), "active[d] [finance] 77")
	proofs, err := s.Proofs(t.Context(), ann.ID)
	must(t, err)
	equal(t, "proofs", proofs, []store.Proof{{Consent: x.Consent, Asked: noon, AskedFrom: "net", Confirmed: later, ConfirmedFrom: "other net"}})
	out, err := s.OptOuts(t.Context(), mailer.FixedID("ann@example.com"))
	must(t, err)
	equal(t, "opted out of", out, []string(nil))

	// Replayed after the subscriber left, a token does not bring them back.
	must(t, s.Leave(t.Context(), ann.ID, ""))
	for _, hash := range []string{"h1", "h2"} {
		_, fresh, err = s.ConfirmSignUp(t.Context(), hash, later.Add(time.Minute), "net", 78)
		must(t, err)
		if fresh {
			t.Errorf("%s confirms a second time", hash)
		}
	}
	ann, err = s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	equal(t, "status", ann.Status, mailer.Unsubscribed)
}

func signUpKnown(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	saveSubscribers(t, s, subscriber("ann"), subscriber("bob", is(mailer.Unsubscribed)))
	for i, name := range []string{"ann", "bob", "cy"} {
		x := addSignUp(t, s, signUp(name))
		if x.ID == 0 || len(enqueued(t, s)) != i+1 {
			t.Errorf("%s: ID %d, jobs %v", name, x.ID, enqueued(t, s))
		}
	}
	bob, err := s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	equal(t, "until it is confirmed", bob.Status, mailer.Unsubscribed)
	x := addSignUp(t, s, signUp("bob", func(x *store.SignUp) { x.Ticket = "another" }))
	claim(t, s, x, "h", noon)
	_, fresh, err := s.ConfirmSignUp(t.Context(), "h", noon, "net", 1)
	must(t, err)
	bob, err = s.Subscriber(t.Context(), "bob@example.com")
	must(t, err)
	if !fresh || bob.Status != mailer.Active {
		t.Errorf("confirmed: fresh %v, %s", fresh, bob.Status)
	}
}

func signUpTurns(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	add := func(name, ticket string) store.SignUp {
		return addSignUp(t, s, signUp(name, func(x *store.SignUp) { x.Ticket = ticket }))
	}
	first, again, other := add("ann", "1"), add("ANN", "2"), add("bob", "3")
	if !claim(t, s, first, "h1", noon) || claim(t, s, again, "h2", noon.Add(time.Hour)) || !claim(t, s, other, "h3", noon) {
		t.Error("not one mail for each mailbox")
	}
	wantError(t, "the token of a mail that was not sent", second(s.SignUpByToken(t.Context(), "h2")), syndicate.ErrNotFound)
	if claim(t, s, again, "h4", noon.Add(48*time.Hour)) {
		t.Error("a sign-up that had no turn is sent days later")
	}
	if !claim(t, s, add("ann", "5"), "h5", noon.Add(24*time.Hour)) {
		t.Error("a day later there is no turn")
	}
}

func signUpLimits(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	limits := store.SignUpLimits{Within: time.Hour, Network: 2, Domain: 3, Site: 5}
	n := 0
	try := func(email, network string, at time.Time) error {
		n++
		x := signUp("x", func(x *store.SignUp) {
			x.Ticket, x.Wishes.Email, x.Network, x.At = fmt.Sprint(n), email, network, at
		})
		return s.AddSignUp(t.Context(), &x, limits)
	}
	must(t, try("1@a.example", "n1", noon))
	must(t, try("2@a.example", "n1", noon))
	wantError(t, "a third from the network", try("3@b.example", "n1", noon), store.ErrTooMany)
	must(t, try("4@A.example", "n2", noon))
	wantError(t, "a fourth in the domain", try("5@a.example", "n3", noon), store.ErrTooMany)
	must(t, try("6@c.example", "n2", noon))
	must(t, try("7@d.example", "n3", noon))
	wantError(t, "a sixth in all", try("8@e.example", "n4", noon), store.ErrTooMany)
	must(t, try("9@a.example", "n1", noon.Add(time.Hour)))
	if jobs := enqueued(t, s); len(jobs) != 6 {
		t.Errorf("%d jobs, want 6", len(jobs))
	}
}

func signUpTickets(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	addSignUp(t, s, signUp("ann"))
	again := addSignUp(t, s, signUp("ann", func(x *store.SignUp) { x.Wishes.Email = "ANN@example.com" }))
	if again.ID != 0 || len(enqueued(t, s)) != 1 {
		t.Errorf("sent twice: ID %d, jobs %v", again.ID, enqueued(t, s))
	}
	other := signUp("bob", func(x *store.SignUp) { x.Ticket = "ticket of ann" })
	wantError(t, "for another address", s.AddSignUp(t.Context(), &other, wide), store.ErrTicketUsed)
}

func signUpExpires(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	x := addSignUp(t, s, signUp("ann"))
	claim(t, s, x, "h", noon)
	week := noon.Add(7 * 24 * time.Hour)
	for hash, at := range map[string]time.Time{"h": week, "": noon, "forged": noon} {
		_, fresh, err := s.ConfirmSignUp(t.Context(), hash, at, "net", 1)
		wantError(t, "token "+hash, err, syndicate.ErrNotFound)
		if fresh {
			t.Errorf("token %q confirms", hash)
		}
	}
	wantError(t, "subscriber", second(s.Subscriber(t.Context(), "ann@example.com")), syndicate.ErrNotFound)
	_, fresh, err := s.ConfirmSignUp(t.Context(), "h", week.Add(-time.Millisecond), "net", 1)
	must(t, err)
	if !fresh {
		t.Error("the last moment does not count")
	}
	_, _, err = s.ClaimSignUp(t.Context(), 1<<40, "h9", noon, week, time.Hour)
	wantError(t, "claim of nothing", err, syndicate.ErrNotFound)
}

func signUpTogether(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	x := addSignUp(t, s, signUp("ann"))
	claim(t, s, x, "h", noon)
	var wait sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range 6 {
		wait.Go(func() {
			_, fresh, err := s.ConfirmSignUp(t.Context(), "h", noon, "net", 1)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if fresh {
				n++
			}
		})
	}
	wait.Wait()
	ann, err := s.Subscriber(t.Context(), "ann@example.com")
	must(t, err)
	proofs, err := s.Proofs(t.Context(), ann.ID)
	must(t, err)
	if n != 1 || len(proofs) != 1 {
		t.Errorf("%d were the first, %d proofs", n, len(proofs))
	}
}

func signUpsForgotten(t *testing.T, s *store.Store) {
	useQueue(t, s, queue{})
	old := addSignUp(t, s, signUp("ann", func(x *store.SignUp) { x.At = noon.Add(-time.Hour) }))
	claim(t, s, old, "h1", noon)
	bob := addSignUp(t, s, signUp("bob"))
	claim(t, s, bob, "h2", noon)
	must(t, s.ForgetSignUps(t.Context(), noon, noon))
	wantError(t, "the old one", second(s.SignUpByToken(t.Context(), "h1")), syndicate.ErrNotFound)
	_, _, err := s.ConfirmSignUp(t.Context(), "h2", noon, "net", 1)
	must(t, err)
	must(t, s.EraseSubscriber(t.Context(), "bob@example.com"))
	wantError(t, "that of who was erased", second(s.SignUpByToken(t.Context(), "h2")), syndicate.ErrNotFound)
}
