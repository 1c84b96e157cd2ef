package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"broadsheet/syndicate"
)

// saveUntold notes that the rows' articles wait to be compared with others.
func (s *Store) saveUntold(ctx context.Context, tx *sql.Tx, rows []*articleRow) error {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	return s.enqueueUntold(ctx, tx, ids)
}

func (s *Store) enqueueUntold(ctx context.Context, tx *sql.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO untold (article_id)
		SELECT n.value FROM (`+s.dialect.numbers()+`) n
		WHERE TRUE
		ON CONFLICT (article_id) DO NOTHING`, numbersJSON(ids))
	return err
}

// numbersJSON is how integers become the argument of dialect.numbers.
func numbersJSON(ns []int64) string {
	b, err := json.Marshal(ns)
	if err != nil {
		panic(err) // integers
	}
	return string(b)
}

// tellingOrder puts the article that stands for a story first: its lead, or,
// once that is deleted, the one that was seen first.
const tellingOrder = "CASE WHEN t.article_id = s.lead THEN 0 ELSE 1 END, a.first_seen, a.published, a.id"

// storyRows selects the tellings of stories. The figures that an article has
// in common with the lead are counted from what is stored now, so that a
// correction counts at once.
const storyRows = `
	SELECT s.key, s.changed, a.key, a.source, a.title, a.url, a.language, a.published, a.first_seen, t.reason,
		CASE WHEN t.article_id = s.lead THEN 0 ELSE (
			SELECT count(*) FROM (
				SELECT DISTINCT g.base_unit, g.value
				FROM figures g JOIN figures l ON l.base_unit = g.base_unit AND l.value = g.value
				WHERE g.article_id = t.article_id AND l.article_id = s.lead
			) same
		) END
	FROM stories s JOIN tellings t ON t.story = s.id JOIN articles a ON a.id = t.article_id
	WHERE `

// storiesWhere returns the stories that a condition on stories s selects, each
// with its tellings in order.
func storiesWhere(ctx context.Context, q querier, where string, args ...any) ([]*syndicate.Story, error) {
	type row struct {
		story   string
		changed time.Time
		telling syndicate.Telling
	}
	rows, err := query(ctx, q, func(r scanner) (v row, err error) {
		t := &v.telling
		err = r.Scan(&v.story, moment{&v.changed}, &t.Key, &t.Source, &t.Title, &t.URL, &t.Language,
			moment{&t.Published}, moment{&t.FirstSeen}, &t.Reason, &t.Agree)
		return v, err
	}, storyRows+where+" ORDER BY s.id, "+tellingOrder, args...)
	var stories []*syndicate.Story
	for _, r := range rows {
		if n := len(stories); n == 0 || stories[n-1].ID != r.story {
			stories = append(stories, &syndicate.Story{ID: r.story, Changed: r.changed})
		}
		last := stories[len(stories)-1]
		last.Tellings = append(last.Tellings, r.telling)
	}
	return stories, err
}

// Story returns the story of an id, or syndicate.ErrNotFound.
func (s *Store) Story(ctx context.Context, id string) (syndicate.Story, error) {
	stories, err := storiesWhere(ctx, s.read, "s.key = $1", text(id))
	if err == nil && len(stories) == 0 {
		err = syndicate.ErrNotFound
	}
	if err != nil {
		return syndicate.Story{}, s.failed("read a story", err)
	}
	return *stories[0], nil
}

// StoriesOf returns the stories that the articles of the keys tell, by the
// articles' keys. An article that nothing else tells has none.
func (s *Store) StoriesOf(ctx context.Context, keys []string) (map[string]*syndicate.Story, error) {
	of := make(map[string]*syndicate.Story)
	err := inBatches(keys, 500, func(keys []string) error {
		stories, err := storiesWhere(ctx, s.read, `s.id IN (
			SELECT w.story FROM tellings w JOIN articles b ON b.id = w.article_id WHERE b.key IN (`+placeholders(1, len(keys))+`)
		)`, anys(keys)...)
		for _, story := range stories {
			if len(story.Tellings) < 2 {
				continue
			}
			for _, t := range story.Tellings {
				of[t.Key] = story
			}
		}
		return err
	})
	return of, s.failed("look for stories", err)
}

// Told returns what Articles returns, each story once; see Once. more reports
// whether there are articles after these.
func (s *Store) Told(ctx context.Context, q syndicate.Query, now time.Time, limit, offset int) (told []syndicate.Told, more bool, err error) {
	articles, err := s.Articles(ctx, q, now, limit+1, offset)
	if err != nil {
		return nil, false, err
	}
	more = len(articles) > limit
	told, err = s.Once(ctx, q, now, articles[:min(limit, len(articles))])
	return told, more, err
}

// Once returns articles that q selects at now with their stories. An article is
// left out if q selects the lead of its story as well.
func (s *Store) Once(ctx context.Context, q syndicate.Query, now time.Time, articles []syndicate.Article) (told []syndicate.Told, err error) {
	keys := make([]string, len(articles))
	for i := range articles {
		keys[i] = articles[i].Key
	}
	of, err := s.StoriesOf(ctx, keys)
	if err != nil {
		return nil, err
	}
	selected, err := s.leadsSelected(ctx, q, now, articles, of)
	if err != nil {
		return nil, err
	}
	for i := range articles {
		story := of[articles[i].Key]
		if story != nil && story.Tellings[0].Key != articles[i].Key && selected[story.Tellings[0].Key] {
			continue
		}
		told = append(told, syndicate.Told{Article: articles[i], Story: story})
	}
	return told, nil
}

// leadsSelected tells of the leads of stories which ones q selects.
func (s *Store) leadsSelected(ctx context.Context, q syndicate.Query, now time.Time, articles []syndicate.Article, of map[string]*syndicate.Story) (map[string]bool, error) {
	selected := map[string]bool{}
	for i := range articles {
		selected[articles[i].Key] = true
	}
	var ask []any
	asked := map[string]bool{}
	for _, story := range of {
		if lead := story.Tellings[0].Key; !selected[lead] && !asked[lead] {
			asked[lead] = true
			ask = append(ask, lead)
		}
	}
	err := inBatches(ask, 500, func(keys []any) error {
		leads, err := query(ctx, s.read, scanArticle,
			"SELECT "+leanColumns+" FROM "+articleTables+" WHERE a.key IN ("+placeholders(1, len(keys))+")", keys...)
		for i := range leads {
			selected[leads[i].Key] = q.Match(&leads[i], now)
		}
		return err
	})
	return selected, s.failed("read the leads of stories", err)
}
