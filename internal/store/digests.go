package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// SyncDigests makes the configured digests the ones that are composed. New
// ones, those whose schedule or zone changed and those that come back after
// they were not configured get their next time from next; the others keep
// theirs. A digest whose next time is zero is never due. One that is held may
// be tried again at once.
func (s *Store) SyncDigests(ctx context.Context, digests []mailer.Digest, next func(mailer.Digest) time.Time) error {
	type row struct {
		name, schedule, zone string
		active               bool
	}
	return s.write(ctx, "store the digests", func(tx *sql.Tx) error {
		rows, err := query(ctx, tx, func(r scanner) (v row, err error) {
			err = r.Scan(&v.name, &v.schedule, &v.zone, &v.active)
			return v, err
		}, "SELECT name, schedule, zone, active FROM digests")
		if err != nil {
			return err
		}
		known := make(map[string]row, len(rows))
		for _, r := range rows {
			known[r.name] = r
		}
		if _, err := tx.ExecContext(ctx, "UPDATE digests SET active = FALSE, retry_at = NULL"); err != nil {
			return err
		}
		for i, d := range digests {
			want := row{name: d.Name, schedule: d.Schedule, zone: time.UTC.String(), active: true}
			if d.Location != nil {
				want.zone = d.Location.String()
			}
			text, args := "UPDATE digests SET position = $2, active = TRUE WHERE name = $1", []any{d.Name, i}
			if known[d.Name] != want {
				text = `
					INSERT INTO digests (name, position, schedule, zone, next_at, active)
					VALUES ($1, $2, $3, $4, $5, TRUE)
					ON CONFLICT (name) DO UPDATE
					SET position = excluded.position, schedule = excluded.schedule, zone = excluded.zone,
						next_at = excluded.next_at, active = TRUE`
				args = append(args, want.schedule, want.zone, ms(next(d)))
			}
			if _, err := tx.ExecContext(ctx, text, args...); err != nil {
				return fmt.Errorf("digest %s: %w", d.Name, err)
			}
		}
		return nil
	})
}

// A DigestState is when a configured digest is composed.
type DigestState struct {
	Name   string
	NextAt time.Time // zero: never
	LastAt time.Time // when its latest edition was due, skipped ones included; zero: never
	Held   string    // why the edition that is due cannot be made; "" when nothing is in its way
	HeldAt time.Time // since when
	OnHold time.Time // since when an operator holds its editions; zero: nobody does
}

// Digests returns the state of the configured digests, in their order.
func (s *Store) Digests(ctx context.Context) ([]DigestState, error) {
	states, err := query(ctx, s.read, func(r scanner) (d DigestState, err error) {
		err = r.Scan(&d.Name, moment{&d.NextAt}, moment{&d.LastAt}, &d.Held, moment{&d.HeldAt}, moment{&d.OnHold})
		return d, err
	}, `
		SELECT d.name, d.next_at, (SELECT max(e.at) FROM editions e WHERE e.digest = d.name), d.held, d.held_at, d.on_hold
		FROM digests d
		WHERE d.active
		ORDER BY d.position, d.name`)
	return states, s.failed("read the digests", err)
}

// A Due is a digest with the instant an edition of it is due.
type Due struct {
	Digest string
	At     time.Time
	Held   bool // it was tried before; see Hold
}

// Hold keeps the edition of a digest that is due and cannot be made: it is due
// again at an instant, and the reason stands in the digest's state until an
// edition of it is stored.
func (s *Store) Hold(ctx context.Context, digest, why string, now, again time.Time) error {
	return s.write(ctx, "hold an edition of "+digest, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE digests SET held = $2, held_at = COALESCE(held_at, $3), retry_at = $4 WHERE name = $1",
			digest, text(why), now.UnixMilli(), again.UnixMilli())
		return err
	})
}

