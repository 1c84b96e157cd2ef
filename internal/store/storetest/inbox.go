package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var inboxTests = map[string]func(*testing.T, *store.Store){
	"what visitors send is kept":                    submissions,
	"the same sent twice is one":                    sameSubmission,
	"a form is good for one submission":             submissionTicket,
	"a mailbox gets a receipt an hour":              receipts,
	"what cannot be queued is not stored":           unqueued,
	"an accepted contribution is an article":        acceptContribution,
	"an editor may file a contribution":             fileContribution,
	"a submission is settled once":                  settledOnce,
	"an application is proved and becomes a source": acceptApplication,
	"what was settled long ago is forgotten":        forgetSubmissions,
	"a domain gets a hundred receipts an hour":      domainReceipts,
	"who wishes is told once, an hour apart":        tellDecisions,
	"of several turns at once one is given":         decisionsAtOnce,
}

func contribution(n int) syndicate.Submission {
	return syndicate.Submission{
		Kind: syndicate.KindContribution, At: noon.Add(time.Duration(n) * time.Minute), Address: "Sender@example.com", Locale: "zh-Hans",
		Contribution: &syndicate.Contribution{Title: fmt.Sprint("港区扩建 ", n), Text: "第一段。\n第二段 \x00。", Link: "https://a.example/1", Theme: "industry", Language: "zh-Hans"},
	}
}

func submit(t *testing.T, s *store.Store, sub syndicate.Submission, mail bool) syndicate.Submission {
	t.Helper()
	must(t, s.Submit(t.Context(), &sub, mail))
	return sub
}

// A queued is a queue that remembers what it was given, or takes nothing.
type queued struct {
	mu   sync.Mutex
	jobs []jobs.Args
	err  error
}

func (q *queued) Enqueue(_ context.Context, _ *sql.Tx, args ...jobs.Args) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.jobs = append(q.jobs, args...)
	}
	return q.err
}

func submissions(t *testing.T, s *store.Store) {
	first := submit(t, s, contribution(1), false)
	letter := submit(t, s, syndicate.Submission{
		Kind: syndicate.KindLetter, At: noon, Locale: "en", Letter: &syndicate.Letter{Name: "R. Quay", Subject: "A question", Text: "Why?"},
	}, false)
	second := submit(t, s, contribution(2), false)
	if first.ID == 0 || first.ID == second.ID || second.ID == letter.ID {
		t.Errorf("ids %d, %d, %d", first.ID, letter.ID, second.ID)
	}
	got, err := s.Submissions(t.Context(), syndicate.KindContribution, true, 10, 0)
	must(t, err)
	equal(t, "open contributions", got, []syndicate.Submission{second, first})
	got, err = s.Submissions(t.Context(), syndicate.KindContribution, true, 1, 1)
	must(t, err)
	equal(t, "the second page", got, []syndicate.Submission{first})
	one, err := s.Submission(t.Context(), letter.ID)
	must(t, err)
	equal(t, "the letter", one, letter)
	counts, err := s.OpenSubmissions(t.Context())
	must(t, err)
	equal(t, "open", counts, map[syndicate.SubmissionKind]int{syndicate.KindContribution: 2, syndicate.KindLetter: 1})

	must(t, s.NoteMail(t.Context(), letter.ID, time.Time{}, "550 no"))
	one, err = s.Submission(t.Context(), letter.ID)
	must(t, err)
	letter.MailFault = "550 no"
	equal(t, "not mailed", one, letter)
	must(t, s.NoteMail(t.Context(), letter.ID, noon, ""))
	one, err = s.Submission(t.Context(), letter.ID)
	must(t, err)
	letter.MailFault, letter.MailedAt = "", noon
	equal(t, "mailed", one, letter)
	_, err = s.Submission(t.Context(), 999)
	wantError(t, "one that is not there", err, syndicate.ErrNotFound)
	bad := syndicate.Submission{Kind: syndicate.KindLetter, At: noon, Contribution: &syndicate.Contribution{}}
	if err := s.Submit(t.Context(), &bad, false); err == nil {
		t.Error("a letter without a letter was stored")
	}
}

func sameSubmission(t *testing.T, s *store.Store) {
	q := &queued{}
	s.UseQueue(q)
	first := submit(t, s, contribution(1), true)
	again := contribution(1)
	again.At = again.At.Add(23 * time.Hour)
	equal(t, "sent again", submit(t, s, again, true), first)
	other := contribution(1)
	other.Address = "another@example.com"
	if got := submit(t, s, other, true); got.ID == first.ID {
		t.Error("another sender's is not stored")
	}
	again.At = again.At.Add(2 * time.Hour)
	if got := submit(t, s, again, true); got.ID == first.ID {
		t.Error("after a day it is not stored")
	}
	if len(q.jobs) != 3 {
		t.Errorf("jobs: %v", q.jobs)
	}
}

