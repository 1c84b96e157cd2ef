package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Looking for articles on SQLite is a walk from the newest one on that ends
// when enough are found, along the index that leads there soonest: that of the
// words, of a theme or source, or of the times. SQLite's planner would gather
// all that the index of words finds before it sorts, and cannot know how many
// that are.

// walkLimits bound how much of an index is looked at before another way is
// tried, and for what is only good to know.
type walkLimits struct {
	probe  int // rows of any index
	window int // articles of a time, to find the first one of them
	checks int // articles of which the index of words is asked one by one
}

var defaultLimits = walkLimits{probe: 4000, window: 20_000, checks: 500}

// A walk looks for articles. It lives as long as one call, in one transaction.
type walk struct {
	ctx    context.Context //nolint:containedctx // see above
	tx     *sql.Tx
	now    time.Time
	limits walkLimits
	need   int // spots that must be right
	want   int // spots to return if it costs little; not below need

	lists map[string]string // by what the index of words is asked: the few ids it has, or ""
	err   error             // of probing for lists
}

// spots returns the newest articles that e selects. The first need of them are
// right; more, up to want, are returned if they are easy to find. all reports
// that there are no others.
func (w *walk) spots(e syndicate.Expr) (found []spot, all bool, err error) {
	if or, ok := e.(syndicate.Or); ok {
		if _, ok := wordsExpr(e); !ok {
			return w.either(or)
		}
	}
	words, rest := demanded(flatten(nil, e))
	if words != "" {
		return w.byWords(words, rest)
	}
	route, err := w.indexed(rest, "")
	if err != nil {
		return nil, false, err
	}
	found, _, all, err = w.follow(route, w.want, 0)
	return found, all, err
}

// flatten appends to parts those that must all hold for e.
func flatten(parts syndicate.And, e syndicate.Expr) syndicate.And {
	if and, ok := e.(syndicate.And); ok {
		for _, part := range and {
			parts = flatten(parts, part)
		}
		return parts
	}
	if e == nil {
		return parts
	}
	return append(parts, e)
}

// either returns what any of the parts selects: what belongs among the first
// ones of all belongs among the first ones of a part.
func (w *walk) either(parts syndicate.Or) (found []spot, all bool, err error) {
	all = true
	for _, part := range parts {
		some, ended, err := w.spots(part)
		if err != nil {
			return nil, false, err
		}
		found, all = append(found, some...), all && ended
	}
	found = sortSpots(found)
	if len(found) > w.want {
		found, all = found[:w.want], false
	}
	return found, all, nil
}

// byWords walks along the index of words by falling ids. That is nearly the
// order of articles: those of polls that overlapped may stand otherwise.
func (w *walk) byWords(words string, rest syndicate.And) (found []spot, all bool, err error) {
	b := w.builder()
	where := "article_words MATCH " + b.arg(words)
	first, ok, err := w.firstOf(rest)
	if err != nil {
		return nil, false, err
	}
	if ok {
		where += " AND w.rowid >= " + b.arg(first)
	}
	along := route{
		columns: "a.id, a.first_seen, a.published",
		from:    "article_words w CROSS JOIN articles a ON a.id = w.rowid",
		where:   where,
		order:   " ORDER BY w.rowid DESC",
		test:    b.all(rest),
		args:    b,
		enough:  w.limits.probe,
	}
	found, seen, all, err := w.follow(along, w.want, w.limits.probe)
	if err == nil && !all && len(found) < w.need {
		if w.long(len(found), seen) {
			other, ended, ok, err := w.detour(words, rest)
			if err != nil || ok {
				return other, ended, err
			}
		}
		found, _, all, err = w.follow(along, w.want, 0)
	}
	if err != nil || all {
		return sortSpots(found), all, err
	}
	return w.misplaced(words, rest, found)
}

// long reports whether the walk along the index of words, of which a part has
// been seen and so many articles found, is likely to go on for long.
func (w *walk) long(found int, seen stretch) bool {
	if found > 0 && seen.rows*w.need/found <= 4*seen.rows {
		return false
	}
	return float64(seen.newest)/float64(max(seen.newest-seen.oldest, 1))*float64(seen.rows) > 4*float64(w.limits.probe)
}

