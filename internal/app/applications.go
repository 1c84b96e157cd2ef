package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/internal/config"
	"broadsheet/internal/fetch"
	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer/doctor"
	"broadsheet/syndicate"
)

const (
	// visitBound is how long a site that an applicant names may take in all.
	visitBound = 25 * time.Second
	// visits is how many such sites are asked at a time.
	visits = 2
	// maxTried is how many of the feeds that a page names are looked at.
	maxTried = 3
	// maxSample is how many articles an applicant is shown.
	maxSample = 5
)

// visit takes one of the few turns at the sites of applicants.
func (a *App) visit(ctx context.Context) (context.Context, func(), error) {
	select {
	case a.visiting <- struct{}{}:
	default:
		return nil, nil, &web.Fault{Key: "busy"}
	}
	ctx, cancel := context.WithTimeout(ctx, visitBound)
	return ctx, func() { cancel(); <-a.visiting }, nil
}

// Examine implements web.Visitors. Feeds are asked for as they are when they
// are polled; a page only where its robots.txt lets programs.
func (d frontDesk) Examine(ctx context.Context, app *syndicate.Application) error {
	p := d.parts.Load()
	if p.reads(app.URL) {
		return &web.Fault{Key: "known"}
	}
	ctx, leave, err := d.visit(ctx)
	if err != nil {
		return err
	}
	defer leave()
	test, proposed, err := d.lookAt(ctx, p, app.URL)
	if err != nil {
		return err
	}
	if test.Fault != "" || test.Kind == syndicate.KindPage {
		for _, address := range test.Feeds[:min(len(test.Feeds), maxTried)] {
			feed, source, err := d.lookAt(ctx, p, address)
			if err == nil && feed.Fault == "" && feed.Kind == syndicate.KindFeed && len(feed.Articles) > 0 {
				test, proposed = feed, source
				break
			}
		}
	}
	switch {
	case test.Fault != "":
		return &web.Fault{Key: "unreadable"}
	case len(test.Articles) == 0:
		return &web.Fault{Key: "empty"}
	case p.reads(proposed.URL):
		return &web.Fault{Key: "known"}
	}
	if test.Kind == syndicate.KindPage {
		if _, err := p.visitor.Get(ctx, fetch.Request{URL: proposed.URL, Robots: true}); err != nil {
			return visitFault(err)
		}
	}
	app.Source, app.Found, app.Sample = proposed, len(test.Articles), nil
	for i := range test.Articles[:min(len(test.Articles), maxSample)] {
		x := &test.Articles[i]
		entry := syndicate.SampleEntry{Title: x.DisplayTitle(), URL: x.URL}
		if !x.Inferred {
			entry.Published = x.Published
		}
		app.Sample = append(app.Sample, entry)
	}
	return nil
}

// lookAt fetches an address that a visitor gave and says what it holds.
func (d frontDesk) lookAt(ctx context.Context, p *parts, address string) (SourceTest, syndicate.ProposedSource, error) {
	res, err := p.visitor.Get(ctx, fetch.Request{URL: address})
	if err != nil {
		return SourceTest{}, syndicate.ProposedSource{}, visitFault(err)
	}
	if res.Status != http.StatusOK {
		return SourceTest{}, syndicate.ProposedSource{}, &web.Fault{Key: "status", Detail: strconv.Itoa(res.Status)}
	}
	src := syndicate.Source{Name: "applicant", URL: address, Kind: syndicate.KindFeed, Location: p.cfg.Site.Location}
	test, proposed := d.examine(ctx, src, res, true)
	if ctx.Err() != nil {
		return test, proposed, visitFault(ctx.Err())
	}
	return test, proposed, nil
}

// visitFault says why a site cannot be had, in no more words than its owner
// needs: what our network looks like is not for visitors.
func visitFault(err error) error {
	var e *fetch.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err // the visitor is gone
	case errors.As(err, &e) && e.Private:
		return &web.Fault{Key: "private"}
	case errors.As(err, &e) && e.Forbidden:
		return &web.Fault{Key: "robots"}
	case errors.As(err, &e) && !e.Silent:
		return &web.Fault{Key: "unreadable"}
	}
	return &web.Fault{Key: "silent"}
}

