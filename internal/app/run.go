package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"broadsheet/internal/jobs"
	"broadsheet/internal/web"
)

// shutdown bounds how long requests may take after the order to stop.
const shutdown = 10 * time.Second

// Run collects, publishes and mails until ctx is done, as far as the roles
// say. It returns nil when it was told to stop.
func (a *App) Run(ctx context.Context) error {
	err := a.run(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *App) run(ctx context.Context) error {
	queue, err := a.newQueue()
	if err != nil {
		return err
	}
	if err := queue.Migrate(ctx); err != nil {
		return a.store.Explain(err)
	}
	a.store.UseQueue(queue)
	a.queue.Store(queue)
	if err := a.look(ctx); err != nil {
		return a.store.Explain(err)
	}
	if a.has(RoleMail) {
		if err := a.parts.Load().deliverer.Recover(ctx); err != nil {
			return err
		}
	}
	listener, err := a.listen(ctx)
	if err != nil {
		return err
	}
	post, err := a.listenForMail(ctx)
	if err != nil {
		return errors.Join(err, closeListener(listener))
	}

	if err := a.seeChanges(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	first := a.expectFirstPolls()
	group.Go(func() error { return queue.Run(ctx) })
	group.Go(func() error { return a.watch(ctx) })
	group.Go(func() error { return a.watchAdded(ctx) })
	group.Go(func() error { giveBack(ctx); return nil })
	if listener != nil {
		group.Go(func() error { return a.serve(ctx, listener) })
		group.Go(func() error { return a.watchArticles(ctx) })
		group.Go(func() error { a.rememberServed(ctx); return nil })
		group.Go(func() error { return a.distribute(ctx) })
	}
	if post != nil {
		group.Go(func() error { return a.receiveMail(ctx, post) })
	}
	if a.has(RoleMail) {
		group.Go(func() error { return a.askMailbox(ctx) })
	}
	group.Go(func() error {
		a.greet(ctx, first)
		if a.opts.Started != nil && listener != nil {
			a.opts.Started <- listener.Addr().String()
		}
		if listener != nil {
			return a.keepWarm(ctx)
		}
		return nil
	})
	return group.Wait()
}

// keepWarm asks for the front page and that of every theme after the start and
// after each reload, until ctx is done: adding up the weeks of a theme's charts
// takes tens of milliseconds with 100,000 articles, and no reader waits for it
// then.
func (a *App) keepWarm(ctx context.Context) error {
	for {
		p, pages := a.parts.Load(), []string{"/", "/feeds", "/digests"}
		for i := range p.cfg.Themes {
			pages = append(pages, "/themes/"+url.PathEscape(p.cfg.Themes[i].ID))
		}
		for _, page := range pages {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
			if err != nil {
				return err
			}
			p.handler.ServeHTTP(nobody{http.Header{}}, r)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.reloaded:
		}
	}
}

// nobody takes an answer and forgets it.
type nobody struct{ header http.Header }

// Header implements http.ResponseWriter.
func (n nobody) Header() http.Header { return n.header }

// Write implements http.ResponseWriter.
func (nobody) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (nobody) WriteHeader(int) {}

// giveBack returns the memory of what is done to the system once a minute. The
// runtime keeps about as much again as is in use, which between polls nobody
// needs; a collection of so little takes some milliseconds.
func giveBack(ctx context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-minute.C:
			debug.FreeOSMemory()
		case <-ctx.Done():
			return
		}
	}
}

// newQueue makes the queue and registers its work.
func (a *App) newQueue() (*jobs.Queue, error) {
	q, err := jobs.New(jobs.Config{
		DB:       a.store.DB(),
		Postgres: a.store.Postgres(),
		Only:     a.queues(),
		Logger:   a.log,
		Explain:  a.store.ExplainText,
	})
	if err != nil {
		return nil, err
	}
	a.register(q)
	return q, nil
}

// listen opens the port for the web role, and returns nil without it.
func (a *App) listen(ctx context.Context) (net.Listener, error) {
	if !a.has(RoleWeb) {
		return nil, nil
	}
	return listenOn(ctx, "listen", a.Config().Listen, "use a higher one behind a reverse proxy (examples/ has one)")
}

// closeListener closes a listener, if there is one.
func closeListener(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// listenOn opens a port that a key of the configuration names. privileged is
// what to do about one that needs privileges.
func listenOn(ctx context.Context, key, address, privileged string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen %s: the port is in use; stop the program that has it, perhaps another broadsheet, or change %s: in the configuration", address, key)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen %s: ports below 1024 need privileges; %s", address, privileged)
	case err != nil:
		return nil, fmt.Errorf("listen %s: %w; check %s: in the configuration", address, err, key)
	}
	return l, nil
}

// serve answers requests until ctx is done, then lets those under way finish.
func (a *App) serve(ctx context.Context, l net.Listener) error {
	srv := web.Server(a.meter.traffic.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.parts.Load().handler.ServeHTTP(w, r)
	})))
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
		defer cancel()
		stopped <- srv.Shutdown(grace)
	})
	err := srv.Serve(web.Quick(l, func() http.Handler { return a.parts.Load().handler }))
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return <-stopped
}
