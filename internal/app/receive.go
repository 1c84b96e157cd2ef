package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/mailer/receive"
	"broadsheet/syndicate"
)

// buildReceiving makes what decides about the mail that comes back.
func (a *App) buildReceiving(p *parts) {
	p.desk = &receive.Desk{
		Domain:      p.cfg.Receive.Domain,
		Secret:      a.secret,
		Store:       a.store,
		Newsletters: a.mailFolders(p),
		Digests:     p.cfg.Digests,
		Contact:     p.cfg.Site.Contact,
		Now:         a.opts.Now,
		Logger:      a.log,
	}
}

// listenForMail opens the port that mail comes to, and returns nil when none
// is received here.
func (a *App) listenForMail(ctx context.Context) (net.Listener, error) {
	cfg := a.Config()
	if !a.has(RoleMail) || !cfg.Receive.Enabled() && !cfg.IMAP.Enabled() {
		return nil, nil
	}
	if err := a.mailFolders(a.parts.Load()).prepare(); err != nil {
		return nil, err
	}
	if !cfg.Receive.Enabled() {
		return nil, nil
	}
	return listenOn(ctx, "mail.receive.listen", cfg.Receive.Listen, "give the program the right to it (examples/ has a unit that does), or have port 25 led to a higher one")
}

// receiveMail takes mail until ctx is done.
func (a *App) receiveMail(ctx context.Context, l net.Listener) error {
	cfg := a.Config().Receive
	server := &receive.Server{Config: cfg, Desk: func() *receive.Desk { return a.parts.Load().desk }, Logger: a.log}
	a.log.InfoContext(ctx, "receiving mail", "address", l.Addr().String(), "domain", cfg.Domain)
	if a.opts.Receiving != nil {
		a.opts.Receiving <- l.Addr().String()
	}
	if err := server.Serve(ctx, l); err != nil {
		return fmt.Errorf("receive mail at %s: %w", l.Addr(), err)
	}
	return nil
}

// CollectMail asks the mailbox of mail.imap once, if there is one.
func (a *App) CollectMail(ctx context.Context) (receive.Round, error) {
	p := a.parts.Load()
	if !p.cfg.IMAP.Enabled() {
		return receive.Round{}, nil
	}
	return receive.Collect(ctx, p.cfg.IMAP, p.desk, a.log)
}

// askMailbox asks the mailbox of mail.imap again and again until ctx is done.
// A reload that changes how often counts from the next time on.
func (a *App) askMailbox(ctx context.Context) error {
	for {
		round, err := a.CollectMail(ctx)
		switch {
		case ctx.Err() != nil: // the order to stop broke it off
		case err != nil:
			a.log.WarnContext(ctx, "the mailbox could not be asked", "error", err)
		case round.Taken+round.Left > 0:
			a.log.InfoContext(ctx, "mailbox asked", "taken", round.Taken, "left", round.Left)
		}
		select {
		case <-time.After(max(a.Config().IMAP.Every, time.Minute)):
		case <-ctx.Done():
			return nil
		}
	}
}

// mailFolders puts received newsletters where their sources read them: into a
// Maildir, or a folder of .eml files.
type mailFolders struct {
	app   *App
	paths map[string]string // by source
}

func (a *App) mailFolders(p *parts) mailFolders {
	f := mailFolders{app: a, paths: map[string]string{}}
	for _, s := range p.cfg.Sources {
		if u, err := url.Parse(s.URL); err == nil && s.Kind == syndicate.KindNewsletter && u.Scheme == "file" {
			f.paths[s.Name] = u.Path
		}
	}
	return f
}

// prepare makes the folders that there are not yet, so that their sources can
// be polled before the first mail comes.
func (f mailFolders) prepare() error {
	for name, path := range f.paths {
		if err := makeMaildir(path); err != nil {
			return fmt.Errorf("source %s: %w; name a folder that this user may make, or one that is there", name, err)
		}
	}
	return nil
}

// makeMaildir makes a Maildir where nothing is.
func makeMaildir(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // whatever is there is the source's business
	}
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// Takes implements receive.Newsletters. A source that is a single file takes
// none.
func (f mailFolders) Takes(source string) bool {
	path, ok := f.paths[source]
	if !ok {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || errors.Is(err, fs.ErrNotExist)
}

// Put implements receive.Newsletters, and has the source polled soon. A folder
// that there is not becomes a Maildir.
func (f mailFolders) Put(ctx context.Context, source, name string, message []byte) error {
	path := f.paths[source]
	if err := makeMaildir(path); err != nil {
		return err
	}
	full := filepath.Join(path, name+".eml")
	if info, err := os.Stat(filepath.Join(path, "new")); err == nil && info.IsDir() {
		full = filepath.Join(path, "new", name)
	}
	if err := putFile(full, message); err != nil {
		return err
	}
	_, err := f.app.store.PollSoon(ctx, source, "a newsletter came by mail", f.app.opts.Now())
	if q := f.app.queue.Load(); err == nil && q != nil {
		err = q.Enqueue(ctx, nil, tickJob{})
	}
	return err
}

// putFile puts a whole file in place that lasts, or none.
func putFile(full string, data []byte) (err error) {
	part, err := os.CreateTemp(filepath.Dir(full), ".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part.Name())
		}
	}()
	_, err = part.Write(data)
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), full)
}

// cameBack returns a notice of the mailboxes that were suppressed in the last
// 30 days because mail to them came back; none when there are none.
func (a *App) cameBack(ctx context.Context) ([]web.Notice, error) {
	xs, err := a.store.Suppressions(ctx, store.SuppressionFilter{Reason: mailer.Bounced, Since: a.opts.Now().AddDate(0, 0, -30)})
	if err != nil || len(xs) == 0 {
		return nil, err
	}
	n := web.Notice{Kind: web.NoticeSuppressed, Count: len(xs)}
	var lines []string
	for i := range xs {
		x := &xs[i]
		if x.At.After(n.At) {
			n.At = x.At
		}
		if len(lines) < shownDeliveries {
			lines = append(lines, x.Name()+": "+x.Detail)
		}
	}
	if more := len(xs) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	lines = append(lines, "They get no more mail; `broadsheet suppressions remove ADDRESS` lets one have it again")
	n.Text = strings.Join(lines, "\n")
	return []web.Notice{n}, nil
}