// DueDigests returns the configured digests whose next time is not after now,
// the longest waiting first. One that is held waits until it is to be tried
// again, and one that an operator holds until it is released.
func (s *Store) DueDigests(ctx context.Context, now time.Time) ([]Due, error) {
	due, err := query(ctx, s.read, func(r scanner) (d Due, err error) {
		err = r.Scan(&d.Digest, moment{&d.At}, &d.Held)
		return d, err
	}, `
		SELECT name, next_at, held <> ''
		FROM digests
		WHERE active AND on_hold IS NULL AND next_at <= $1 AND (retry_at IS NULL OR retry_at <= $1)
		ORDER BY next_at, name`, now.UnixMilli())
	return due, s.failed("look for digests that are due", err)
}

// HurryDigest makes a digest due at now because an operator wants it. The error
// is syndicate.ErrNotFound for a digest that is not configured.
func (s *Store) HurryDigest(ctx context.Context, name string, now time.Time) error {
	return s.write(ctx, "make digest "+name+" due", func(tx *sql.Tx) error {
		n, err := change(ctx, tx, "UPDATE digests SET next_at = $2 WHERE name = $1 AND active", text(name), now.UnixMilli())
		if err == nil && n == 0 {
			err = syndicate.ErrNotFound
		}
		return err
	})
}

