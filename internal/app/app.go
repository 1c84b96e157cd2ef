// Package app puts the parts together and runs them: it is the only place that
// knows every part. It decides nothing that a part could decide.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"broadsheet/internal/config"
	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/doctor"
	"broadsheet/syndicate/classify"
)

// A Role is a share of the work that a process may take on.
type Role string

// The roles.
const (
	RoleWeb     Role = "web"     // serve feeds and pages
	RoleCollect Role = "collect" // poll sources
	RoleMail    Role = "mail"    // compose editions and deliver them
)

// AllRoles returns every role.
func AllRoles() []Role { return []Role{RoleWeb, RoleCollect, RoleMail} }

// Options are what the configuration file does not say.
type Options struct {
	Logger    *slog.Logger
	Out       io.Writer // what the operator at the terminal reads; nil for nobody
	Version   string
	Roles     []Role           // nil for all
	File      string           // the configuration file, watched for changes; "" watches none
	Now       func() time.Time // nil for time.Now
	Tick      time.Duration    // how often to look for what is due; 0 for 15 s
	Started   chan<- string    // receives the address served, once; may be nil
	Receiving chan<- string    // receives the address mail is taken at, once; may be nil
	Resolver  doctor.Resolver  // asks the DNS; nil for the system's
	Look      bool             // put nothing of the configuration in force; for commands that only look

	// Reach is which private addresses visitors may have us ask, as
	// polling.allow_private has it for sources; nil, as anywhere but in tests, is none.
	Reach []string
}

// An App is a paper: its store, and the parts that work on it.
//
// New opens it, Run runs it as a daemon, and the other methods do one thing
// each for the command line.
type App struct {
	opts    Options
	log     *slog.Logger
	store   *store.Store
	secret  []byte // of the site; see secretSetting
	stories *classify.Tellings
	journal *deliver.Journal
	served  servedFeeds
	pause   pauser                     // between the batches of long work
	parts   atomic.Pointer[parts]      // replaced as a whole by a reload
	queue   atomic.Pointer[jobs.Queue] // nil until Run

	version atomic.Int64  // of the articles, as store.Version had it last
	news    chan struct{} // of capacity 1: the hub has something to look at

	reloaded chan struct{} // of capacity 1: another configuration is in force

	saved  chan struct{} // of capacity 1: the configuration file was replaced by an admin page
	saving sync.Mutex    // held while the configuration file is replaced

	tries   web.Tries  // of visitors and of who signs in
	ring    *logRing   // the last lines of the log
	copying sync.Mutex // held while the database is copied
	meter   meter

	visiting  chan struct{} // holds a token for each site of an applicant that is being asked
	reloading sync.Mutex    // held while another configuration is put in force
	bulk      struct {      // the last examination before a mailing to many
		mu     sync.Mutex
		by     *parts
		until  time.Time // it counts
		faults []string
	}

	mu      sync.Mutex
	reports chan<- PollReport // of the first polls, while Run waits for them
}

// New opens the store and makes the parts. It starts nothing.
func New(ctx context.Context, cfg *config.Config, opts Options) (*App, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	ring := &logRing{}
	opts.Logger = ring.tap(opts.Logger)
	if opts.Out == nil {
		opts.Out = io.Discard
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Tick == 0 {
		opts.Tick = 15 * time.Second
	}
	if opts.Roles == nil {
		opts.Roles = AllRoles()
	}
	stories, err := classify.NewTellings()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, cfg.Store, opts.Logger)
	if err != nil {
		return nil, err
	}
	a := &App{
		ring: ring, opts: opts, log: opts.Logger, store: st, served: servedFeeds{store: st}, stories: stories, pause: standAside,
		news: make(chan struct{}, 1), reloaded: make(chan struct{}, 1), saved: make(chan struct{}, 1), visiting: make(chan struct{}, visits),
	}
	a.meter.since = opts.Now()
	if err := a.begin(ctx, cfg); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return a, nil
}

// begin makes the first parts.
func (a *App) begin(ctx context.Context, cfg *config.Config) (err error) {
	if a.secret, err = readSecret(ctx, a.store); err != nil {
		return err
	}
	if err = a.makeJournal(ctx, cfg); err != nil {
		return err
	}
	whole, err := a.withAdded(ctx, cfg)
	if err != nil {
		return err
	}
	p, err := a.build(whole)
	if err != nil {
		return err
	}
	p.file = cfg
	if !a.opts.Look {
		if err := a.sync(ctx, p); err != nil {
			return err
		}
	}
	a.parts.Store(p)
	return nil
}

// Close lets go of the store. Run must have returned.
func (a *App) Close() error {
	return errors.Join(a.parts.Load().close(), a.journal.Close(), a.served.save(context.Background()), a.store.Close())
}

// Config returns the configuration in force.
func (a *App) Config() *config.Config { return a.parts.Load().cfg }

func (a *App) has(r Role) bool { return slices.Contains(a.opts.Roles, r) }

// VersionLine returns what `broadsheet version` prints.
func VersionLine(version string) string {
	return fmt.Sprintf("broadsheet %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