// detour walks along the index of a theme, a source or the times and asks the
// index of words for every article. ok is false when that is not possible or
// does not find enough soon.
func (w *walk) detour(words string, rest syndicate.And) (found []spot, all, ok bool, err error) {
	before := slices.ContainsFunc(rest, func(e syndicate.Expr) bool { d, ok := e.(syndicate.Date); return ok && !d.After })
	if theme, source, _ := leading(rest); theme == "" && source == "" && !before {
		return nil, false, false, nil
	}
	along, err := w.indexed(rest, words)
	if err != nil {
		return nil, false, false, err
	}
	found, _, all, err = w.follow(along, w.need, 4*w.limits.checks)
	return found, all, all || len(found) >= w.need, err
}

// misplaced adds to what was found by falling ids those that belong among the
// first ones although their ids are lower than all of these.
func (w *walk) misplaced(words string, rest syndicate.And, found []spot) ([]spot, bool, error) {
	if len(found) == 0 {
		return nil, false, nil
	}
	lowest := found[len(found)-1].id
	found = sortSpots(found)
	last := found[min(max(w.need, 1), len(found))-1]
	b := w.builder()
	along := route{
		columns: "a.id, a.first_seen, a.published",
		from:    "articles a",
		where:   "(a.first_seen, a.published) > (" + b.arg(last.seen) + ", " + b.arg(last.published) + ") AND a.id < " + b.arg(lowest),
		order:   newestFirst,
		test:    b.all(rest) + " AND " + hasWords + b.arg(words) + ")",
		args:    b,
		enough:  w.limits.checks,
	}
	others, _, _, err := w.follow(along, w.need, 0)
	return sortSpots(append(found, others...)), false, err
}

// firstOf returns the lowest id of the articles of the time that parts demand,
// if these are few.
func (w *walk) firstOf(parts syndicate.And) (id int64, ok bool, err error) {
	for _, e := range parts {
		d, is := e.(syndicate.Date)
		if !is || !d.After || ok {
			continue
		}
		n := 0
		err = w.tx.QueryRowContext(w.ctx, `
			SELECT count(*), coalesce(min(id), 0)
			FROM (SELECT id FROM articles WHERE first_seen >= $1 LIMIT $2) recent`, d.Time(w.now).UnixMilli(), w.limits.window+1).Scan(&n, &id)
		if err != nil {
			return 0, false, err
		}
		ok = n <= w.limits.window
	}
	return id, ok, nil
}

// indexed returns the route along the index of what parts demand: a theme, a
// source, an amount that few articles have, or else the times. If words are
// not "", every article must have them, too.
func (w *walk) indexed(parts syndicate.And, words string) (route, error) {
	b := w.builder()
	theme, source, others := leading(parts)
	var dates syndicate.And
	for _, e := range parts {
		if _, ok := e.(syndicate.Date); ok {
			dates = append(dates, e)
		}
	}
	along := route{
		columns: "a.id, a.first_seen, a.published", from: "articles a", where: b.all(dates), order: newestFirst,
		test: b.all(others), args: b, enough: w.limits.probe,
	}
	switch {
	case theme != "":
		along.columns, along.from = "t.article_id, t.first_seen, t.published", "filings t CROSS JOIN articles a ON a.id = t.article_id"
		along.where = strings.ReplaceAll(along.where, "a.first_seen", "t.first_seen") + " AND t.theme = " + b.arg(theme)
		along.order = newestFiled
	case source != "":
		along.where += " AND a.source = " + b.arg(source)
	case words == "":
		list, err := w.amount(parts)
		if err != nil {
			return route{}, err
		}
		if list != "" {
			along.where = inList(b, list)
		}
	}
	if words != "" {
		along.test += " AND " + hasWords + b.arg(words) + ")"
	}
	if strings.Contains(along.test, hasWords) {
		along.enough = w.limits.checks
	}
	return along, nil
}

