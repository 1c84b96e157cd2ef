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

// walkLimits bound how much is looked at before another way is tried, and for
// what is only good to know.
type walkLimits struct {
	probe  int   // rows of an index
	window int   // articles of a time, to find the first one of them
	checks int   // articles that are read to see whether they match
	span   int64 // ids, from the newest one on, in which several words are looked for at once
}

var defaultLimits = walkLimits{probe: 4000, window: 20_000, checks: 100, span: 100_000}

// A walk looks for articles. It lives as long as one call, in one transaction.
type walk struct {
	ctx    context.Context //nolint:containedctx // see above
	tx     *sql.Tx
	now    time.Time
	limits walkLimits
	need   int // spots that must be right
	want   int // spots to return if it costs little; not below need

	reads bool              // articles are read for words, of which there are known to be many
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
	parts := flatten(nil, e)
	words, rest := demanded(parts)
	if words != "" {
		return w.byWords(words, parts, rest)
	}
	along, err := w.indexed(parts)
	if err != nil {
		return nil, false, err
	}
	found, _, all, err = w.follow(along, w.want, 0)
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

// byWords finds what all parts select: the words, as the index is asked for
// them, and the rest.
func (w *walk) byWords(words string, parts, rest syndicate.And) (found []spot, all bool, err error) {
	// To look for the beginning of a word, the index gathers all it has of it.
	// What is so common that this takes long stands in new articles.
	if strings.Contains(words, `"*`) {
		if found, all, ok, err := w.detour(parts); err != nil || ok {
			return found, all, err
		}
	}
	list, others, err := w.few(rest)
	if err != nil {
		return nil, false, err
	}
	if list != "" {
		if found, all, ok, err := w.amongFew(words, parts); err != nil || ok {
			return found, all, err
		}
	}
	along, err := w.worded(words, rest, list, others)
	if err != nil {
		return nil, false, err
	}
	found, seen, all, err := w.follow(along, w.want, w.limits.probe)
	if err == nil && !all && len(found) < w.need {
		if list == "" && w.long(len(found), seen) && shorter(rest) {
			if found, all, ok, err := w.detour(parts); err != nil || ok {
				return found, all, err
			}
		}
		found, _, all, err = w.follow(along, w.want, 0)
	}
	if err != nil || all {
		return sortSpots(found), all, err
	}
	return w.misplaced(parts, found)
}

// amongFew reads the few articles that parts select without their words, if
// these are so common that the walk along their index is longer.
func (w *walk) amongFew(words string, parts syndicate.And) (found []spot, all, ok bool, err error) {
	b := w.builder()
	_, seen, all, err := w.follow(route{
		columns: "rowid, 0, 0", from: "article_words", where: "article_words MATCH " + b.arg(words), order: " ORDER BY rowid DESC",
		test: "FALSE", args: b,
	}, 1, w.limits.probe)
	if err != nil || all || !w.long(0, seen) {
		return nil, false, false, err
	}
	return w.detour(parts)
}

// worded returns the route along the index of words by falling ids, where those
// on the list, if there is one, hold the others of the rest. That is nearly the
// order of articles: those of polls that overlapped may stand otherwise.
func (w *walk) worded(words string, rest syndicate.And, list string, others syndicate.And) (route, error) {
	b := w.builder()
	along := route{
		columns: "a.id, a.first_seen, a.published",
		from:    "article_words w CROSS JOIN articles a ON a.id = w.rowid",
		where:   "article_words MATCH " + b.arg(words),
		order:   " ORDER BY w.rowid DESC",
		args:    b, enough: w.limits.probe / 2,
	}
	if _, first, _ := strings.Cut(words, `"`); strings.Contains(first[:strings.IndexByte(first, '"')], " ") || strings.Count(words, `"`) > 2 {
		along.span = w.limits.span // the index has to bring several words together
	}
	first, ok, err := w.firstOf(rest)
	if err != nil {
		return route{}, err
	}
	if ok {
		along.where += " AND w.rowid >= " + b.arg(first)
	}
	if list != "" {
		// The + keeps the index from being asked for each of them.
		along.where += " AND " + strings.Replace(inList(b, list), "a.id", "+w.rowid", 1)
	}
	w.test(&along, others)
	return along, nil
}

// long reports whether the walk along the index of words, of which a part has
// been seen and so many articles found, is likely to go on for long.
func (w *walk) long(found int, seen stretch) bool {
	if found > 0 && seen.rows*w.need/found <= 4*seen.rows {
		return false
	}
	return float64(seen.newest)/float64(max(seen.newest-seen.oldest, 1))*float64(seen.rows) > 4*float64(w.limits.probe)
}

// shorter reports whether there is an index in the order of articles that
// leaves out what the parts do not select.
func shorter(parts syndicate.And) bool {
	return slices.ContainsFunc(parts, func(e syndicate.Expr) bool {
		switch e := e.(type) {
		case syndicate.Field:
			return e.Name == "theme" || e.Name == "source"
		case syndicate.Date:
			return !e.After
		case syndicate.Amount:
			return true
		}
		return false
	})
}

// detour walks along another index than that of words and reads the articles.
// ok is false when that does not find enough soon.
func (w *walk) detour(parts syndicate.And) (found []spot, all, ok bool, err error) {
	reader := *w
	reader.reads = true
	along, err := reader.indexed(parts)
	if err != nil {
		return nil, false, false, err
	}
	found, _, all, err = w.follow(along, w.need, 8*w.limits.checks)
	return found, all, all || len(found) >= w.need, err
}

// misplaced adds to what was found by falling ids those that belong among the
// first ones although their ids are lower than all of these.
func (w *walk) misplaced(parts syndicate.And, found []spot) ([]spot, bool, error) {
	if len(found) == 0 {
		return nil, false, nil
	}
	lowest := found[len(found)-1].id
	found = sortSpots(found)
	last := found[min(max(w.need, 1), len(found))-1]
	reader := *w
	reader.reads = true
	b := reader.builder()
	along := route{
		columns: "a.id, a.first_seen, a.published",
		from:    "article_blocks k CROSS JOIN articles a ON a.id BETWEEN k.block * " + blockSize + " AND (k.block + 1) * " + blockSize + " - 1",
		where: "k.newest >= " + b.arg(last.seen) + " AND k.block <= " + b.arg(lowest) + " / " + blockSize +
			" AND (a.first_seen, a.published) > (" + b.arg(last.seen) + ", " + b.arg(last.published) + ") AND a.id < " + b.arg(lowest),
		order: newestFirst,
		args:  b,
	}
	reader.test(&along, parts)
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
// source, an amount that few articles have, or else the times.
func (w *walk) indexed(parts syndicate.And) (route, error) {
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
		args: b, enough: w.limits.probe,
	}
	switch {
	case theme != "":
		along.columns, along.from = "t.article_id, t.first_seen, t.published", "filings t CROSS JOIN articles a ON a.id = t.article_id"
		along.where = strings.ReplaceAll(along.where, "a.first_seen", "t.first_seen") + " AND t.theme = " + b.arg(theme)
		along.order = newestFiled
	case source != "":
		along.where += " AND a.source = " + b.arg(source)
	default:
		list, _, err := w.few(others)
		if err != nil {
			return route{}, err
		}
		if list != "" {
			along.where += " AND " + inList(b, list)
		}
	}
	w.test(&along, others)
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

// few returns the list of the articles that a part selects which selects few,
// and the other parts. Without such a part the list is "".
func (w *walk) few(parts syndicate.And) (list string, others syndicate.And, err error) {
	for i, e := range parts {
		b := w.builder()
		var text string
		switch e := e.(type) {
		case syndicate.Field:
			switch e.Name {
			case "theme":
				text = "SELECT article_id FROM filings WHERE theme = " + b.arg(e.Value)
			case "source":
				text = "SELECT id FROM articles WHERE source = " + b.arg(e.Value)
			}
		case syndicate.Amount:
			text = "SELECT g.article_id FROM figures g WHERE " + b.figure(e)
		}
		if text == "" {
			continue
		}
		list, err = w.list(text+" LIMIT "+b.arg(w.limits.probe+1), b.args...)
		if err != nil || list != "" {
			return list, slices.Delete(slices.Clone(parts), i, i+1), err
		}
	}
	return "", parts, nil
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

// maxLists bounds how many parts of a query are looked for beforehand.
const maxLists = 20

// builder returns a builder of conditions that are checked article by article.
// Words that few articles have become the list of these; others make it fail.
func (w *walk) builder() *builder {
	b := &builder{now: w.now}
	b.words = func(expr string) string {
		if w.reads {
			b.fails = true
			return "FALSE"
		}
		list, known := w.lists[expr]
		// The beginning of a word takes the index as long as many words.
		if !known && !strings.Contains(expr, `"*`) && len(w.lists) < maxLists && w.err == nil {
			list, w.err = w.list("SELECT rowid FROM article_words WHERE article_words MATCH $1 LIMIT $2", expr, w.limits.probe+1)
			w.lists[expr] = list
		}
		if list != "" {
			return inList(b, list)
		}
		b.fails = true
		return "FALSE"
	}
	return b
}

// test makes a route test that all parts hold: with the statement itself or,
// where that would have to ask the index of words for each article, by reading
// the article.
func (w *walk) test(along *route, parts syndicate.And) {
	b := along.args
	along.test = "TRUE"
	for _, e := range parts {
		args := len(b.args)
		b.fails = false
		cond := b.condition(e)
		if b.fails {
			b.args = b.args[:args]
			along.match = append(along.match, e)
			along.enough = w.limits.checks
			continue
		}
		along.test += " AND " + cond
	}
}

// all returns the condition that all parts hold.
func (b *builder) all(parts syndicate.And) string { return b.join(parts, " AND ", "TRUE") }

// A route is a statement that yields spots one after the other, and of each
// whether it may be one that is looked for.
type route struct {
	columns, from, where, order, test string

	args   *builder
	match  syndicate.And // of what the article is read to see
	enough int           // rows after which no more than what is needed is looked for
	span   int64         // ids after which the same holds; 0 is none
}

// A stretch is the part of an index that was walked over.
type stretch struct {
	rows           int
	newest, oldest int64 // ids
}

// followed is how many spots are read at once.
const followed = 32

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
	var maybe []spot // not read yet
	for rows.Next() {
		if len(maybe) == followed || len(maybe) > 0 && len(found)+len(maybe) >= w.need {
			if found, err = w.matching(found, maybe, along.match); err != nil {
				return nil, seen, false, err
			}
			maybe = maybe[:0]
		}
		enough := seen.rows >= along.enough || along.span > 0 && seen.newest-seen.oldest >= along.span
		if len(found) >= want || len(found) >= w.need && enough || limit > 0 && seen.rows >= limit {
			found, err = w.matching(found, maybe, along.match)
			return found, seen, false, err
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
		switch {
		case ok && len(along.match) > 0:
			maybe = append(maybe, p)
		case ok:
			found = append(found, p)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, seen, false, err
	}
	found, err = w.matching(found, maybe, along.match)
	return found, seen, true, err
}

// matching appends to found those of the spots whose articles match the parts.
func (w *walk) matching(found, spots []spot, parts syndicate.And) ([]spot, error) {
	if len(spots) == 0 {
		return found, nil
	}
	columns := wordColumns
	switch needs(parts) {
	case needsThemes:
		columns = themeColumns
	case needsAnalysis:
		columns = leanColumns
	}
	articles, err := articlesAt(w.ctx, w.tx, columns, spots)
	for i, p := range spots {
		if err == nil && (syndicate.Query{Root: parts}).Match(&articles[i], w.now) {
			found = append(found, p)
		}
	}
	return found, err
}

// wordColumns are leanColumns without what is not looked at for words, dates
// and where an article is from. Reading the analysis of an article takes longer
// than all the rest.
var wordColumns = strings.NewReplacer("x.categories", "''", "x.enclosures", "''", "x.analysis", "'{}'").Replace(leanColumns)

// themeColumns are wordColumns with the themes that an article is filed under.
var themeColumns = strings.Replace(wordColumns, "'{}'", `'{"filings":[' ||
	COALESCE((SELECT group_concat('{"theme":"' || f.theme || '"}') FROM filings f WHERE f.article_id = a.id), '') || ']}'`, 1)

// What a condition needs of an article beside what it is.
const (
	needsWords = iota
	needsThemes
	needsAnalysis
)

// needs returns what e needs of an article.
func needs(e syndicate.Expr) int {
	most := func(es []syndicate.Expr) (need int) {
		for _, e := range es {
			need = max(need, needs(e))
		}
		return need
	}
	switch e := e.(type) {
	case syndicate.And:
		return most(e)
	case syndicate.Or:
		return most(e)
	case syndicate.Not:
		return needs(e.Expr)
	case syndicate.Phrase, syndicate.Date:
		return needsWords
	case syndicate.Field:
		switch e.Name {
		case "source", "lang", "author":
			return needsWords
		case "theme":
			return needsThemes
		}
	}
	return needsAnalysis
}