// CountAudience returns how many active subscribers a digest has.
func (s *Store) CountAudience(ctx context.Context, digest string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT count(*)
		FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.digest = $1 AND s.status = 'active'`, text(digest)).Scan(&n)
	return n, s.failed("count the subscribers of "+digest, err)
}

// freshSlack is how far before the end of the last edition Fresh looks: an
// article may have been first seen before and stored after it was composed.
const freshSlack = time.Hour

// maxFresh bounds what one edition chooses from.
const maxFresh = 10_000

// Fresh returns the articles that q selects at until, that were first seen
// after since (and up to an hour before, for articles that were being stored
// then) and not after until, and that no edition of the digest up to the one
// with an ID told everybody, neither they nor another article of the story they
// tell: what readers were told once is no news when another source tells it.
// They come in the order of Articles, at most 10,000 of them, without Sections
// and Content. A zero since means all.
func (s *Store) Fresh(ctx context.Context, digest string, q syndicate.Query, upTo int64, since, until time.Time) ([]syndicate.Article, error) {
	b := &builder{dialect: s.dialect, now: until}
	told := func(key string) string {
		return "i.digest = " + b.arg(digest) + " AND i.key " + key + " AND i.everybody AND i.edition <= " + b.arg(upTo)
	}
	conditions := []string{
		"a.first_seen <= " + b.arg(until.UnixMilli()),
		"NOT EXISTS (SELECT 1 FROM edition_items i WHERE " + told("= a.key") + ")",
		`NOT EXISTS (
			SELECT 1
			FROM tellings t JOIN stories s ON s.id = t.story JOIN tellings o ON o.story = s.id JOIN articles m ON m.id = o.article_id
				JOIN edition_items i ON ` + told("IN (m.key, s.key)") + `
			WHERE t.article_id = a.id)`,
	}
	if !since.IsZero() {
		conditions = append(conditions, "a.first_seen > "+b.arg(since.Add(-freshSlack).UnixMilli()))
	}
	articles, err := s.selected(ctx, b, q, leanColumns, maxFresh, 0, conditions...)
	return articles, s.failed("look for fresh articles for "+digest, err)
}

const editionColumns = `e.id, e.digest, e.number, e.at, e.since, e.until, e.created, e.title, e.subject, e.language, e.skipped, e.private`

func editionFields(e *mailer.Edition) []any {
	return []any{
		&e.ID, &e.Digest, &e.Number,
		moment{&e.At},
		moment{&e.Since},
		moment{&e.Until},
		moment{&e.Created},
		&e.Title, &e.Subject, &e.Language, &e.Skipped, &e.Private,
	}
}

func scanEdition(r scanner) (e mailer.Edition, err error) {
	err = r.Scan(editionFields(&e)...)
	return e, err
}

// LastEdition returns the edition of a digest that was due last, skipped ones
// included, without sections and bodies. The error is syndicate.ErrNotFound if
// there is none.
func (s *Store) LastEdition(ctx context.Context, digest string) (mailer.Edition, error) {
	e, err := scanEdition(s.read.QueryRowContext(ctx, `
		SELECT `+editionColumns+`
		FROM editions e
		WHERE e.digest = $1
		ORDER BY e.at DESC
		LIMIT 1`, digest))
	return e, s.failed("read the last edition of "+digest, notFound(err))
}

// LastSent returns the edition of a digest that was stored last and not
// skipped, without sections and bodies, or syndicate.ErrNotFound.
func (s *Store) LastSent(ctx context.Context, digest string) (mailer.Edition, error) {
	e, err := scanEdition(s.read.QueryRowContext(ctx, `
		SELECT `+editionColumns+`
		FROM editions e
		WHERE e.digest = $1 AND e.number > 0
		ORDER BY e.number DESC
		LIMIT 1`, digest))
	return e, s.failed("read the last edition of "+digest+" that was sent", notFound(err))
}

// Edition returns an edition with sections, bodies and variants, or
// syndicate.ErrNotFound.
func (s *Store) Edition(ctx context.Context, id int64) (mailer.Edition, error) {
	e, err := s.wholeEdition(ctx, "e.id = $1", id)
	if err == nil {
		e.Variants, err = variantsOf(ctx, s.read, id)
	}
	return e, s.failed(fmt.Sprintf("read edition %d", id), err)
}

// NumberedEdition returns the edition of a digest that has a number, with
// sections and bodies, or syndicate.ErrNotFound. Skipped ones have no number.
func (s *Store) NumberedEdition(ctx context.Context, digest string, number int) (mailer.Edition, error) {
	e, err := s.wholeEdition(ctx, "e.digest = $1 AND e.number = $2 AND e.number > 0", text(digest), number)
	return e, s.failed(fmt.Sprintf("read edition %d of %q", number, digest), err)
}

func (s *Store) wholeEdition(ctx context.Context, where string, args ...any) (e mailer.Edition, err error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+editionColumns+", e.sections, e.text, e.html FROM editions e WHERE "+where, args...)
	err = row.Scan(append(editionFields(&e), list[mailer.Section]{&e.Sections}, &e.Text, &e.HTML)...)
	return e, notFound(err)
}

// LastEditions returns the latest editions of a digest that were not skipped, the
// latest first, at most limit, with sections and without bodies.
func (s *Store) LastEditions(ctx context.Context, digest string, limit int) ([]mailer.Edition, error) {
	editions, err := query(ctx, s.read, func(r scanner) (e mailer.Edition, err error) {
		err = r.Scan(append(editionFields(&e), list[mailer.Section]{&e.Sections})...)
		return e, err
	}, `
		SELECT `+editionColumns+`, e.sections
		FROM editions e
		WHERE e.digest = $1 AND e.skipped = ''
		ORDER BY e.at DESC
		LIMIT $2`, text(digest), max(limit, 0))
	return editions, s.failed("read the last editions of "+digest, err)
}

// Editions returns the latest editions of a digest ("" is any), skipped ones
// included, without sections and bodies.
func (s *Store) Editions(ctx context.Context, digest string, limit int) ([]mailer.Edition, error) {
	editions, err := query(ctx, s.read, scanEdition, `
		SELECT `+editionColumns+`
		FROM editions e
		WHERE e.digest = $1 OR $1 = ''
		ORDER BY e.at DESC, e.id DESC
		LIMIT $2`, text(digest), max(limit, 0))
	return editions, s.failed("read the editions", err)
}

// EditionsOf returns the editions that an article is in, the first one first,
// without sections and bodies.
func (s *Store) EditionsOf(ctx context.Context, key string) ([]mailer.Edition, error) {
	editions, err := query(ctx, s.read, scanEdition, `
		SELECT `+editionColumns+`
		FROM edition_items i JOIN editions e ON e.id = i.edition
		WHERE i.key = $1
		ORDER BY e.at, e.id`, text(key))
	return editions, s.failed("read the editions of an article", err)
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return syndicate.ErrNotFound
	}
	return err
}
