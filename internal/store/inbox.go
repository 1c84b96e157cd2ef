package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// A VisitorMailJob sends the mail about a submission: the receipt to whoever
// sent it, or a letter to the editor.
type VisitorMailJob struct {
	Submission int64 `json:"submission"`
}

// Kind names the work.
func (VisitorMailJob) Kind() string { return "visitor_mail" }

const (
	// sameWithin is how long the same thing sent again is taken for the first.
	sameWithin = 24 * time.Hour
	// receiptsApart is how long after a receipt a mailbox gets the next one, and
	// domainReceipts and siteReceipts are how many go into one domain and out at
	// all in that time.
	receiptsApart  = time.Hour
	domainReceipts = 100
	siteReceipts   = 1000
	// keptSubmissions is how long what is settled stays.
	keptSubmissions = 400 * 24 * time.Hour
)

// Submit stores what a visitor sends and sets its ID. With mail it also has the
// mail about it sent; who sent it gets a receipt an hour at most, so that
// nobody can have a mailbox flooded that is not theirs. What the same sender
// has sent within a day already is not stored again: sub becomes that. The error
// is ErrTicketUsed for a ticket that something else was sent with.
func (s *Store) Submit(ctx context.Context, sub *syndicate.Submission, mail bool) error {
	content, err := contentOf(sub)
	if err != nil {
		return fmt.Errorf("store a submission: %w", err)
	}
	tell := ""
	if sub.Tell && sub.Kind != syndicate.KindLetter {
		tell = mailbox(sub.Address)
	}
	saved := *sub
	err = s.writeDurably(ctx, "store a submission", func(tx *sql.Tx) error {
		saved = *sub
		saved.State, saved.Ticket = syndicate.Received, ""
		same, err := scanSubmission(tx.QueryRowContext(ctx, "SELECT "+inboxColumns+" FROM inbox WHERE sum = $1 AND at > $2 ORDER BY id DESC LIMIT 1",
			sub.Sum(), sub.At.Add(-sameWithin).UnixMilli()))
		if !errors.Is(err, sql.ErrNoRows) {
			saved = same
			return err
		}
		err = tx.QueryRowContext(ctx, `
			INSERT INTO inbox (kind, sum, ticket, at, address, locale, state, word, result, mail_fault, content, tell)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '', $8, $9)
			ON CONFLICT (ticket) DO NOTHING
			RETURNING id`,
			string(sub.Kind), sub.Sum(), sql.NullString{String: text(sub.Ticket), Valid: sub.Ticket != ""}, sub.At.UnixMilli(),
			text(sub.Address), text(sub.Locale), string(saved.State), content, text(tell)).Scan(&saved.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrTicketUsed
		}
		if err != nil || !mail || s.queue == nil {
			return err
		}
		if sub.Kind != syndicate.KindLetter {
			if left, err := receiptsLeft(ctx, tx, sub.Address, sub.At); err != nil || !left {
				return err
			}
			if promised, err := promiseReceipt(ctx, tx, sub.Address, sub.At); err != nil || !promised {
				return err
			}
		}
		return s.queue.Enqueue(ctx, tx, VisitorMailJob{Submission: saved.ID})
	})
	if err == nil {
		*sub = saved
	}
	return err
}

// receiptsLeft reports whether the domain of an address may get one more
// receipt at now, as far as the others go.
func receiptsLeft(ctx context.Context, tx *sql.Tx, address string, now time.Time) (bool, error) {
	if address == "" {
		return false, nil
	}
	_, domain, _ := strings.Cut(mailbox(address), "@")
	var all, inDomain int
	err := tx.QueryRowContext(ctx, `
		SELECT count(*), COALESCE(sum(CASE WHEN mailbox LIKE $2 ESCAPE '!' THEN 1 ELSE 0 END), 0)
		FROM receipts
		WHERE at > $1`, now.Add(-receiptsApart).UnixMilli(), "%@"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text(domain))).Scan(&all, &inDomain)
	return all < siteReceipts && inDomain < domainReceipts, err
}

// promiseReceipt reports whether a mailbox may get a receipt at now, and then
// counts it.
func promiseReceipt(ctx context.Context, tx *sql.Tx, address string, now time.Time) (bool, error) {
	if address == "" {
		return false, nil
	}
	n, err := change(ctx, tx, `
		INSERT INTO receipts (mailbox, at)
		VALUES ($1, $2)
		ON CONFLICT (mailbox) DO UPDATE SET at = excluded.at
		WHERE receipts.at <= $3`,
		text(mailbox(address)), now.UnixMilli(), now.Add(-receiptsApart).UnixMilli())
	return n > 0, err
}