// leading returns a theme, or else a source, that parts demand, and the other
// parts.
func leading(parts syndicate.And) (theme, source string, others syndicate.And) {
	for _, name := range []string{"theme", "source"} {
		for i, e := range parts {
			if f, ok := e.(syndicate.Field); ok && f.Name == name && f.Value != "" {
				others = slices.Delete(slices.Clone(parts), i, i+1)
				if name == "theme" {
					return f.Value, "", others
				}
				return "", f.Value, others
			}
		}
	}
	return "", "", parts
}

// amount returns the list of the articles of an amount that parts demand, or
// "" when they demand none that few have.
func (w *walk) amount(parts syndicate.And) (string, error) {
	for _, e := range parts {
		if a, ok := e.(syndicate.Amount); ok {
			b := w.builder()
			text := "SELECT g.article_id FROM figures g WHERE " + b.figure(a) + " LIMIT " + b.arg(w.limits.probe+1)
			list, err := w.list(text, b.args...)
			if err != nil || list != "" {
				return list, err
			}
		}
	}
	return "", nil
}

// list returns the ids of a statement as JSON, or "" when there are many.
func (w *walk) list(text string, args ...any) (string, error) {
	ids, err := query(w.ctx, w.tx, scanOne[int64], text, args...)
	if err != nil || len(ids) > w.limits.probe {
		return "", err
	}
	if len(ids) == 0 {
		return "[]", nil
	}
	list, err := json.Marshal(ids)
	return string(list), err
}

func inList(b *builder, list string) string {
	return "a.id IN (SELECT value FROM json_each(" + b.arg(list) + "))"
}

// hasWords begins the condition that the index of words has an article.
const hasWords = "EXISTS (SELECT 1 FROM article_words WHERE article_words.rowid = a.id AND article_words MATCH "

// maxLists bounds how many parts of a query are looked for beforehand.
const maxLists = 20

// builder returns a builder of conditions that are checked article by article.
// Words that few articles have become the list of these.
func (w *walk) builder() *builder {
	b := &builder{now: w.now}
	b.words = func(expr string) string {
		list, known := w.lists[expr]
		if !known && len(w.lists) < maxLists && w.err == nil {
			list, w.err = w.list("SELECT rowid FROM article_words WHERE article_words MATCH $1 LIMIT $2", expr, w.limits.probe+1)
			w.lists[expr] = list
		}
		if list != "" {
			return inList(b, list)
		}
		return hasWords + b.arg(expr) + ")"
	}
	return b
}

// all returns the condition that all parts hold.
func (b *builder) all(parts syndicate.And) string { return b.join(parts, " AND ", "TRUE") }

// A route is a statement that yields spots one after the other, and of each
// whether it is one that is looked for.
type route struct {
	columns, from, where, order, test string
	args                              *builder
	enough                            int // rows after which no more than what is needed is looked for
}

// A stretch is the part of an index that was walked over.
type stretch struct {
	rows           int
	newest, oldest int64 // ids
}

// follow walks along a route until it has found want articles, or has found
// what is needed and looked at enough, or has looked at limit rows; 0 sets no
// limit.
func (w *walk) follow(along route, want, limit int) (found []spot, seen stretch, all bool, err error) {
	if w.err != nil {
		return nil, seen, false, w.err
	}
	rows, err := w.tx.QueryContext(w.ctx, "SELECT "+along.columns+", "+along.test+
		" FROM "+along.from+" WHERE "+along.where+along.order, along.args.args...)
	if err != nil {
		return nil, seen, false, err
	}
	defer rows.Close()
	for rows.Next() {
		if len(found) >= want || len(found) >= w.need && seen.rows >= along.enough || limit > 0 && seen.rows >= limit {
			return found, seen, false, nil
		}
		var p spot
		var ok bool
		if err := rows.Scan(&p.id, &p.seen, &p.published, &ok); err != nil {
			return nil, seen, false, err
		}
		if seen.rows == 0 {
			seen.newest = p.id
		}
		seen.rows++
		seen.oldest = p.id
		if ok {
			found = append(found, p)
		}
	}
	return found, seen, true, rows.Err()
}