func submissionTicket(t *testing.T, s *store.Store) {
	first := contribution(1)
	first.Ticket = "t1"
	first = submit(t, s, first, false)
	again := contribution(1)
	again.Ticket = "t1"
	equal(t, "sent again", submit(t, s, again, false), first)
	other := contribution(2)
	other.Ticket = "t1"
	wantError(t, "something else", s.Submit(t.Context(), &other, false), store.ErrTicketUsed)
	other.Ticket = "t2"
	if got := submit(t, s, other, false); got.ID == first.ID {
		t.Error("with a ticket of its own it is not stored")
	}
	submit(t, s, contribution(3), false)
	submit(t, s, contribution(4), false) // none is no ticket twice
}

func receipts(t *testing.T, s *store.Store) {
	q := &queued{}
	s.UseQueue(q)
	var want []jobs.Args
	for i, c := range []struct {
		after   time.Duration
		address string
		mail    bool
		job     bool
	}{
		{0, "a@example.com", true, true},
		{time.Minute, "A@Example.com", true, false},
		{time.Minute, "b@example.com", true, true},
		{time.Minute, "c@example.com", false, false},
		{time.Minute, "", true, false},
		{59 * time.Minute, "a@example.com", true, false},
		{60 * time.Minute, "a@example.com", true, true},
		{61 * time.Minute, "a@example.com", true, false},
	} {
		sub := contribution(i)
		sub.At, sub.Address = noon.Add(c.after), c.address
		if sub = submit(t, s, sub, c.mail); c.job {
			want = append(want, store.VisitorMailJob{Submission: sub.ID})
		}
	}
	for i := range 2 { // letters go to the editor, who gets them all
		letter := syndicate.Submission{Kind: syndicate.KindLetter, At: noon, Address: "a@example.com", Letter: &syndicate.Letter{Subject: fmt.Sprint(i)}}
		want = append(want, store.VisitorMailJob{Submission: submit(t, s, letter, true).ID})
	}
	equal(t, "mails", q.jobs, want)
}

func unqueued(t *testing.T, s *store.Store) {
	s.UseQueue(&queued{err: errors.New("full")})
	sub := contribution(1)
	if err := s.Submit(t.Context(), &sub, true); err == nil || sub.ID != 0 {
		t.Errorf("error %v, id %d", err, sub.ID)
	}
	counts, err := s.OpenSubmissions(t.Context())
	must(t, err)
	equal(t, "stored", counts, map[syndicate.SubmissionKind]int{})
	q := &queued{}
	s.UseQueue(q)
	submit(t, s, contribution(1), true)
	if len(q.jobs) != 1 {
		t.Error("a receipt that was never queued counts")
	}
}

func acceptance(sub syndicate.Submission) store.Settlement {
	a := article(syndicate.ContributionsSource, int(sub.ID))
	a.Title, a.FirstSeen, a.Filings = sub.Contribution.Title, noon, []syndicate.Filing{filing("finance")}
	return store.Settlement{
		State: syndicate.Accepted, Word: "谢谢", Result: a.Key, At: noon.Add(time.Hour), Article: &a, Fingerprint: fingerprint,
	}
}

func acceptContribution(t *testing.T, s *store.Store) {
	sub := submit(t, s, contribution(1), false)
	equal(t, "before", titles(t, s, "source:contributions"), []string(nil))
	before, _, err := s.Version(t.Context())
	must(t, err)
	set := acceptance(sub)
	done, err := s.SettleSubmission(t.Context(), sub.ID, set)
	must(t, err)
	equal(t, "done", done, true)
	equal(t, "after", titles(t, s, "source:contributions theme:finance 港区"), []string{sub.Contribution.Title})
	if after, _, err := s.Version(t.Context()); err != nil || after <= before {
		t.Errorf("version %d after %d, %v", after, before, err)
	}
	sub.State, sub.Word, sub.Result, sub.Settled = syndicate.Accepted, "谢谢", set.Article.Key, set.At
	got, err := s.Submissions(t.Context(), syndicate.KindContribution, false, 10, 0)
	must(t, err)
	equal(t, "settled", got, []syndicate.Submission{sub})
}

func fileContribution(t *testing.T, s *store.Store) {
	sub := submit(t, s, contribution(1), false)
	set := acceptance(sub)
	set.Themes = &[]string{"industry"}
	_, err := s.SettleSubmission(t.Context(), sub.ID, set)
	must(t, err)
	equal(t, "as the editor says", titles(t, s, "theme:industry"), []string{sub.Contribution.Title})
	equal(t, "and not as the rules say", titles(t, s, "theme:finance"), []string(nil))
	c, err := s.Correction(t.Context(), set.Article.Key)
	must(t, err)
	equal(t, "correction", c.Themes, []string{"industry"})
}

