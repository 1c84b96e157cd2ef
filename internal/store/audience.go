package store

import (
	"context"
	"database/sql"

	"broadsheet/mailer"
)

// audienceBatch is how many subscribers are planned at a time.
const audienceBatch = 2000

// insertItems stores what an edition and its variants tell.
func (s *Store) insertItems(ctx context.Context, tx *sql.Tx, e *mailer.Edition) error {
	var items, told [][]any
	seen, everybody := map[string]bool{}, map[string]bool{}
	add := func(sections []mailer.Section, all bool) {
		for _, sec := range sections {
			for i := range sec.Items {
				if key := sec.Items[i].Key; !seen[key] {
					seen[key], everybody[key] = true, all
					items = append(items, []any{e.ID, e.Digest, key, sec.Theme, len(seen), all})
				}
			}
		}
	}
	add(e.Sections, true)
	for i := range e.Variants {
		v := &e.Variants[i]
		add(v.Sections, false)
		for _, sec := range v.Sections {
			for j := range sec.Items {
				if key := sec.Items[j].Key; !everybody[key] {
					told = append(told, []any{e.Digest, key, text(v.Wish()), e.ID})
				}
			}
		}
	}
	err := s.insert(ctx, tx, into("INSERT INTO edition_items (edition, digest, key, theme, position, everybody)", 6), items, nil)
	if err != nil {
		return err
	}
	in := into("INSERT INTO told (digest, key, wish, edition)", 4)
	in.tail = "ON CONFLICT (digest, key, wish) DO NOTHING"
	return s.insert(ctx, tx, in, told, nil)
}

// Mailed returns which editions of a digest told the articles of the keys.
func (s *Store) Mailed(ctx context.Context, digest string, keys []string) (mailer.Told, error) {
	told := mailer.Told{All: map[string]int64{}, To: map[string]map[string]int64{}}
	err := inBatches(keys, 500, func(keys []string) error {
		args := append([]any{text(digest)}, anys(keys)...)
		among := "key IN (" + placeholders(2, len(keys)) + ")"
		_, err := query(ctx, s.read, func(r scanner) (struct{}, error) {
			var key string
			var id int64
			err := r.Scan(&key, &id)
			told.All[key] = id
			return struct{}{}, err
		}, "SELECT key, min(edition) FROM edition_items WHERE digest = $1 AND "+among+" AND everybody GROUP BY key", args...)
		if err != nil {
			return err
		}
		_, err = query(ctx, s.read, func(r scanner) (struct{}, error) {
			var key, wish string
			var id int64
			err := r.Scan(&key, &wish, &id)
			if told.To[wish] == nil {
				told.To[wish] = map[string]int64{}
			}
			told.To[wish][key] = id
			return struct{}{}, err
		}, "SELECT key, wish, edition FROM told WHERE digest = $1 AND "+among, args...)
		return err
	})
	return told, s.failed("look up what "+digest+" told", err)
}

