package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"broadsheet/mailer"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// patience bounds how long the greeting waits for the first polls.
const patience = 8 * time.Second

// A PollReport is what one poll of a source brought.
type PollReport struct{ collect.Report }

// Line tells the operator of the poll in one line.
func (r PollReport) Line(loc *time.Location, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s ", r.Source)
	switch {
	case r.Error != "":
		fmt.Fprintf(&b, "%s", r.Error)
	case r.Outcome == syndicate.Fetched:
		fmt.Fprintf(&b, "%s, %d new", articles(r.Entries), r.New)
		if r.Changed > 0 {
			fmt.Fprintf(&b, ", %d changed", r.Changed)
		}
	default:
		b.WriteString(string(r.Outcome))
	}
	if !r.Next.IsZero() {
		fmt.Fprintf(&b, "; next poll %s", clock(r.Next, now, loc))
		if r.Reason != "" {
			fmt.Fprintf(&b, " (%s)", r.Reason)
		}
	}
	for _, repair := range r.Repairs {
		fmt.Fprintf(&b, "\n%-16s repaired: %s", "", repair)
	}
	return b.String()
}

// articles counts articles in words.
func articles(n int) string {
	if n == 1 {
		return "1 article"
	}
	return fmt.Sprintf("%d articles", n)
}

// clock returns a time of day, with the date when it is another day.
func clock(t, now time.Time, loc *time.Location) string {
	t, now = t.In(loc), now.In(loc)
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// expectFirstPolls makes the reports of polls come to the returned channel,
// until the greeting has been printed.
func (a *App) expectFirstPolls() <-chan PollReport {
	reports := make(chan PollReport, 64)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reports = reports
	return reports
}

// report hands the report of a poll to the greeting, or to the log once the
// operator has been greeted.
func (a *App) report(r PollReport) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reports != nil {
		select {
		case a.reports <- r:
			return
		default: // the greeting has more to print than it can: the log takes the rest
		}
	}
	if r.Error != "" {
		a.log.Warn("source has a fault", "source", r.Source, "fault", r.Error, "next_poll", r.Next)
		return
	}
	a.log.Info("polled", "source", r.Source, "outcome", r.Outcome, "new", r.New, "changed", r.Changed, "next_poll", r.Next, "because", r.Reason)
}

// greet tells the operator what was found: a line a source as it comes in, a
// line a theme, the digests, the addresses to open.
func (a *App) greet(ctx context.Context, first <-chan PollReport) {
	out, p := a.opts.Out, a.parts.Load()
	fmt.Fprintf(out, "Broadsheet %s: %s, database %s\n", a.opts.Version, p.cfg.Site.Title, p.cfg.Store.Redacted())
	a.greetSources(ctx, first)
	a.mu.Lock()
	a.reports = nil
	a.mu.Unlock()

	stats, err := a.store.Stats(ctx)
	if err != nil {
		a.log.Error("count articles", "error", err)
		return
	}
	fmt.Fprintln(out, "\nThemes")
	for _, t := range p.cfg.Themes {
		fmt.Fprintf(out, "  %14s  %s  %s\n", articles(stats.Themes[t.ID]), p.cfg.Site.ThemeURL(t.ID), t.DisplayTitle(p.cfg.Site.Language))
	}
	if a.has(RoleMail) && len(p.cfg.Digests) > 0 {
		fmt.Fprintln(out, "\nDigests")
		for _, d := range p.cfg.Digests {
			fmt.Fprintf(out, "  %-14s next %s, to %s\n", d.Name, a.nextEdition(ctx, d), destination(p.cfg.Mail))
		}
	}
	if a.has(RoleWeb) {
		fmt.Fprintf(out, "\nOpen\n  %s  front page\n  %s  all feeds\n", p.cfg.Site.Link("/"), p.cfg.Site.Link("/feeds"))
		a.greetAdmin(ctx)
		fmt.Fprint(out, "\nCtrl-C stops.\n")
	}
}

// greetAdmin prints where the operator signs in.
func (a *App) greetAdmin(ctx context.Context) {
	cfg := a.Config()
	if cfg.Admin.PasswordHash != "" {
		fmt.Fprintf(a.opts.Out, "  %s  admin pages\n", cfg.Site.Link("/admin"))
		return
	}
	link, err := a.SignInLink(ctx)
	if err != nil {
		a.log.Error("make a sign-in link", "error", err)
		return
	}
	fmt.Fprintf(a.opts.Out, "  %s\n    admin pages; this link signs in once, within a day. `broadsheet admin password` sets a password instead\n", link)
}

// greetSources prints a line a source: at once for those that are not due, as
// the reports come in for the others.
func (a *App) greetSources(ctx context.Context, first <-chan PollReport) {
	p, now := a.parts.Load(), a.opts.Now()
	if !a.has(RoleCollect) {
		return
	}
	states, err := a.Sources(ctx)
	if err != nil {
		a.log.Error("list sources", "error", err)
		return
	}
	fmt.Fprintln(a.opts.Out, "\nSources")
	if len(states) == 0 {
		fmt.Fprintln(a.opts.Out, "  none yet; add one under sources: in the configuration")
	}
	due := map[string]bool{}
	for _, s := range states {
		if !s.Poll.NextAt.After(now) {
			due[s.Name] = true
			continue
		}
		line := fmt.Sprintf("%-16s %s stored; next poll %s (%s)", s.Name, articles(s.Stored), clock(s.Poll.NextAt, now, p.cfg.Site.Location), s.Poll.NextReason)
		if s.Poll.Error != "" {
			line += "; " + s.Poll.Error
		}
		fmt.Fprintln(a.opts.Out, "  "+line)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for len(due) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			fmt.Fprintf(a.opts.Out, "  %d sources have not answered yet; `broadsheet sources list` tells more\n", len(due))
			return
		case r := <-first:
			delete(due, r.Source)
			fmt.Fprintln(a.opts.Out, "  "+r.Line(p.cfg.Site.Location, now))
		}
	}
}

func (a *App) nextEdition(ctx context.Context, d mailer.Digest) string {
	states, err := a.store.Digests(ctx)
	if err != nil {
		a.log.Error("list digests", "error", err)
		return "unknown"
	}
	for _, s := range states {
		if s.Name == d.Name {
			return s.NextAt.In(d.Location).Format("Mon 2006-01-02 15:04 MST")
		}
	}
	return "never"
}

// destination says where mail goes.
func destination(m submit.Config) string {
	if m.Transport == submit.SMTPTransport {
		return m.SMTP.String()
	}
	return "the folder " + m.Directory
}