// reads reports whether an address is that of a source already.
func (p *parts) reads(address string) bool {
	return slices.ContainsFunc(p.cfg.Sources, func(s syndicate.Source) bool { return s.URL == address })
}

// Prove implements web.Visitors.
func (d frontDesk) Prove(ctx context.Context, code string) error {
	sub, err := d.Sent(ctx, syndicate.KindApplication, code)
	if err != nil || sub.Application.Proof != "" || !sub.Settled.IsZero() {
		return err
	}
	ctx, leave, err := d.visit(ctx)
	if err != nil {
		return err
	}
	defer leave()
	site, err := url.Parse(sub.Application.Site)
	if err != nil {
		return &web.Fault{Key: "unproved"}
	}
	w := witness{lookup: d.resolver().LookupTXT, client: d.parts.Load().visitor, site: site, token: d.Token(&sub)}
	for _, proof := range []struct {
		kind  syndicate.ProofKind
		holds func(context.Context) bool
	}{{syndicate.ProofDNS, w.record}, {syndicate.ProofFile, w.file}, {syndicate.ProofMeta, w.meta}} {
		if !proof.holds(ctx) {
			continue
		}
		sub.Application.Proof, sub.Application.ProvedAt = proof.kind, d.opts.Now()
		d.log.InfoContext(ctx, "an applicant proved to control a site", "submission", sub.ID, "site", sub.Application.Site, "by", proof.kind)
		return d.store.SetApplication(ctx, sub.ID, sub.Application)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return &web.Fault{Key: "unproved"}
}

// resolver returns what asks the DNS.
func (a *App) resolver() doctor.Resolver {
	if a.opts.Resolver != nil {
		return a.opts.Resolver
	}
	return net.DefaultResolver
}

// A witness looks whether a site shows a token.
type witness struct {
	lookup func(ctx context.Context, name string) ([]string, error)
	client *fetch.Client
	site   *url.URL
	token  string
}

// record looks for the TXT record of the site's host.
func (w *witness) record(ctx context.Context) bool {
	if net.ParseIP(w.site.Hostname()) != nil {
		return false
	}
	records, err := w.lookup(ctx, w.site.Hostname())
	return err == nil && slices.Contains(records, syndicate.ProofName+"="+w.token)
}

// file looks for the file. It must hold the token alone: there are sites that
// answer every address with a page that repeats it.
func (w *witness) file(ctx context.Context) bool {
	at := url.URL{Scheme: w.site.Scheme, Host: w.site.Host, Path: syndicate.ProofPath(w.token)}
	body, ok := w.get(ctx, at.String())
	return ok && string(bytes.TrimSpace(body)) == w.token
}

// meta looks for the element in the head of the site's page. In its body it
// could be what somebody else wrote there.
func (w *witness) meta(ctx context.Context) bool {
	body, ok := w.get(ctx, w.site.String())
	if !ok {
		return false
	}
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return false
	}
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Meta || n.Parent == nil || n.Parent.DataAtom != atom.Head {
			continue
		}
		var name, content string
		for _, a := range n.Attr {
			switch a.Key {
			case "name":
				name = a.Val
			case "content":
				content = a.Val
			}
		}
		if strings.EqualFold(name, syndicate.ProofName) && strings.TrimSpace(content) == w.token {
			return true
		}
	}
	return false
}

// get returns a document of the site. One that the site has sent us elsewhere
// for is not the site's.
func (w *witness) get(ctx context.Context, address string) ([]byte, bool) {
	res, err := w.client.Get(ctx, fetch.Request{URL: address, Accept: "text/html, text/plain, */*;q=0.1"})
	if err != nil || res.Status != http.StatusOK {
		return nil, false
	}
	u, err := url.Parse(res.URL)
	return res.Body, err == nil && bareHost(u) == bareHost(w.site)
}