// insertVariants stores the variants of an edition and gives them their IDs.
func (s *Store) insertVariants(ctx context.Context, tx *sql.Tx, e *mailer.Edition) error {
	e.Variants = append([]mailer.Variant(nil), e.Variants...)
	for i := range e.Variants {
		v := &e.Variants[i]
		err := tx.QueryRowContext(ctx, `
			INSERT INTO variants (edition, selection, since, important, subject, language, sections, text, html, empty)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			RETURNING id`, e.ID, selected{&v.Selection}, v.After, v.Important, text(v.Subject), v.Language, list[mailer.Section]{&v.Sections},
			text(v.Text), text(v.HTML), text(v.Empty)).Scan(&v.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// variantsOf returns the variants of an edition.
func variantsOf(ctx context.Context, q querier, edition int64) ([]mailer.Variant, error) {
	return query(ctx, q, func(r scanner) (v mailer.Variant, err error) {
		err = r.Scan(&v.ID, selected{&v.Selection}, &v.After, &v.Important, &v.Subject, &v.Language, list[mailer.Section]{&v.Sections}, &v.Text, &v.HTML, &v.Empty)
		return v, err
	}, `
		SELECT id, selection, since, important, subject, language, sections, text, html, empty
		FROM variants
		WHERE edition = $1
		ORDER BY id`, edition)
}

// Variant returns the variant of an edition with an ID, or
// syndicate.ErrNotFound.
func (s *Store) Variant(ctx context.Context, edition, id int64) (v mailer.Variant, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT id, selection, since, important, subject, language, text, html, empty
		FROM variants
		WHERE edition = $1 AND id = $2`, edition, id).
		Scan(&v.ID, selected{&v.Selection}, &v.After, &v.Important, &v.Subject, &v.Language, &v.Text, &v.HTML, &v.Empty)
	return v, s.failed("read a variant of an edition", notFound(err))
}

// Variants returns the variants of an edition that somebody gets, at most
// limit, without sections and bodies.
func (s *Store) Variants(ctx context.Context, edition int64, limit int) ([]mailer.Variant, error) {
	vs, err := query(ctx, s.read, func(r scanner) (v mailer.Variant, err error) {
		err = r.Scan(&v.ID, selected{&v.Selection}, &v.After, &v.Important, &v.Subject, &v.Language)
		return v, err
	}, `
		SELECT id, selection, since, important, subject, language
		FROM variants
		WHERE edition = $1 AND empty = ''
		ORDER BY id
		LIMIT $2`, edition, max(limit, 0))
	return vs, s.failed("read the variants of an edition", err)
}

// A listener is a subscriber as planning needs one: what is common to an
// audience, as it is stored.
type listener struct {
	selection, rhythm, pausedUntil string
	last                           int64 // 0 for NULL
}

// listenersOf returns the shares of an edition by what is common to their
// audiences.
func listenersOf(e *mailer.Edition) (map[listener]*mailer.Share, error) {
	shares := make(map[listener]*mailer.Share, len(e.Shares))
	for i := range e.Shares {
		sh := &e.Shares[i]
		selection, err := selected{&sh.Selection}.Value()
		if err != nil {
			return nil, err
		}
		rhythm, err := wanted{&sh.Rhythm}.Value()
		if err != nil {
			return nil, err
		}
		shares[listener{selection.(string), rhythm.(string), sh.PausedUntil, sh.Last.Edition}] = sh
	}
	return shares, nil
}

// planSubscribers plans a delivery for each active subscriber of the edition's
// digest who has a share of it and whose mailbox is not in seen, and returns
// how many are to be sent: for whom a variant is empty the account says so. Who
// has no share came while the edition was composed, or chose something else
// then; theirs is the next one, with the news of this one.
func (s *Store) planSubscribers(ctx context.Context, tx *sql.Tx, e *mailer.Edition, seen map[string]bool) (planned int, err error) {
	shares, err := listenersOf(e)
	if err != nil {
		return 0, err
	}
	in := into("INSERT INTO deliveries (edition, recipient, message_id, state, attempts, next_at, owner, reply, error, settled, subscriber, variant)", 12)
	for after := int64(0); ; {
		type row struct {
			id    int64
			email string
			listener
		}
		rows, err := query(ctx, tx, func(r scanner) (x row, err error) {
			err = r.Scan(&x.id, &x.email, &x.selection, &x.rhythm, &x.pausedUntil, &x.last)
			return x, err
		}, `
			SELECT s.id, s.email, s.selection, s.rhythm, s.paused_until, COALESCE(d.since, 0)
			FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
			WHERE d.digest = $1 AND d.subscriber > $2 AND s.status = 'active'
			ORDER BY d.subscriber
			LIMIT $3`, e.Digest, after, audienceBatch)
		if err != nil || len(rows) == 0 {
			return planned, err
		}
		after = rows[len(rows)-1].id
		var values [][]any
		kept := map[int64][]int64{} // subscribers by which edition is their last from now on
		var late []int64
		for _, x := range rows {
			share, ok := shares[x.listener]
			if !ok {
				if x.last == 0 {
					late = append(late, x.id)
				}
				continue
			}
			if k := share.Keep; k != nil {
				last := k.Edition
				if k.This {
					last = e.ID
				}
				kept[last] = append(kept[last], x.id)
			}
			if share.Wait != "" || seen[mailbox(x.email)] {
				continue
			}
			state, why, variant, next := mailer.Planned, "", any(nil), any(e.Created.UnixMilli())
			if !share.SendAt.IsZero() {
				next = share.SendAt.UnixMilli()
			}
			if share.Variant >= 0 {
				v := &e.Variants[share.Variant]
				variant = v.ID
				if v.Empty != "" {
					state, why, next = mailer.Suppressed, v.Empty, nil
				}
			}
			if state == mailer.Planned {
				planned++
			}
			values = append(values, []any{
				e.ID, x.email, mailer.MessageID(e.Digest, e.At, x.email, e.Sender), string(state), 0, next, "", "", text(why), nil, x.id, variant,
			})
		}
		if err := s.insert(ctx, tx, in, values, nil); err != nil {
			return planned, err
		}
		if len(late) > 0 {
			before, err := editionBefore(ctx, tx, e)
			if err != nil {
				return planned, err
			}
			kept[before] = append(kept[before], late...)
		}
		for last, ids := range kept {
			if err := keep(ctx, tx, e.Digest, last, ids); err != nil {
				return planned, err
			}
		}
	}
}

// editionBefore returns the ID of the edition of the same digest that was made
// before e and not skipped, 0 for none.
func editionBefore(ctx context.Context, tx *sql.Tx, e *mailer.Edition) (id int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(max(id), 0) FROM editions WHERE digest = $1 AND number > 0 AND id < $2", e.Digest, e.ID).Scan(&id)
	return id, err
}

// keep writes down which edition of a digest was the last one for subscribers,
// 0 for none.
func keep(ctx context.Context, tx *sql.Tx, digest string, edition int64, subscribers []int64) error {
	return inBatches(subscribers, 1000, func(ids []int64) error {
		args := append([]any{sql.NullInt64{Int64: edition, Valid: edition != 0}, digest}, anys(ids)...)
		_, err := tx.ExecContext(ctx, "UPDATE subscriptions SET since = $1 WHERE digest = $2 AND subscriber IN ("+placeholders(3, len(ids))+")", args...)
		return err
	})
}

// Audiences returns the active subscribers of a digest by what they want, the
// largest audience first.
func (s *Store) Audiences(ctx context.Context, digest string) ([]mailer.Audience, error) {
	as, err := query(ctx, s.read, func(r scanner) (a mailer.Audience, err error) {
		err = r.Scan(selected{&a.Selection}, wanted{&a.Rhythm}, &a.PausedUntil, &a.Last.Edition, &a.Subscribers,
			moment{&a.Last.Since}, moment{&a.Last.Until}, moment{&a.Last.Made})
		return a, err
	}, `
		SELECT g.selection, g.rhythm, g.paused_until, g.last, g.n, e.since, e.until, e.created
		FROM (
			SELECT s.selection, s.rhythm, s.paused_until, COALESCE(d.since, 0) AS last, count(*) AS n
			FROM subscriptions d JOIN subscribers s ON s.id = d.subscriber
			WHERE d.digest = $1 AND s.status = 'active'
			GROUP BY s.selection, s.rhythm, s.paused_until, COALESCE(d.since, 0)
		) g LEFT JOIN editions e ON e.id = g.last
		ORDER BY g.n DESC, g.selection, g.rhythm, g.paused_until, g.last`, text(digest))
	return as, s.failed("read the audience of "+digest, err)
}
