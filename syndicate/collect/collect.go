// Package collect polls sources politely and turns what they carry into new
// articles. It does not decide when it is called, and what it must remember
// between two polls is in the store; it holds only what it can do without.
package collect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"broadsheet/internal/fetch"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// A Store is what collecting needs from storage.
type Store interface {
	// Poll returns what is remembered of asking a source: for a source that was
	// never asked the zero Poll, or syndicate.ErrNotFound.
	Poll(ctx context.Context, source string) (syndicate.Poll, error)

	// Polls returns what is remembered of all configured sources, in any order.
	Polls(ctx context.Context) ([]syndicate.Poll, error)

	// Known returns the hashes of those of a source's articles that are stored,
	// by key.
	Known(ctx context.Context, source string, keys []string) (map[string]string, error)

	// RecentTimes returns when the newest n articles of a source were
	// published, in any order.
	RecentTimes(ctx context.Context, source string, n int) ([]time.Time, error)

	// Record stores the outcome of a poll and the articles that are new or
	// changed, in one transaction. The fingerprint is that of the classifier
	// that filed them. Adding an article twice is not an error; an article that
	// is known keeps its ID and FirstSeen.
	Record(ctx context.Context, p syndicate.Poll, fingerprint string, articles []syndicate.Article) (added, changed int, err error)
}

