package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"broadsheet/syndicate"
)

// SyncSources makes the configured sources the ones that are polled. New ones
// are due at once, and so are those whose settings changed: what their server
// calls unchanged may now be read differently. Sources that are no longer
// configured keep their articles and what is remembered of their polls.
func (s *Store) SyncSources(ctx context.Context, sources []syndicate.Source, now time.Time) error {
	return s.write(ctx, "store the sources", func(tx *sql.Tx) error {
		type row struct{ name, settings string }
		rows, err := query(ctx, tx, func(r scanner) (v row, err error) {
			err = r.Scan(&v.name, &v.settings)
			return v, err
		}, "SELECT name, settings FROM sources")
		if err != nil {
			return err
		}
		known := make(map[string]string, len(rows))
		for _, r := range rows {
			known[r.name] = r.settings
		}
		if _, err := tx.ExecContext(ctx, "UPDATE sources SET active = FALSE"); err != nil {
			return err
		}
		for i := range sources {
			settings, ok := known[sources[i].Name]
			if err := syncSource(ctx, tx, &sources[i], i, ok, settings, now); err != nil {
				return fmt.Errorf("source %s: %w", sources[i].Name, err)
			}
		}
		return nil
	})
}

func syncSource(ctx context.Context, tx *sql.Tx, src *syndicate.Source, position int, known bool, settings string, now time.Time) error {
	wanted, err := settingsOf(src)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO sources (name, title, url, kind, every, settings, position, full_text, active)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE)
		ON CONFLICT (name) DO UPDATE
		SET title = excluded.title, url = excluded.url, kind = excluded.kind, every = excluded.every,
			settings = excluded.settings, position = excluded.position, full_text = excluded.full_text, active = TRUE`,
		src.Name, text(src.Title), text(src.URL), string(src.Kind), src.Every.Milliseconds(), wanted, position, src.FullText)
	if err != nil {
		return err
	}
	reason := "new source"
	if known {
		if wanted == settings {
			return shortenWait(ctx, tx, src, now)
		}
		reason = "its settings changed"
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO polls (source, url, next_at, next_reason, status, outcome, error, failures,
			body_hash, bytes, articles, new, ttl, ttl_reason, skip, busy, identity, moved_to, gone)
		VALUES ($1, '', $2, $3, 0, '', '', 0, '', 0, 0, 0, 0, '', 0, '', 0, '', FALSE)
		ON CONFLICT (source) DO UPDATE
		SET next_at = excluded.next_at, next_reason = excluded.next_reason, failures = 0,
			etag = NULL, last_modified = NULL, body_hash = '', moved_to = '', gone = FALSE, gone_since = NULL,
			shapes = '', drift = '', held = 0, accepted = (polls.url = $4)`,
		src.Name, now.UnixMilli(), reason, text(src.URL))
	return err
}