func settledOnce(t *testing.T, s *store.Store) {
	sub := submit(t, s, contribution(1), false)
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		set := acceptance(sub)
		if i%2 == 1 {
			set = store.Settlement{State: syndicate.Declined, Word: "no", At: noon}
		}
		group.Go(func() {
			done, err := s.SettleSubmission(t.Context(), sub.ID, set)
			if err != nil {
				t.Error(err)
			}
			if done {
				won.Add(1)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("settled %d times", won.Load())
	}
	got, err := s.Submission(t.Context(), sub.ID)
	must(t, err)
	if n := len(titles(t, s, "source:contributions")); (n == 1) != (got.State == syndicate.Accepted) {
		t.Errorf("%s, and %d articles", got.State, n)
	}
	_, err = s.SettleSubmission(t.Context(), 999, store.Settlement{State: syndicate.Declined, At: noon})
	wantError(t, "one that is not there", err, syndicate.ErrNotFound)
}

func acceptApplication(t *testing.T, s *store.Store) {
	sub := submit(t, s, syndicate.Submission{Kind: syndicate.KindApplication, At: noon, Address: "desk@harbour.example", Application: &syndicate.Application{
		Organisation: "Harbour Gazette", Site: "https://harbour.example", URL: "https://harbour.example",
		Source: syndicate.ProposedSource{Name: "harbour-example", URL: "https://harbour.example/feed", Kind: syndicate.KindFeed, Language: "en"},
		Found:  12, Sample: []syndicate.SampleEntry{{Title: "One", URL: "https://harbour.example/1", Published: noon}},
	}}, false)
	sub.Application.Proof, sub.Application.ProvedAt = syndicate.ProofDNS, noon
	must(t, s.SetApplication(t.Context(), sub.ID, sub.Application))
	got, err := s.Submission(t.Context(), sub.ID)
	must(t, err)
	equal(t, "proved", got, sub)

	added := store.AddedSource{ProposedSource: sub.Application.Source, At: noon}
	added.Name = "gazette"
	set := store.Settlement{State: syndicate.Accepted, Result: added.Name, At: noon, Added: &added}
	_, err = s.SettleSubmission(t.Context(), sub.ID, set)
	must(t, err)
	list, err := s.AddedSources(t.Context())
	must(t, err)
	equal(t, "added", list, []store.AddedSource{added})
	got, err = s.Submission(t.Context(), sub.ID)
	must(t, err)
	equal(t, "it is kept here", got.Application.Stored && got.Application.Source.Name == "gazette" && got.Result == "gazette", true)
	wantError(t, "proved after that", s.SetApplication(t.Context(), sub.ID, sub.Application), syndicate.ErrNotFound)

	// A name that is taken leaves the application open.
	other := sub
	other.Address = "another@harbour.example"
	other = submit(t, s, other, false)
	if done, err := s.SettleSubmission(t.Context(), other.ID, set); err == nil || done {
		t.Errorf("a taken name: %v, %v", done, err)
	}
	got, err = s.Submission(t.Context(), other.ID)
	must(t, err)
	equal(t, "still", got.State, syndicate.Received)

	must(t, s.DropSource(t.Context(), "gazette"))
	wantError(t, "dropped twice", s.DropSource(t.Context(), "gazette"), syndicate.ErrNotFound)
	list, err = s.AddedSources(t.Context())
	must(t, err)
	equal(t, "dropped", list, []store.AddedSource(nil))
	got, err = s.Submission(t.Context(), sub.ID)
	must(t, err)
	equal(t, "it is kept here still", got.Application.Stored, false)
}

func forgetSubmissions(t *testing.T, s *store.Store) {
	old, open := submit(t, s, contribution(1), false), submit(t, s, contribution(2), false)
	_, err := s.SettleSubmission(t.Context(), old.ID, store.Settlement{State: syndicate.Declined, At: noon})
	must(t, err)
	for _, c := range []struct {
		after time.Duration
		want  error
	}{{400 * 24 * time.Hour, nil}, {400*24*time.Hour + time.Second, syndicate.ErrNotFound}} {
		must(t, s.ForgetSubmissions(t.Context(), noon.Add(c.after)))
		_, err = s.Submission(t.Context(), old.ID)
		wantError(t, fmt.Sprint("after ", c.after), err, c.want)
	}
	_, err = s.Submission(t.Context(), open.ID)
	must(t, err)
}