// bareHost is the host of an address without the www. that many begin with.
func bareHost(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.") }

var sourceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// acceptApplication makes a source of an application, at once if it is to be
// kept in the database.
func (d editorDesk) acceptApplication(ctx context.Context, sub *syndicate.Submission, v web.Verdict) (bool, error) {
	p, now := d.parts.Load(), d.opts.Now()
	source := sub.Application.Source
	source.Name = cmp.Or(v.Name, source.Name)
	// Whoever has put the lines into the file, by hand or before a crash, accepts
	// what is there.
	there := v.Keep != web.KeepDatabase && slices.ContainsFunc(p.file.Sources, func(s syndicate.Source) bool { return s.Name == source.Name && s.URL == source.URL })
	if fault := p.sourceFault(source); fault != nil && !there {
		return false, fault
	}
	set := settlement(now, v)
	set.Result = source.Name
	where := "to be put into the configuration"
	switch {
	case v.Keep == web.KeepDatabase:
		where = "kept in the database"
		set.Added = &store.AddedSource{ProposedSource: source, At: now}
	case v.Patch != nil && !there:
		where = "put into the configuration"
		if err := adminDesk(d).patchConfig(ctx, v.Patch); err != nil {
			return false, err
		}
	}
	if err := d.note(ctx, syndicate.ActionAdmit, object(sub), source.Name+", "+where); err != nil {
		return false, err
	}
	done, err := d.store.SettleSubmission(ctx, sub.ID, set)
	switch {
	case err != nil || !done:
		return done, err
	case set.Added != nil:
		return true, d.readAdded(ctx)
	case v.Patch != nil:
		d.reload(ctx)
	}
	return true, nil
}

// sourceFault says why a source cannot be added, nil when it can.
func (p *parts) sourceFault(source syndicate.ProposedSource) error {
	switch {
	case !sourceName.MatchString(source.Name):
		return &web.Fault{Key: "name", Detail: source.Name}
	case p.has(source.Name) || source.Name == syndicate.ContributionsSource:
		return &web.Fault{Key: "taken", Detail: source.Name}
	case p.reads(source.URL):
		return &web.Fault{Key: "known"}
	}
	return nil
}

// SourcePatch implements web.Editor.
func (d editorDesk) SourcePatch(source syndicate.ProposedSource) (web.SourcePatch, error) {
	if fault := d.parts.Load().sourceFault(source); fault != nil {
		return web.SourcePatch{}, fault
	}
	old, _, err := adminDesk(d).ConfigText()
	if err != nil {
		return web.SourcePatch{}, err
	}
	text, err := config.AddSource(d.opts.File, []byte(old), source, os.LookupEnv)
	var problems *config.Problems
	switch {
	case errors.As(err, &problems):
		return web.SourcePatch{}, &web.Fault{Key: "mistakes", Detail: problems.List()[0].String()}
	case errors.Is(err, config.ErrNoPlace):
		return web.SourcePatch{}, &web.Fault{Key: "place"}
	case err != nil:
		return web.SourcePatch{}, err
	}
	return web.SourcePatch{Old: old, New: string(text), Diff: diffOf(filepath.Base(d.opts.File), old, string(text))}, nil
}

// SourceLines implements web.Editor.
func (d editorDesk) SourceLines(p syndicate.ProposedSource) string { return config.SourceLines(p) }

// DropSource implements web.Editor. The articles of the source stay.
func (d editorDesk) DropSource(ctx context.Context, name string) error {
	added, err := d.store.AddedSources(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(added, func(s store.AddedSource) bool { return s.Name == name }) {
		return syndicate.ErrNotFound
	}
	if err := d.note(ctx, syndicate.ActionDrop, name, ""); err != nil {
		return err
	}
	if err := d.store.DropSource(ctx, name); err != nil {
		return err
	}
	return d.readAdded(ctx)
}