// shortenWait lets a source be polled earlier whose interval became shorter.
// After failures the wait is not the interval's, and stays.
func shortenWait(ctx context.Context, tx *sql.Tx, src *syndicate.Source, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE polls
		SET next_at = CASE WHEN last_at + $2 > $3 THEN last_at + $2 ELSE $3 END,
			next_reason = 'every ' || $4
		WHERE source = $1 AND failures = 0 AND outcome IN ('fetched', 'not modified')
			AND next_reason LIKE 'every %' AND next_at > last_at + $2 AND next_at > $3`,
		src.Name, src.Every.Milliseconds(), now.UnixMilli(), shortDuration(src.Every))
	return err
}

// shortDuration writes 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if len(s) > len(zero) && s[len(s)-len(zero):] == zero {
			s = s[:len(s)-len(zero)+1]
		}
	}
	return s
}

// settingsOf returns a hash of what decides how a source's documents are
// fetched and read.
func settingsOf(src *syndicate.Source) (string, error) {
	read := struct {
		URL, Kind, Language, Match, Location string
		FullText                             bool
		Page                                 syndicate.Selectors
		Themes                               []string
	}{URL: src.URL, Kind: string(src.Kind), Language: src.Language, FullText: src.FullText, Page: src.Page, Themes: src.Themes}
	if src.Match != nil {
		read.Match = src.Match.Text
	}
	if src.Location != nil {
		read.Location = src.Location.String()
	}
	b, err := json.Marshal(read)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), err
}

const pollColumns = `p.source, p.url, p.next_at, p.next_reason, p.last_at, p.last_ok_at, p.status, p.outcome, p.error, p.failures,
	p.etag, p.last_modified, p.body_hash, p.bytes, p.articles, p.new, p.ttl, p.identity, p.moved_to, p.gone, p.gone_since,
	p.ttl_reason, p.skip, p.date, p.full_at, p.busy, p.busy_until, p.shapes, p.drift, p.held, p.accepted, p.fault_since`

func scanPoll(r scanner) (p syndicate.Poll, err error) {
	var etag, lastModified, date []byte
	var ttl int64
	err = r.Scan(&p.Source, &p.URL, moment{&p.NextAt}, &p.NextReason, moment{&p.LastAt}, moment{&p.LastOKAt}, &p.Status,
		&p.Outcome, &p.Error, &p.Failures, &etag, &lastModified, &p.BodyHash, &p.Bytes, &p.Articles, &p.New,
		&ttl, &p.Identity, &p.MovedTo, &p.Gone, moment{&p.GoneSince},
		&p.TTLReason, &p.Skip, &date, moment{&p.FullAt}, &p.Busy, moment{&p.BusyUntil},
		list[syndicate.Shape]{&p.Shapes}, &p.Drift, &p.Held, &p.Accepted, moment{&p.FaultSince})
	p.TTL = time.Duration(ttl) * time.Millisecond
	p.ETag, p.LastModified, p.Date = string(etag), string(lastModified), string(date)
	return p, err
}

// Polls returns what is remembered of the configured sources, in their order.
func (s *Store) Polls(ctx context.Context) ([]syndicate.Poll, error) {
	polls, err := query(ctx, s.read, scanPoll, `
		SELECT `+pollColumns+`
		FROM sources s JOIN polls p ON p.source = s.name
		WHERE s.active
		ORDER BY s.position, s.name`)
	return polls, s.failed("read the polls", err)
}

// Poll returns what is remembered of a source, configured or not any more. The
// error is syndicate.ErrNotFound for a source that never was.
func (s *Store) Poll(ctx context.Context, source string) (syndicate.Poll, error) {
	p, err := scanPoll(s.read.QueryRowContext(ctx, "SELECT "+pollColumns+" FROM polls p WHERE p.source = $1", source))
	if errors.Is(err, sql.ErrNoRows) {
		err = syndicate.ErrNotFound
	}
	return p, s.failed("read the poll of "+source, err)
}

// DueSources returns the configured sources that are to be polled at now, the
// longest waiting first. One whose hub has pushed is due whatever its time,
// unless it was polled less than [pushApart] ago.
func (s *Store) DueSources(ctx context.Context, now time.Time, limit int) ([]string, error) {
	names, err := query(ctx, s.read, scanOne[string], `
		SELECT s.name
		FROM polls p JOIN sources s ON s.name = p.source
		WHERE s.active AND (p.next_at <= $1
			OR p.last_at <= $3 AND p.source IN (SELECT w.source FROM websub w WHERE w.last_push IS NOT NULL))
		ORDER BY p.next_at, s.name
		LIMIT $2`, now.UnixMilli(), limit, now.Add(-pushApart).UnixMilli())
	return names, s.failed("look for sources that are due", err)
}

// SourceCounts returns how many articles are stored of each source, or of each
// of the names.
func (s *Store) SourceCounts(ctx context.Context, names ...string) (map[string]int, error) {
	where, args := "", make([]any, len(names))
	for i, name := range names {
		args[i] = text(name)
	}
	if len(names) > 0 {
		where = " WHERE source IN (" + placeholders(1, len(names)) + ")"
	}
	counts, err := s.counts(ctx, "SELECT source, count(*) FROM articles"+where+" GROUP BY source", args...)
	return counts, s.failed("count the articles of sources", err)
}

// savePoll stores p, whether its source is known or not.
func savePoll(ctx context.Context, tx *sql.Tx, p *syndicate.Poll) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO polls (source, next_at, next_reason, last_at, last_ok_at, status, outcome, error, failures,
			etag, last_modified, body_hash, bytes, articles, new, moved_to, gone, gone_since, url, ttl, identity,
			ttl_reason, skip, date, full_at, busy, busy_until, shapes, drift, held, accepted, fault_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
			$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
		ON CONFLICT (source) DO UPDATE
		SET next_at = excluded.next_at, next_reason = excluded.next_reason, last_at = excluded.last_at,
			last_ok_at = excluded.last_ok_at, status = excluded.status, outcome = excluded.outcome,
			error = excluded.error, failures = excluded.failures, etag = excluded.etag,
			last_modified = excluded.last_modified, body_hash = excluded.body_hash, bytes = excluded.bytes,
			articles = excluded.articles, new = excluded.new, moved_to = excluded.moved_to,
			gone = excluded.gone, gone_since = excluded.gone_since, url = excluded.url, ttl = excluded.ttl,
			identity = excluded.identity, ttl_reason = excluded.ttl_reason, skip = excluded.skip, date = excluded.date,
			full_at = excluded.full_at, busy = excluded.busy, busy_until = excluded.busy_until,
			shapes = excluded.shapes, drift = excluded.drift, held = excluded.held, accepted = excluded.accepted,
			fault_since = excluded.fault_since`,
		p.Source, p.NextAt.UnixMilli(), text(p.NextReason), ms(p.LastAt), ms(p.LastOKAt), p.Status, string(p.Outcome),
		text(p.Error), p.Failures, []byte(p.ETag), []byte(p.LastModified), text(p.BodyHash), p.Bytes, p.Articles, p.New,
		text(p.MovedTo), p.Gone, ms(p.GoneSince), text(p.URL), p.TTL.Milliseconds(), p.Identity,
		text(p.TTLReason), p.Skip, []byte(p.Date), ms(p.FullAt), text(p.Busy), ms(p.BusyUntil),
		list[syndicate.Shape]{&p.Shapes}, text(p.Drift), p.Held, p.Accepted, ms(p.FaultSince))
	return err
}
