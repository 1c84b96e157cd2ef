package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"broadsheet/syndicate"
)

// A StoryJob compares the articles that wait for it with others.
type StoryJob struct{}

// Kind names the work.
func (StoryJob) Kind() string { return "stories" }

// A Storyteller knows which articles tell the same news.
type Storyteller interface {
	// Keys returns what an article can be found by: whatever tells the same
	// has most likely one of its keys.
	Keys(t syndicate.Telling) []uint64
	// Compare tells of each of the others whether it tells what t tells.
	Compare(t syndicate.Telling, others []syndicate.Telling) []syndicate.Verdict
}

const (
	// storyWindow is how far apart articles may be published that tell the
	// same.
	storyWindow = 72 * time.Hour
	// storyEra is how long the time is that one code stands for: the window to
	// both sides of an instant reaches into at most two.
	storyEra = 2 * storyWindow
	// storySlots is how many articles are found by one code.
	storySlots = 16
	// commonCode is how many stories have a code that says nothing: what more
	// than this tell in one week has no part in finding.
	commonCode = 8
	// maxCandidates is how many articles one is compared with.
	maxCandidates = 12
	// maxChance is how many of them may share no more than one key.
	maxChance = 3
	// keyBits is how much of a key a code holds.
	keyBits = 44
)

// storyLock is what Tell waits for on PostgreSQL.
const storyLock = 0x53746f7279

// storyCode returns the code of a key in an era.
func storyCode(era int64, key uint64) int64 {
	return era<<keyBits | int64(key>>(64-keyBits))
}

func eraOf(t time.Time) int64 { return max(t.UnixMilli(), 0) / storyEra.Milliseconds() }

// A teller is an article that is compared, or that another one is compared
// with.
type teller struct {
	syndicate.Telling
	id    int64
	story int64 // 0 for none
	lead  bool
}

// Untold reports whether articles wait to be compared with others.
func (s *Store) Untold(ctx context.Context) (bool, error) {
	err := s.read.QueryRowContext(ctx, "SELECT article_id FROM untold LIMIT 1").Scan(new(int64))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, s.failed("look for articles of no story", err)
}

// Tell compares up to limit of the articles that wait for it with those that
// were published within 72 hours of them, and makes one story of those that
// tell the same. It returns how many there were; none wait any more when these
// are fewer than limit.
//
// An article joins the story of the article it is most like, unless something
// keeps it apart from that story's lead. Articles of one source are one story
// only if one corrects the other. What a story's lead is never changes; when
// the lead itself is changed, the others wait to be compared again, and so
// does every article that is changed. What is done for one article does not
// depend on how many are stored.
func (s *Store) Tell(ctx context.Context, st Storyteller, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "tell stories apart", func(tx *sql.Tx) error {
		n = 0
		if err := s.dialect.alone(ctx, tx, storyLock); err != nil {
			return err
		}
		r := &round{Store: s, tx: tx, st: st, now: now, known: map[int64]*teller{}}
		var err error
		n, err = r.run(ctx, limit)
		return err
	})
	return n, err
}

// A round is one call of Tell.
type round struct {
	*Store
	tx  *sql.Tx
	st  Storyteller
	now time.Time

	waiting []*teller
	known   map[int64]*teller // and those they are compared with
	changed bool              // articles came to stories or left them
}

func (r *round) run(ctx context.Context, limit int) (int, error) {
	var err error
	r.waiting, err = r.tellers(ctx, "JOIN untold u ON u.article_id = a.id ORDER BY u.article_id LIMIT $1", limit)
	if err != nil || len(r.waiting) == 0 {
		return 0, err
	}
	for _, t := range r.waiting {
		r.known[t.id] = t
	}
	if err := r.reopen(ctx); err != nil {
		return 0, err
	}
	candidates, err := r.candidates(ctx)
	if err != nil {
		return 0, err
	}
	for i, t := range r.waiting {
		if t.lead || len(candidates[i]) == 0 {
			continue
		}
		if err := r.place(ctx, t, candidates[i]); err != nil {
			return 0, fmt.Errorf("article %s: %w", t.Key, err)
		}
	}
	ids := make([]int64, len(r.waiting))
	for i, t := range r.waiting {
		ids[i] = t.id
	}
	_, err = r.tx.ExecContext(ctx, "DELETE FROM untold WHERE article_id IN ("+r.dialect.numbers()+")", numbersJSON(ids))
	if err == nil && r.changed {
		err = touch(ctx, r.tx)
	}
	return len(ids), err
}

// tellers reads articles with the stories they belong to.
func (r *round) tellers(ctx context.Context, where string, args ...any) ([]*teller, error) {
	return query(ctx, r.tx, func(row scanner) (*teller, error) {
		t := &teller{}
		var a syndicate.Article
		var story, lead sql.NullInt64
		err := row.Scan(&t.id, &t.Key, &t.Source, &t.Title, &t.URL, &t.Language, moment{&t.Published}, moment{&t.FirstSeen},
			&a.Summary, &a.Text, &story, &lead)
		t.Lead = syndicate.Lead(&a)
		t.story, t.lead = story.Int64, story.Valid && lead.Int64 == t.id
		return t, err
	}, `
		SELECT a.id, a.key, a.source, a.title, a.url, a.language, a.published, a.first_seen,
			substr(x.summary, 1, 700), substr(x.text, 1, 700), t.story, s.lead
		FROM articles a JOIN article_texts x ON x.article_id = a.id
			LEFT JOIN tellings t ON t.article_id = a.id LEFT JOIN stories s ON s.id = t.story
		`+where, args...)
}

