package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"broadsheet/internal/config"
	"broadsheet/internal/fetch"
	"broadsheet/internal/jobs"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/mailer/compose"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/receive"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
	"broadsheet/syndicate/classify"
	"broadsheet/syndicate/collect"
	"broadsheet/syndicate/publish"
	"broadsheet/templates"
)

// callersApart is how long after a call to somebody who follows feeds the next
// one to that host begins. They have asked for it, and a host may have many.
const callersApart = 250 * time.Millisecond

// parts is everything that is made from one state of the configuration. It
// never changes: a reload makes another.
type parts struct {
	cfg       *config.Config // with the sources that are kept in the database
	file      *config.Config // without them
	sources   map[string]syndicate.Source
	digests   map[string]mailer.Digest
	schedules map[string]jobs.Schedule // by digest

	named      []syndicate.Source // all that articles may be of
	fetcher    *fetch.Client
	visitor    *fetch.Client // of the sites that applicants name
	classifier *classify.Classifier
	collector  *collect.Collector
	publisher  *publish.Publisher
	caller     *fetch.Client // of those who follow feeds
	hub        *publish.Hub
	composer   *compose.Composer
	transport  submit.Transport
	deliverer  *deliver.Deliverer
	desk       *receive.Desk
	handler    http.Handler
}

// build makes the parts of a configuration, and touches nothing else.
func (a *App) build(cfg *config.Config) (*parts, error) {
	p := &parts{
		cfg:       cfg,
		sources:   map[string]syndicate.Source{},
		digests:   map[string]mailer.Digest{},
		schedules: map[string]jobs.Schedule{},
	}
	for _, s := range cfg.Sources {
		p.sources[s.Name] = s
	}
	for _, d := range cfg.Digests {
		p.digests[d.Name] = d
		s, err := jobs.ParseSchedule(d.Schedule, d.Location)
		if err != nil {
			return nil, fmt.Errorf("digest %s: %w", d.Name, err)
		}
		p.schedules[d.Name] = s
	}
	visitors, err := contributions(cfg)
	if err != nil {
		return nil, err
	}
	p.named = append(slices.Clone(cfg.Sources), visitors)
	if err := a.buildCollecting(p); err != nil {
		return nil, err
	}
	if err := a.buildPublishing(p); err != nil {
		return nil, err
	}
	if err := a.buildMailing(p); err != nil {
		return nil, err
	}
	a.buildReceiving(p)
	return p, nil
}

func (a *App) buildCollecting(p *parts) error {
	var err error
	p.classifier, err = p.cfg.Classifier()
	if err != nil {
		return err
	}
	limits := fetch.Default()
	contact := p.cfg.Polling.UserAgentContact
	if contact == "" {
		contact = p.cfg.Site.URL
	}
	limits.UserAgent = fetch.UserAgent(a.opts.Version, contact)
	limits.AllowPrivate = p.cfg.Polling.AllowPrivate
	p.fetcher, err = fetch.New(limits)
	if err != nil {
		return fmt.Errorf("polling: %w", err)
	}
	visitor := limits
	visitor.AllowPrivate = a.opts.Reach // a stranger must not see what the operator may
	p.visitor, err = fetch.New(visitor)
	if err != nil {
		return fmt.Errorf("visitors: %w", err)
	}
	limits.Apart = callersApart
	p.caller, err = fetch.New(limits)
	if err != nil {
		return fmt.Errorf("polling: %w", err)
	}
	p.collector = &collect.Collector{
		Store:      a.store,
		Fetcher:    p.fetcher,
		Classifier: p.classifier,
		History:    a.store,
		Sources:    p.cfg.Sources,
		Hubs:       &collect.Hubs{Store: a.store, Poster: p.fetcher, Site: p.cfg.Site, Now: a.opts.Now, Logger: a.log},
		Every:      p.cfg.Polling.Every,
		Now:        a.opts.Now,
		Logger:     a.log,
	}
	return nil
}