// A Fetcher gets documents; *fetch.Client does.
type Fetcher interface {
	// Get returns what a server answered, or why there was no answer. If ctx
	// ends the error wraps ctx's.
	Get(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// A Classifier files articles under themes.
type Classifier interface {
	Classify(a *syndicate.Article, src *syndicate.Source) syndicate.Analysis

	// Fingerprint changes when Classify would judge differently.
	Fingerprint() string
}

// A Collector polls sources. Its methods may be called by several goroutines
// at once, but not for one source. It must not be copied after first use.
type Collector struct {
	Store      Store
	Fetcher    Fetcher
	Classifier Classifier
	History    History            // nil recognises articles by their keys alone
	Hubs       *Hubs              // nil asks no hub to push
	Sources    []syndicate.Source // all that are configured; a page's feed that is one of them is not asked twice
	Every      time.Duration      // for sources that do not say; that of [Default] when 0
	Now        func() time.Time   // time.Now when nil
	Rand       func() float64     // in [0, 1), for spreading polls; math/rand when nil
	Logger     *slog.Logger       // nil discards

	waits waits
	net   outage
}

// Options say how to poll.
type Options struct {
	// Force polls a source that is not due. It does not make the request
	// unconditional: a publisher who has nothing new still sends nothing. A
	// server that asked to be left alone (Retry-After) is left alone all the
	// same, and so is for a day one that said that the source is gone.
	Force bool
}

// A Report says what a poll brought, for people.
type Report struct {
	Source  string            `json:"source"`
	Outcome syndicate.Outcome `json:"outcome"`
	Status  int               `json:"status,omitempty"`   // HTTP status; 0 when none came or the source is a file
	Entries int               `json:"entries"`            // in the document; 0 when it was not modified
	New     int               `json:"new"`                // articles stored for the first time
	Changed int               `json:"changed"`            // articles that were stored and have changed
	Left    int               `json:"left,omitempty"`     // new articles that the source's match left out
	Themes  map[string]int    `json:"themes,omitempty"`   // of the new articles, by theme
	Next    time.Time         `json:"next,omitzero"`      // when the source is asked next
	Reason  string            `json:"reason,omitempty"`   // why then
	Error   string            `json:"error,omitempty"`    // place, fault and remedy in one line; "" when all is well
	Repairs []string          `json:"repairs,omitempty"`  // what was wrong with the document, a sentence each
	Bytes   int64             `json:"bytes,omitempty"`    // of the answer's body, as transmitted
	MovedTo string            `json:"moved_to,omitempty"` // the source's new address, when it moved for good
	Gone    bool              `json:"gone,omitempty"`     // the publisher says that the source is gone for good
}

// Poll asks a source for news and stores them, if the source is due or
// opts.Force is set. Whatever is the matter with the source is told in the
// Report and remembered. An error means that the store did not work, or that
// ctx ended, in which case nothing was stored or counted against the source.
func (c *Collector) Poll(ctx context.Context, src syndicate.Source, opts Options) (Report, error) {
	now := c.now()
	state, asked, err := c.load(ctx, src)
	if err != nil {
		return Report{}, fmt.Errorf("source %s: %w", src.Name, err)
	}
	p := &poll{c: c, src: src, now: now, before: state, state: state, asked: asked, report: Report{Source: src.Name}}
	due := !now.Before(state.NextAt)
	held := !due && !opts.Force
	if !held {
		if held, err = p.held(ctx, due); err != nil {
			return Report{}, fmt.Errorf("source %s: %w", src.Name, err)
		}
	}
	if held {
		return Report{
			Source: src.Name, Outcome: syndicate.NotDue, Status: p.state.Status,
			Next: p.state.NextAt, Reason: p.state.NextReason, MovedTo: p.state.MovedTo, Gone: p.state.Gone,
		}, nil
	}
	if err := p.run(ctx); err != nil {
		return Report{}, fmt.Errorf("source %s: %w", src.Name, err)
	}
	return p.report, nil
}

// load returns what is remembered of the source, or a fresh state when there
// is nothing or when it is about another URL; asked reports whether the source
// ever answered, at whatever URL.
func (c *Collector) load(ctx context.Context, src syndicate.Source) (state syndicate.Poll, asked bool, err error) {
	state, err = c.Store.Poll(ctx, src.Name)
	if err != nil && !errors.Is(err, syndicate.ErrNotFound) {
		return state, false, fmt.Errorf("load its state: %w", err)
	}
	asked = !state.LastOKAt.IsZero()
	if state.URL != src.URL {
		state = syndicate.Poll{URL: src.URL, LastOKAt: state.LastOKAt, Identity: state.Identity, Accepted: state.Accepted}
	}
	state.Source, state.Answer = src.Name, nil
	if c.net.pardoned(src.Name) {
		state.Failures = 0
	}
	return state, asked, nil
}

func (c *Collector) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Collector) random() float64 {
	if c.Rand != nil {
		return c.Rand()
	}
	return rand.Float64()
}

func (c *Collector) log() *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// A poll is one asking of one source.
type poll struct {
	c      *Collector
	src    syndicate.Source
	now    time.Time
	before syndicate.Poll // as it was
	state  syndicate.Poll // as it was, then as it will be
	report Report
	header http.Header // of the answer; nil when none came

	conditional bool   // the request was
	outage      string // why no answer came, when the fault is ours

	asked         bool                 // the source answered before this
	knownArticles int                  // in the document
	moved         map[string]time.Time // when articles that have another address now changed last, by key
}

// address is where the source is asked.
func (p *poll) address() string { return cmp.Or(p.state.MovedTo, p.src.URL) }

// request returns the request for the source's document. The validators of
// the copy we have go back as they came. When there are none, the date of the
// copy takes their place (RFC 9110, section 13.1.3), but for one request a day
// that brings the document whatever the server makes of that date.
func (p *poll) request() fetch.Request {
	s := &p.state
	r := fetch.Request{
		URL: p.address(), ETag: s.ETag, LastModified: s.LastModified,
		AllowFile: p.address() == p.src.URL, Robots: p.src.Kind == syndicate.KindPage,
	}
	if r.ETag == "" && r.LastModified == "" && s.BodyHash != "" && p.now.Sub(s.FullAt) < fullAgain {
		r.LastModified = s.Date
	}
	p.conditional = r.ETag != "" || r.LastModified != ""
	return r
}

func (p *poll) run(ctx context.Context) error {
	s := &p.state
	s.LastAt, s.New, s.Error, s.Status = p.now, 0, "", 0
	s.Busy, s.BusyUntil = "", time.Time{}
	if path, ok := p.mailFolder(); ok {
		articles, err := p.readFolder(ctx, path)
		if err != nil {
			return err
		}
		return p.record(ctx, articles)
	}
	request := p.request()
	res, err := p.c.Fetcher.Get(ctx, request)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if res != nil {
		p.header, s.Status, p.report.Bytes = res.Header, res.Status, res.Wire
	}
	p.c.log().DebugContext(ctx, "asked", "source", p.src.Name, "url", request.URL, "status", s.Status, "bytes", p.report.Bytes, "error", err)
	var fault *fetch.Error
	if errors.As(err, &fault) && fault.Silent {
		p.unanswered(ctx, err)
		return p.record(ctx, nil)
	}
	if res != nil {
		p.answered(ctx)
	}
	if err != nil {
		p.fail(err.Error())
		return p.record(ctx, nil)
	}
	articles, err := p.answer(ctx, res)
	if err != nil {
		return err
	}
	return p.record(ctx, articles)
}

// unanswered notes that no answer came: the source's fault, or our own.
func (p *poll) unanswered(ctx context.Context, err error) {
	n, of, own, begun := p.c.net.unanswered(hostOf(p.address()), p.src.Name, p.state.Failures, p.now)
	if begun {
		p.c.log().WarnContext(ctx, "this machine's network seems to be down", "silent_hosts", n, "asked_hosts", of)
	}
	if !own {
		p.fail(err.Error())
		return
	}
	p.outage = fmt.Sprintf("%d of the %d hosts asked within %s did not answer", n, of, short(cycle))
	s := &p.state
	s.Outcome = syndicate.Failed
	if p.c.net.pardoned(p.src.Name) {
		s.Failures = 0
	}
	s.Error = oneLine(err.Error()) + "; since " + p.outage + ", the fault is this machine's: check its network"
}

// answered notes that the host answered, with whatever.
func (p *poll) answered(ctx context.Context) {
	if !p.local() && p.c.net.answered(hostOf(p.address()), p.src.Name, p.now) {
		p.c.log().InfoContext(ctx, "this machine's network is back")
	}
}

// answer judges what the server answered and returns the articles to store.
func (p *poll) answer(ctx context.Context, res *fetch.Response) ([]syndicate.Article, error) {
	switch {
	case res.NotModified && !p.conditional:
		p.fail(p.place() + ": the server says that nothing has changed since a time nobody asked about; tell the publisher")
	case res.NotModified:
		p.unchanged()
		p.succeed(syndicate.NotModified, res)
	case res.Status == 0, res.Status == http.StatusOK, res.Status == http.StatusNonAuthoritativeInfo:
		return p.document(ctx, res)
	default:
		p.refused(res)
	}
	return nil, nil
}

// document reads a document and returns the articles to store.
func (p *poll) document(ctx context.Context, res *fetch.Response) ([]syndicate.Article, error) {
	if !p.conditional {
		p.state.FullAt = p.now
	}
	sum := sha256.Sum256(res.Body)
	hash := hex.EncodeToString(sum[:])
	if hash == p.state.BodyHash {
		p.unchanged()
		p.succeed(syndicate.NotModified, res)
		return nil, nil
	}
	p.state.Answer = &syndicate.Answer{
		Source: p.src.Name, At: p.now, Status: res.Status, URL: res.URL, Header: res.Header, Body: res.Body,
	}
	doc, err := read.Read(ctx, input(&p.src, p.state.Answer))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		// The validators and the hash stay those of the last good document:
		// otherwise the next answer would be "not modified" and the fault hidden.
		p.fail(p.place() + ": " + err.Error())
		p.keep(0, err.Error())
		p.unread()
		p.discover(res)
		return nil, nil
	}
	articles, err := p.take(ctx, doc)
	if err != nil {
		return nil, err
	}
	if err := p.hub(ctx, res, &doc.Feed); err != nil {
		return nil, err
	}
	p.succeed(syndicate.Fetched, res)
	p.state.BodyHash, p.state.Bytes = hash, int64(len(res.Body))
	p.report.Entries, p.report.Repairs = len(doc.Entries), doc.Repairs
	return articles, nil
}