// contentOf returns what was sent as JSON.
func contentOf(sub *syndicate.Submission) (string, error) {
	var content any
	switch {
	case sub.Kind == syndicate.KindContribution && sub.Contribution != nil:
		content = sub.Contribution
	case sub.Kind == syndicate.KindLetter && sub.Letter != nil:
		content = sub.Letter
	case sub.Kind == syndicate.KindApplication && sub.Application != nil:
		content = sub.Application
	default:
		return "", fmt.Errorf("a submission of kind %q has no content of that kind", sub.Kind)
	}
	b, err := json.Marshal(content) // NUL comes out as \u0000, and text that is no UTF-8 as U+FFFD
	return string(b), err
}

const inboxColumns = "id, kind, at, address, locale, state, word, result, settled, mailed, mail_fault, content, tell <> '', told, tell_fault"

func scanSubmission(r scanner) (sub syndicate.Submission, err error) {
	var content []byte
	err = r.Scan(&sub.ID, &sub.Kind, moment{&sub.At}, &sub.Address, &sub.Locale, &sub.State, &sub.Word, &sub.Result,
		moment{&sub.Settled}, moment{&sub.MailedAt}, &sub.MailFault, &content, &sub.Tell, moment{&sub.ToldAt}, &sub.TellFault)
	if err != nil {
		return sub, err
	}
	switch sub.Kind {
	case syndicate.KindContribution:
		err = json.Unmarshal(content, &sub.Contribution)
	case syndicate.KindLetter:
		err = json.Unmarshal(content, &sub.Letter)
	case syndicate.KindApplication:
		err = json.Unmarshal(content, &sub.Application)
	}
	return sub, err
}

// Submission returns what a visitor sent, or syndicate.ErrNotFound.
func (s *Store) Submission(ctx context.Context, id int64) (syndicate.Submission, error) {
	sub, err := scanSubmission(s.read.QueryRowContext(ctx, "SELECT "+inboxColumns+" FROM inbox WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return sub, s.failed("read a submission", err)
}

// Submissions returns what visitors sent of a kind, open or settled, the last
// first, at most limit after the first offset ones.
func (s *Store) Submissions(ctx context.Context, kind syndicate.SubmissionKind, open bool, limit, offset int) ([]syndicate.Submission, error) {
	subs, err := query(ctx, s.read, scanSubmission, `
		SELECT `+inboxColumns+`
		FROM inbox
		WHERE kind = $1 AND (settled IS NULL) = $2
		ORDER BY id DESC
		LIMIT $3 OFFSET $4`, string(kind), open, max(limit, 0), max(offset, 0))
	return subs, s.failed("read the inbox", err)
}

// OpenSubmissions returns how many submissions of each kind wait for an editor.
func (s *Store) OpenSubmissions(ctx context.Context) (map[syndicate.SubmissionKind]int, error) {
	counts, err := s.counts(ctx, "SELECT kind, count(*) FROM inbox WHERE settled IS NULL GROUP BY kind")
	open := make(map[syndicate.SubmissionKind]int, len(counts))
	for kind, n := range counts {
		open[syndicate.SubmissionKind(kind)] = n
	}
	return open, s.failed("count the inbox", err)
}

// SetApplication stores what became known of an application that is open. The
// error is syndicate.ErrNotFound if there is no such one.
func (s *Store) SetApplication(ctx context.Context, id int64, a *syndicate.Application) error {
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("store an application: %w", err)
	}
	return s.write(ctx, "store an application", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE inbox SET content = $2 WHERE id = $1 AND kind = $3 AND settled IS NULL",
			id, string(content), string(syndicate.KindApplication))
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		return err
	})
}

// NoteMail stores that the mail about a submission was handed over at an
// instant, or why it was not.
func (s *Store) NoteMail(ctx context.Context, id int64, at time.Time, fault string) error {
	return s.writeDurably(ctx, "store that a mail was sent", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE inbox SET mailed = $2, mail_fault = $3 WHERE id = $1", id, ms(at), text(fault))
		return err
	})
}

// A Settlement is what an editor makes of a submission.
type Settlement struct {
	State  syndicate.SubmissionState
	Word   string
	Result string
	At     time.Time

	Article     *syndicate.Article // of an accepted contribution
	Fingerprint string             // of the classifier that filed the article
	Themes      *[]string          // what the editor files it under; nil leaves that to the rules

	Added *AddedSource // of an accepted application; nil when it goes into a file
}

// An AddedSource is a source that is kept in the database alone.
type AddedSource struct {
	syndicate.ProposedSource
	At time.Time
}