func (a *App) buildPublishing(p *parts) error {
	p.publisher = &publish.Publisher{
		Site:    p.cfg.Site,
		Themes:  p.cfg.Themes,
		Sources: p.named,
		Feeds:   p.cfg.Feeds,
		Places:  p.classifier,
		Readers: a,
		Content: p.cfg.Content,
		Keep:    p.cfg.Store.Keep,
		Hub:     p.cfg.Site.Link(publish.HubPath),
		Store:   a.store,
		Now:     a.opts.Now,
	}
	p.hub = &publish.Hub{Topics: p.publisher, Store: a.store, Caller: p.caller, Site: p.cfg.Site, Now: a.opts.Now, Logger: a.log}
	var err error
	p.handler, err = web.New(web.Config{
		Site:    p.cfg.Site,
		Themes:  p.cfg.Themes,
		Sources: p.named,
		Digests: slices.DeleteFunc(slices.Clone(p.cfg.Digests), func(d mailer.Digest) bool { return d.Operator }),
	}, web.Parts{
		Articles: a.store,
		Feeds:    p.publisher,
		Served:   &a.served,
		Editions: a.store,
		Places:   p.classifier,
		Health:   a.store,
		Hubs:     p.collector.Hubs,
		Hub:      p.hub,
		Version:  a.version.Load,
		Ops:      a,
		Gauges:   a,
		Traffic:  &a.meter.traffic,
		Admin:    a.admin(p),
		Readers:  a.readers(),
		Visitors: frontDesk{a},
		Tries:    &a.tries,
		Logger:   a.log,
		Now:      a.opts.Now,
	})
	return err
}

func (a *App) buildMailing(p *parts) error {
	var err error
	p.transport, err = submit.New(p.cfg.Mail)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	p.composer = &compose.Composer{
		Site:    p.cfg.Site,
		Themes:  p.cfg.Themes,
		Sources: p.named,
		From:    p.cfg.Mail.From,
		Postal:  p.cfg.Postal,
		Store:   a.store,
		Next:    p.next,
		Notices: a.operatorNotices,
		Now:     a.opts.Now,
		Logger:  a.log,
	}
	if folder := p.cfg.Folder; folder != "" {
		p.composer.Templates = templates.MailOver(os.DirFS(folder))
	}
	p.deliverer = &deliver.Deliverer{
		Store:     a.store,
		Transport: p.transport,
		Sender: mailer.Sender{
			From: p.cfg.Mail.From, Contact: p.cfg.Site.Contact, SiteURL: p.cfg.Site.URL, Domain: p.cfg.Receive.Domain, Secret: a.secret,
		},
		Config:  p.cfg.Deliver,
		Journal: a.journal,
		Pace:    a.pace(p.cfg),
		Now:     a.opts.Now,
		Logger:  a.log,
	}
	return nil
}

// pace returns what is known of how much the relay and the providers take. It
// is forgotten only when the relay or the rates change.
func (a *App) pace(cfg *config.Config) *deliver.Pacer {
	if old := a.parts.Load(); old != nil && reflect.DeepEqual(old.cfg.Mail.SMTP, cfg.Mail.SMTP) && maps.Equal(old.cfg.Deliver.Rates, cfg.Deliver.Rates) {
		return old.deliverer.Pace
	}
	return &deliver.Pacer{Connections: cfg.Mail.SMTP.Connections, Rates: cfg.Deliver.Rates, Resolver: a.resolver()}
}

// next returns when a digest is due next after an instant; the zero time is
// never.
func (p *parts) next(d mailer.Digest, after time.Time) time.Time {
	s, ok := p.schedules[d.Name]
	if !ok {
		return time.Time{}
	}
	return s.Next(after)
}

// sync tells the store what is configured, so that it knows what is due.
func (a *App) sync(ctx context.Context, p *parts) error {
	now := a.opts.Now()
	if err := a.store.SyncSources(ctx, p.cfg.Sources, now); err != nil {
		return err
	}
	return a.store.SyncDigests(ctx, p.cfg.Digests, func(d mailer.Digest) time.Time { return p.next(d, now) })
}

// close lets go of connections.
func (p *parts) close() error {
	p.fetcher.Close()
	p.visitor.Close()
	p.caller.Close()
	return p.transport.Close()
}
