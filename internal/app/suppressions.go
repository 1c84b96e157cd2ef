package app

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer"
)

// Suppress keeps an address, or the mailbox with a hash, from being sent
// anything, and reports whether it is new.
func (a *App) Suppress(ctx context.Context, name, detail string) (bool, error) {
	hash, err := mailboxHash(name)
	if err != nil {
		return false, err
	}
	n, err := a.store.Suppress(ctx, []mailer.Suppression{{Hash: hash, Reason: mailer.ByOperator, Detail: oneLine(detail), At: a.opts.Now()}})
	return n > 0, err
}

// Unsuppress lets an address, or the mailbox with a hash, be sent to again,
// and reports whether it was suppressed.
func (a *App) Unsuppress(ctx context.Context, name string) (bool, error) {
	hash, err := mailboxHash(name)
	if err != nil {
		return false, err
	}
	return a.store.Unsuppress(ctx, hash)
}

var hashPattern = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// mailboxHash returns the hash of an address, or the hash that is one already.
func mailboxHash(name string) (string, error) {
	if hashPattern.MatchString(name) {
		return strings.ToLower(name), nil
	}
	if err := mailer.ValidAddress(name); err != nil {
		return "", err
	}
	return mailer.MailboxHash(name), nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// EachSuppression calls do with every suppression of a reason ("" for any).
func (a *App) EachSuppression(ctx context.Context, reason mailer.SuppressionReason, do func(mailer.Suppression) error) error {
	f := store.SuppressionFilter{Reason: reason}
	for {
		page, err := a.store.Suppressions(ctx, f)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, x := range page {
			if err := do(x); err != nil {
				return err
			}
			f.After = x.Hash
		}
	}
}

// suppressionColumns are the columns of a list of suppressions as it is
// written. A list that is read may have email in the place of hash.
var suppressionColumns = []string{"hash", "reason", "detail", "at"}

// ExportSuppressions writes all suppressions as "csv" or "jsonl", by their
// hashes alone, in the form that ImportSuppressions reads.
func (a *App) ExportSuppressions(ctx context.Context, w io.Writer, format string) error {
	if format == "jsonl" {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return a.EachSuppression(ctx, "", func(x mailer.Suppression) error {
			x.To = ""
			return enc.Encode(x)
		})
	}
	out := csv.NewWriter(w)
	err := out.Write(suppressionColumns)
	if err == nil {
		err = a.EachSuppression(ctx, "", func(x mailer.Suppression) error {
			return out.Write([]string{x.Hash, string(x.Reason), x.Detail, x.At.UTC().Format(time.RFC3339)})
		})
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// ImportSuppressions reads a list of suppressions: CSV or JSON Lines with hash
// or email and any of reason, detail and at, or lines that hold an address or
// a hash each. Each line that is left out is reported with its number and its
// fault. It returns how many are new, were there already, and were left out.
func (a *App) ImportSuppressions(ctx context.Context, r io.Reader, report func(line int, fault string)) (sum ImportedSuppressions, err error) {
	list, err := openRoster(r, &roster{columns: append([]string{"email"}, suppressionColumns...), keys: []string{"hash", "email"}, plain: true, what: "suppression"})
	if err != nil {
		return sum, err
	}
	var batch []mailer.Suppression
	flush := func() error {
		n, err := a.store.Suppress(ctx, batch)
		sum.Added, sum.Kept = sum.Added+n, sum.Kept+len(batch)-n
		batch = batch[:0]
		return err
	}
	add := func(row rosterRow) error {
		x, err := suppressionOf(row, a.opts.Now())
		if err == nil {
			batch = append(batch, x)
		}
		return err
	}
	sum.Bad, err = list.each(add, flush, report)
	return sum, err
}

// ImportedSuppressions counts what became of a list of suppressions.
type ImportedSuppressions struct {
	Added int `json:"added"`
	Kept  int `json:"kept"` // were there already
	Bad   int `json:"bad"`  // lines left out
}

// suppressionOf makes a suppression of a row.
func suppressionOf(row rosterRow, now time.Time) (mailer.Suppression, error) {
	name := row["hash"]
	if name == "" {
		name = row["email"]
	}
	hash, err := mailboxHash(name)
	if err != nil {
		return mailer.Suppression{}, err
	}
	x := mailer.Suppression{Hash: hash, Reason: mailer.SuppressionReason(row["reason"]), Detail: oneLine(row["detail"]), At: now}
	if x.Reason == "" {
		x.Reason = mailer.ByOperator
	}
	if !x.Reason.Valid() {
		return x, fmt.Errorf("there is no reason %q; use bounced, complained, unsubscribed, erased or operator", x.Reason)
	}
	if at := row["at"]; at != "" {
		if x.At, err = time.Parse(time.RFC3339, at); err != nil {
			return x, fmt.Errorf("at %q: not a time; write it as in 2026-11-25T08:00:00Z", at)
		}
	}
	return x, nil
}

// A ListedSubscriber is a subscriber, and why nothing is sent to the mailbox.
type ListedSubscriber struct {
	mailer.Subscriber
	Suppressed string `json:"suppressed,omitempty"` // "" when mail is sent
}

// ListSubscribers calls do with every subscriber of a digest ("" for any) and
// status ("" for any), in the order in which they came.
func (a *App) ListSubscribers(ctx context.Context, digest string, status mailer.Status, do func(ListedSubscriber) error) error {
	f := store.SubscriberFilter{Digest: digest, Status: status}
	for {
		page, err := a.store.Subscribers(ctx, f)
		if err != nil || len(page) == 0 {
			return err
		}
		addresses := make([]string, len(page))
		for i := range page {
			addresses[i] = page[i].Email
		}
		barred, err := a.store.SuppressionsOf(ctx, addresses)
		if err != nil {
			return err
		}
		for _, s := range page {
			l := ListedSubscriber{Subscriber: s}
			if x, is := barred[mailer.MailboxHash(s.Email)]; is {
				l.Suppressed = x.Why()
			}
			if err := do(l); err != nil {
				return err
			}
			f.After = s.ID
		}
	}
}