// take returns the articles of a document that are to be stored: none when it
// breaks the source's contract.
func (p *poll) take(ctx context.Context, doc *read.Result) ([]syndicate.Article, error) {
	doc.Identity = read.Rung(p.state.Identity)
	all := read.Articles(&p.src, doc, p.now)
	if !p.fits(doc, all) {
		p.keep(len(all), p.state.Drift)
		return nil, nil
	}
	articles, err := p.fresh(ctx, all)
	if err != nil {
		return nil, err
	}
	p.state.Accepted = false
	p.keep(len(all), "")
	p.state.Articles, p.state.Identity = len(all), int(doc.Identity)
	p.state.TTL, p.state.TTLReason, p.state.Skip = wishes(doc.Feed)
	return articles, nil
}

// fresh returns the articles that are new or changed, filed.
func (p *poll) fresh(ctx context.Context, all []syndicate.Article) ([]syndicate.Article, error) {
	keys := make([]string, len(all))
	for i := range all {
		keys[i] = all[i].Key
	}
	known, err := p.c.Store.Known(ctx, p.src.Name, keys)
	if err != nil {
		return nil, fmt.Errorf("look up %d articles: %w", len(keys), err)
	}
	if all, err = p.recall(ctx, all, known); err != nil {
		return nil, err
	}
	fresh, err := p.guard(ctx, p.file(all, known), known)
	if err != nil {
		return nil, err
	}
	p.report.Themes = map[string]int{}
	for i := range fresh {
		if _, isKnown := known[fresh[i].Key]; isKnown {
			continue
		}
		p.state.New++
		for _, f := range fresh[i].Filings {
			p.report.Themes[f.Theme]++
		}
	}
	return fresh, nil
}