// SettleSubmission does all that a settlement says, or nothing. It reports
// false for a submission that is settled already, and the error is
// syndicate.ErrNotFound for none at all.
func (s *Store) SettleSubmission(ctx context.Context, id int64, t Settlement) (done bool, err error) {
	r := &recording{poll: &syndicate.Poll{Source: syndicate.ContributionsSource, NextAt: t.At, LastAt: t.At, LastOKAt: t.At}}
	if t.Article != nil {
		if r.rows, err = s.prepare(ctx, r.poll, t.Fingerprint, []syndicate.Article{*t.Article}); err != nil {
			return false, s.failed("settle a submission", err)
		}
	}
	err = s.writeDurably(ctx, "settle a submission", func(tx *sql.Tx) (err error) {
		if done, err = settle(ctx, tx, id, t); err != nil || !done {
			return err
		}
		if err := s.promiseDecision(ctx, tx, id); err != nil {
			return err
		}
		if t.Added != nil {
			return addSource(ctx, tx, id, t.Added)
		}
		if t.Article == nil {
			return nil
		}
		if err := s.save(ctx, tx, r); err != nil || t.Themes == nil {
			return err
		}
		return s.correct(ctx, tx, syndicate.Correction{Key: t.Article.Key, Themes: *t.Themes, At: t.At})
	})
	return done && err == nil, err
}

// settle notes what became of a submission, and reports whether it was open.
func settle(ctx context.Context, tx *sql.Tx, id int64, t Settlement) (bool, error) {
	n, err := change(ctx, tx, "UPDATE inbox SET state = $2, word = $3, result = $4, settled = $5 WHERE id = $1 AND settled IS NULL",
		id, string(t.State), text(t.Word), text(t.Result), t.At.UnixMilli())
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = scanOne[int64](tx.QueryRowContext(ctx, "SELECT id FROM inbox WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return false, err
}

// addSource keeps a source, and notes with its application that it is kept
// here.
func addSource(ctx context.Context, tx *sql.Tx, id int64, added *AddedSource) error {
	b, err := json.Marshal(added.ProposedSource)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO added_sources (name, source, at) VALUES ($1, $2, $3)", added.Name, string(b), added.At.UnixMilli())
	if err != nil {
		return err
	}
	sub, err := scanSubmission(tx.QueryRowContext(ctx, "SELECT "+inboxColumns+" FROM inbox WHERE id = $1", id))
	if err != nil {
		return err
	}
	sub.Application.Source, sub.Application.Stored = added.ProposedSource, true
	return setContent(ctx, tx, &sub)
}

// AddedSources returns the sources that are kept in the database, in the order
// in which they came.
func (s *Store) AddedSources(ctx context.Context) ([]AddedSource, error) {
	added, err := query(ctx, s.read, func(r scanner) (a AddedSource, err error) {
		var b []byte
		if err := r.Scan(&b, moment{&a.At}); err != nil {
			return a, err
		}
		return a, json.Unmarshal(b, &a.ProposedSource)
	}, "SELECT source, at FROM added_sources ORDER BY at, name")
	return added, s.failed("read the added sources", err)
}

// DropSource takes a source out of the database, and notes that with its
// application. Its articles stay. The error is syndicate.ErrNotFound when it is
// not there.
func (s *Store) DropSource(ctx context.Context, name string) error {
	return s.write(ctx, "take out source "+name, func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "DELETE FROM added_sources WHERE name = $1", text(name))
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		if err != nil {
			return err
		}
		subs, err := query(ctx, tx, scanSubmission, "SELECT "+inboxColumns+" FROM inbox WHERE kind = $1 AND result = $2",
			string(syndicate.KindApplication), text(name))
		if err != nil {
			return err
		}
		for i := range subs {
			subs[i].Application.Stored = false
			if err := setContent(ctx, tx, &subs[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// setContent stores what a submission holds now.
func setContent(ctx context.Context, tx *sql.Tx, sub *syndicate.Submission) error {
	content, err := contentOf(sub)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE inbox SET content = $2 WHERE id = $1", sub.ID, content)
	return err
}

// ForgetSubmissions deletes what was settled long ago, with the addresses of
// its senders, and when receipts were sent that no longer count.
func (s *Store) ForgetSubmissions(ctx context.Context, now time.Time) error {
	return s.write(ctx, "forget submissions", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM inbox WHERE settled < $1", now.Add(-keptSubmissions).UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM receipts WHERE at < $1", now.Add(-receiptsApart).UnixMilli())
		return err
	})
}
