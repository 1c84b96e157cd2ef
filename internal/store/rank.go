package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"broadsheet/syndicate"
)

const (
	// ranked is among how many of the newest articles, at least, the best ones
	// are looked for.
	ranked = 40
	// weighed is of how many of them the texts are read.
	weighed = 100

	inTitle  = 4.0 // of a term in the title, against one in the text
	inText   = 0.5
	maxCount = 4 // hits of a term in the text that count

	// halving is the age at which an article weighs half of what it did.
	halving = 14 * 24 * time.Hour
)

// best sorts articles by how well they suit q and how new they are. Of each
// term of q, a hit in the title counts 4, each hit in the text 1/2, up to four
// of them; twice as much makes up for 14 days of age. The order of two
// articles thus does not change as time goes by. What stands in the texts is
// counted in those hundred that titles and ages put first.
func (s *Store) best(ctx context.Context, tx *sql.Tx, q syndicate.Query, spots []spot) ([]spot, error) {
	terms := q.Wanted()
	if len(terms) == 0 {
		return spots, nil
	}
	scored := make([]rating, len(spots))
	byID := make(map[int64]*rating, len(spots))
	for i, p := range spots {
		scored[i] = rating{spot: p, hits: inText}
		byID[p.id] = &scored[i]
	}
	err := s.weigh(ctx, tx, spots, "SELECT a.id, a.title, '', '' FROM articles a WHERE a.id IN (", terms, byID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(scored, rating.compare)
	sorted := make([]spot, len(scored))
	for i := range scored {
		sorted[i], byID[scored[i].spot.id] = scored[i].spot, &scored[i]
	}
	first := scored[:min(weighed, len(scored))]
	err = s.weigh(ctx, tx, sorted[:len(first)], "SELECT a.id, a.title, x.summary, x.text FROM "+articleTables+" WHERE a.id IN (", terms, byID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(first, rating.compare)
	for i := range first {
		sorted[i] = first[i].spot
	}
	return sorted, nil
}

// A rating is how well an article suits.
type rating struct {
	spot spot
	hits float64
}

func (r rating) score() float64 {
	return math.Log2(1+r.hits) + float64(r.spot.seen)/float64(halving.Milliseconds())
}

func (r rating) compare(other rating) int {
	switch a, b := r.score(), other.score(); {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return r.spot.compare(other.spot)
}

// weigh counts the terms in what a statement selects of articles.
func (s *Store) weigh(ctx context.Context, tx *sql.Tx, spots []spot, statement string, terms []string, byID map[int64]*rating) error {
	return inBatches(spots, 500, func(spots []spot) error {
		_, err := query(ctx, tx, func(r scanner) (id int64, err error) {
			var title, summary, text string
			if err := r.Scan(&id, &title, &summary, &text); err != nil {
				return 0, err
			}
			byID[id].hits = max(hits(terms, title, summary+"\n"+text), inText)
			return id, nil
		}, statement+placeholders(1, len(spots))+")", ids(spots)...)
		return err
	})
}

// maxWeighed is how many bytes of a text are looked at for its rank.
const maxWeighed = 20_000

func hits(terms []string, title, text string) (sum float64) {
	if len(text) > maxWeighed {
		text = text[:maxWeighed]
	}
	title, text = " "+syndicate.Words(title)+" ", " "+syndicate.Words(text)+" "
	for _, term := range terms {
		needle := syndicate.Needle(term)
		if strings.Contains(title, needle) {
			sum += inTitle
		}
		sum += inText * float64(min(strings.Count(text, needle), maxCount))
	}
	return sum
}