// file returns the articles that are not known as they are, filed, without
// those that the source's match leaves out.
func (p *poll) file(all []syndicate.Article, known map[string]string) []syndicate.Article {
	var fresh []syndicate.Article
	seen := make(map[string]bool, len(all))
	for i := range all {
		a := &all[i]
		hash, isKnown := known[a.Key]
		if seen[a.Key] {
			continue
		}
		seen[a.Key] = true
		if isKnown {
			p.knownArticles++
			if hash == a.Hash {
				continue
			}
		}
		a.ID = syndicate.NewID(p.src.URL, a.Key)
		a.FirstSeen, a.Changed = p.now, p.now
		if changed, ok := p.moved[a.Key]; ok {
			a.Changed = changed
		}
		a.Analysis = p.c.Classifier.Classify(a, &p.src)
		// What is stored already is kept up to date even if it matches no more.
		if !isKnown && p.src.Match != nil && !p.src.Match.Match(a, p.now) {
			p.report.Left++
			continue
		}
		fresh = append(fresh, *a)
	}
	return fresh
}

// record decides on the next poll and stores everything at once.
func (p *poll) record(ctx context.Context, articles []syndicate.Article) error {
	if err := p.plan(ctx, articles); err != nil {
		return err
	}
	p.notice(ctx)
	added, changed, err := p.c.Store.Record(ctx, p.state, p.c.Classifier.Fingerprint(), articles)
	if err != nil {
		return fmt.Errorf("store %d articles: %w", len(articles), err)
	}
	r := &p.report
	r.New, r.Changed = added, changed
	r.Outcome, r.Status, r.Error = p.state.Outcome, p.state.Status, p.state.Error
	r.Next, r.Reason = p.state.NextAt, p.state.NextReason
	r.MovedTo, r.Gone = p.state.MovedTo, p.state.Gone
	return nil
}
