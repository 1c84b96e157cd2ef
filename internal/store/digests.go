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
// theirs. A digest whose next time is zero is never due.
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
		if _, err := tx.ExecContext(ctx, "UPDATE digests SET active = FALSE"); err != nil {
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
}

// Digests returns the state of the configured digests, in their order.
func (s *Store) Digests(ctx context.Context) ([]DigestState, error) {
	states, err := query(ctx, s.read, func(r scanner) (d DigestState, err error) {
		err = r.Scan(&d.Name, moment{&d.NextAt}, moment{&d.LastAt})
		return d, err
	}, `
		SELECT d.name, d.next_at, (SELECT max(e.at) FROM editions e WHERE e.digest = d.name)
		FROM digests d
		WHERE d.active
		ORDER BY d.position, d.name`)
	return states, s.failed("read the digests", err)
}

// A Due is a digest with the instant an edition of it is due.
type Due struct {
	Digest string
	At     time.Time
}

// DueDigests returns the configured digests whose next time is not after now,
// the longest waiting first.
func (s *Store) DueDigests(ctx context.Context, now time.Time) ([]Due, error) {
	due, err := query(ctx, s.read, func(r scanner) (d Due, err error) {
		err = r.Scan(&d.Digest, moment{&d.At})
		return d, err
	}, `
		SELECT name, next_at
		FROM digests
		WHERE active AND next_at <= $1
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
const maxFresh = 5000

// toldInNoEdition is the condition that no article of the story that a tells
// is in an edition of a digest: what readers were told once is no news when
// another source tells it.
func toldInNoEdition(digest string) string {
	return `NOT EXISTS (
		SELECT 1
		FROM tellings t JOIN stories s ON s.id = t.story JOIN tellings o ON o.story = s.id JOIN articles m ON m.id = o.article_id
			JOIN edition_items i ON i.digest = ` + digest + ` AND i.key IN (m.key, s.key)
		WHERE t.article_id = a.id)`
}

// Fresh returns the articles that q selects at until, that were first seen
// after since (and up to an hour before, for articles that were being stored
// then) and not after until, and that are in no edition of the digest, neither
// they nor another article of the story they tell. They
// come in the order of Articles, at most 5,000 of them, without Sections and
// Content. A zero since means all.
func (s *Store) Fresh(ctx context.Context, digest string, q syndicate.Query, since, until time.Time) ([]syndicate.Article, error) {
	b := &builder{dialect: s.dialect, now: until}
	conditions := []string{
		"a.first_seen <= " + b.arg(until.UnixMilli()),
		"NOT EXISTS (SELECT 1 FROM edition_items i WHERE i.digest = " + b.arg(digest) + " AND i.key = a.key)",
		toldInNoEdition(b.arg(digest)),
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