// reopen takes the waiting articles out of the stories they were in before
// they changed. The others of a story whose lead changed wait from now on.
func (r *round) reopen(ctx context.Context) error {
	var left, led []int64
	for _, t := range r.waiting {
		switch {
		case t.lead:
			led = append(led, t.story)
		case t.story != 0:
			left = append(left, t.id)
			t.story = 0
		}
	}
	if len(led) > 0 {
		_, err := r.tx.ExecContext(ctx, `
			INSERT INTO untold (article_id)
			SELECT t.article_id FROM tellings t JOIN stories s ON s.id = t.story
			WHERE s.id IN (`+r.dialect.numbers()+`) AND t.article_id <> s.lead
			ON CONFLICT (article_id) DO NOTHING`, numbersJSON(led))
		if err != nil {
			return err
		}
	}
	if len(left) == 0 {
		return nil
	}
	r.changed = true
	_, err := r.tx.ExecContext(ctx, `
		UPDATE stories SET changed = $2
		WHERE id IN (SELECT story FROM tellings WHERE article_id IN (`+r.dialect.numbers()+`))`, numbersJSON(left), r.now.UnixMilli())
	if err != nil {
		return err
	}
	_, err = r.tx.ExecContext(ctx, "DELETE FROM tellings WHERE article_id IN ("+r.dialect.numbers()+")", numbersJSON(left))
	return err
}

// candidates returns for each waiting article those it is to be compared with,
// and stores the keys of all.
func (r *round) candidates(ctx context.Context) ([][]int64, error) {
	keys := make([][]uint64, len(r.waiting))
	var codes []int64
	for i, t := range r.waiting {
		keys[i] = r.st.Keys(t.Telling)
		codes = append(codes, codesAround(t.Published, keys[i])...)
	}
	slices.Sort(codes)
	holders, err := r.holders(ctx, slices.Compact(codes))
	if err != nil {
		return nil, err
	}
	if err := r.saveKeys(ctx, keys); err != nil {
		return nil, err
	}
	out := make([][]int64, len(r.waiting))
	var unknown []int64
	for i, t := range r.waiting {
		shared := map[int64]int{}
		for _, code := range codesAround(t.Published, keys[i]) {
			h := holders[code]
			if h == nil || h.stories > commonCode {
				continue
			}
			for _, id := range h.ids {
				if id != t.id {
					shared[id]++
				}
			}
		}
		for _, key := range keys[i] {
			code := storyCode(eraOf(t.Published), key)
			if holders[code] == nil {
				holders[code] = &holder{}
			}
			holders[code].add(t.id, 0) // for the waiting ones after this
		}
		out[i] = mostShared(shared)
		for _, id := range out[i] {
			if r.known[id] == nil {
				unknown = append(unknown, id)
			}
		}
	}
	return out, r.learn(ctx, unknown)
}

// codesAround returns the codes that articles within the window may have.
func codesAround(at time.Time, keys []uint64) []int64 {
	first, last := eraOf(at.Add(-storyWindow)), eraOf(at.Add(storyWindow))
	codes := make([]int64, 0, 2*len(keys))
	for era := first; era <= last; era++ {
		for _, k := range keys {
			codes = append(codes, storyCode(era, k))
		}
	}
	return codes
}

// mostShared returns the articles that share most keys, the latest ones first
// among those that share as many.
func mostShared(shared map[int64]int) []int64 {
	ids := make([]int64, 0, len(shared))
	for id := range shared {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(b, a))
	})
	ids = ids[:min(len(ids), maxCandidates)]
	if chance := slices.IndexFunc(ids, func(id int64) bool { return shared[id] < 2 }); chance >= 0 {
		ids = ids[:min(len(ids), chance+maxChance)]
	}
	return ids
}

// A holder is who has a code.
type holder struct {
	ids     []int64
	stories int // how many different stories these tell
	last    int64
}

// add adds an article of a story, 0 for none. Those of one story come one
// after the other.
func (h *holder) add(id, story int64) {
	if story == 0 || story != h.last {
		h.stories++
	}
	h.ids, h.last = append(h.ids, id), story
}

// holders returns the articles that have each code.
func (r *round) holders(ctx context.Context, codes []int64) (map[int64]*holder, error) {
	out := make(map[int64]*holder, len(codes))
	_, err := query(ctx, r.tx, func(row scanner) (struct{}, error) {
		var code, id, story int64
		err := row.Scan(&code, &id, &story)
		if out[code] == nil {
			out[code] = &holder{}
		}
		out[code].add(id, story)
		return struct{}{}, err
	}, `
		SELECT k.code, k.article_id, COALESCE(t.story, 0) AS story
		FROM (`+r.dialect.numbers()+`) n JOIN story_keys k ON k.code = n.value LEFT JOIN tellings t ON t.article_id = k.article_id
		ORDER BY k.code, story`, numbersJSON(codes))
	return out, err
}

// saveKeys stores the keys of the waiting articles.
func (r *round) saveKeys(ctx context.Context, keys [][]uint64) (err error) {
	save, err := r.tx.PrepareContext(ctx, `
		INSERT INTO story_keys (code, slot, article_id)
		SELECT n.value, $2, $3 FROM (`+r.dialect.numbers()+`) n
		WHERE TRUE
		ON CONFLICT (code, slot) DO UPDATE SET article_id = excluded.article_id`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, save.Close()) }()
	for i, t := range r.waiting {
		codes := make([]int64, 0, len(keys[i]))
		for _, k := range keys[i] {
			codes = append(codes, storyCode(eraOf(t.Published), k))
		}
		slices.Sort(codes)
		if _, err := save.ExecContext(ctx, numbersJSON(slices.Compact(codes)), t.id%storySlots, t.id); err != nil {
			return err
		}
	}
	return nil
}
