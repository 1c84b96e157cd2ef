package store

import (
	"cmp"
	"context"
	"slices"

	"broadsheet/syndicate"
)

// learn reads candidates, and the leads of their stories.
func (r *round) learn(ctx context.Context, ids []int64) error {
	for len(ids) > 0 {
		slices.Sort(ids)
		found, err := r.tellers(ctx, "WHERE a.id IN ("+r.dialect.numbers()+")", numbersJSON(slices.Compact(ids)))
		if err != nil {
			return err
		}
		ids = nil
		var stories []int64
		for _, t := range found {
			r.known[t.id] = t
			if t.story != 0 && !t.lead {
				stories = append(stories, t.story)
			}
		}
		if len(stories) == 0 {
			return nil
		}
		leads, err := query(ctx, r.tx, scanOne[int64], "SELECT lead FROM stories WHERE id IN ("+r.dialect.numbers()+")", numbersJSON(stories))
		if err != nil {
			return err
		}
		for _, id := range leads {
			if r.known[id] == nil {
				ids = append(ids, id)
			}
		}
	}
	return nil
}

// place makes an article part of the story that it tells, if one of the
// candidates tells the same.
func (r *round) place(ctx context.Context, t *teller, ids []int64) error {
	others := r.comparable(t, ids)
	if len(others) == 0 {
		return nil
	}
	tellings := make([]syndicate.Telling, len(others))
	for i, o := range others {
		tellings[i] = o.Telling
	}
	verdicts := r.st.Compare(t.Telling, tellings)
	barred := map[int64]bool{} // stories
	for i, o := range others {
		if o.story != 0 && (o.lead && verdicts[i].Conflict || o.Source == t.Source && !verdicts[i].Correction) {
			barred[o.story] = true
		}
	}
	best := -1
	for i, o := range others {
		v := verdicts[i]
		if !v.Same || barred[o.story] || o.Source == t.Source && !v.Correction {
			continue
		}
		if best < 0 || v.Score > verdicts[best].Score {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return r.join(ctx, t, others[best], verdicts[best].Reason)
}

// comparable returns the candidates that were published within the window, and
// the leads of their stories.
func (r *round) comparable(t *teller, ids []int64) []*teller {
	var others []*teller
	add := func(o *teller) {
		if o != nil && o != t && !slices.Contains(others, o) && t.Published.Sub(o.Published).Abs() <= storyWindow {
			others = append(others, o)
		}
	}
	for _, id := range ids {
		add(r.known[id])
	}
	for _, o := range slices.Clone(others) {
		if o.story == 0 || o.lead {
			continue
		}
		for _, lead := range r.known {
			if lead.lead && lead.story == o.story {
				add(lead)
			}
		}
	}
	return others
}

// join makes t and o tell one story: that of o, or a new one that the one of
// them leads that was seen first.
func (r *round) join(ctx context.Context, t, o *teller, why string) error {
	member, with := t, o
	if o.story == 0 {
		first, second := o, t
		if earlier(t, o) {
			first, second = t, o
		}
		member, with = second, first
		err := r.tx.QueryRowContext(ctx, `
			INSERT INTO stories (key, lead, changed)
			VALUES ($1, $2, $3)
			ON CONFLICT (key) DO UPDATE SET lead = excluded.lead, changed = excluded.changed
			RETURNING id`, first.Key, first.id, r.now.UnixMilli()).Scan(&first.story)
		if err != nil {
			return err
		}
		first.lead = true
		if err := r.saveTelling(ctx, first, ""); err != nil {
			return err
		}
	} else if _, err := r.tx.ExecContext(ctx, "UPDATE stories SET changed = $2 WHERE id = $1", o.story, r.now.UnixMilli()); err != nil {
		return err
	}
	member.story, r.changed = with.story, true
	return r.saveTelling(ctx, member, "like the one of "+with.Source+", "+why)
}

func (r *round) saveTelling(ctx context.Context, t *teller, reason string) error {
	_, err := r.tx.ExecContext(ctx, `
		INSERT INTO tellings (article_id, story, reason)
		VALUES ($1, $2, $3)
		ON CONFLICT (article_id) DO UPDATE SET story = excluded.story, reason = excluded.reason`, t.id, t.story, text(reason))
	return err
}

// earlier reports whether a was seen before b, or at the same time and was
// published before it.
func earlier(a, b *teller) bool {
	return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), a.Published.Compare(b.Published), cmp.Compare(a.id, b.id)) < 0
}
