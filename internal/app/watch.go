package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"broadsheet/internal/config"
	"broadsheet/mailer/receive"
)

// settle is how long a file must be left alone before it is read: editors
// write in several steps.
const settle = 200 * time.Millisecond

// watch reloads the configuration when its file changes or a hang-up signal
// comes, until ctx is done.
//
// The folder is watched, not the file: editors and orchestrators replace files
// instead of writing into them.
func (a *App) watch(ctx context.Context) error {
	if a.opts.File == "" {
		<-ctx.Done()
		return nil
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	var events <-chan fsnotify.Event
	var faults <-chan error
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		defer watcher.Close()
		err = watcher.Add(filepath.Dir(a.opts.File))
		events, faults = watcher.Events, watcher.Errors
	}
	if err != nil {
		a.log.Warn("changes of the configuration are not noticed; send SIGHUP to reload", "file", a.opts.File, "error", err)
	}

	calm := time.NewTimer(settle)
	calm.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if filepath.Base(e.Name) == filepath.Base(a.opts.File) && !e.Has(fsnotify.Chmod) {
				calm.Reset(settle)
			}
		case err := <-faults:
			a.log.Warn("watch the configuration", "error", err)
		case <-a.saved: // where a link leads to is not watched
			calm.Reset(settle)
		case <-hangup:
			a.reload(ctx)
		case <-calm.C:
			a.reload(ctx)
		}
	}
}

// reload reads the configuration file and puts it in force, or says why not.
func (a *App) reload(ctx context.Context) {
	cfg, err := config.Load(a.opts.File)
	if err != nil {
		var problems *config.Problems
		if errors.As(err, &problems) {
			for _, p := range problems.List() {
				a.log.Error("configuration not reloaded; the old one stays in force", "fault", p.String())
			}
			return
		}
		a.log.Error("configuration not reloaded; the old one stays in force", "error", err)
		return
	}
	if err := a.Reload(ctx, cfg); err != nil {
		a.log.Error("configuration not reloaded; the old one stays in force", "error", err)
		return
	}
	a.log.Info("configuration reloaded", "file", a.opts.File, "sources", len(cfg.Sources), "themes", len(cfg.Themes), "digests", len(cfg.Digests))
}

// Reload puts another configuration in force. The database and the port stay
// what they were at the start.
func (a *App) Reload(ctx context.Context, cfg *config.Config) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	old := a.parts.Load()
	port := func(r receive.Config) receive.Config {
		r.Domain = "" // counts at once
		return r
	}
	if cfg.Store != old.cfg.Store || cfg.Listen != old.cfg.Listen || port(cfg.Receive) != port(old.cfg.Receive) {
		a.log.Warn("database:, listen: and the port and certificate of mail.receive: take effect at the next start")
	}
	whole, err := a.withAdded(ctx, cfg)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(whole, old.cfg) && reflect.DeepEqual(cfg, old.file) {
		return nil
	}
	p, err := a.build(whole)
	if err != nil {
		return err
	}
	p.file = cfg
	if err := a.sync(ctx, p); err != nil {
		return errors.Join(err, p.close())
	}
	a.parts.Store(p)
	select {
	case a.reloaded <- struct{}{}:
	default: // it is known already
	}
	a.tellHub() // feeds may be called something else, or be gone
	return a.look(ctx)
}

// look has the daemon do at once what a configuration gives it to do: poll new
// sources, file articles by changed themes.
func (a *App) look(ctx context.Context) error {
	q := a.queue.Load()
	if q == nil {
		return nil // not running
	}
	return q.Enqueue(ctx, nil, tickJob{}, refileJob{Fingerprint: a.parts.Load().classifier.Fingerprint()})
}
