package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"broadsheet/internal/web"
	"broadsheet/mailer"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/doctor"
	"broadsheet/mailer/receive"
	"broadsheet/mailer/submit"
)

// Doctor checks what mailbox providers will check before they take mail, and
// what this machine needs besides: clock, disk and database. It sends nothing
// and changes nothing.
func (a *App) Doctor(ctx context.Context) ([]doctor.Finding, error) {
	p := a.parts.Load()
	dr, patient, err := a.doctor(ctx, p)
	if err != nil {
		return nil, err
	}
	findings := dr.Examine(ctx, patient)
	if box := p.cfg.IMAP; box.Enabled() {
		findings = append(findings, checkMailbox(ctx, box))
	}
	clock, err := a.checkClock(ctx)
	if err != nil {
		return nil, err
	}
	findings = append(findings, clock)
	findings = append(findings, a.checkDisk(p)...)
	replies, err := a.checkReplies(ctx)
	return append(findings, replies...), err
}

// doctor returns who examines the mail, and what there is to examine.
func (a *App) doctor(ctx context.Context, p *parts) (*doctor.Doctor, doctor.Patient, error) {
	message, err := a.nextMessage(ctx, p)
	if err != nil {
		return nil, doctor.Patient{}, err
	}
	patient := doctor.Patient{Mail: p.cfg.Mail, Site: p.cfg.Site.URL, Domain: p.cfg.Receive.Domain, Message: message}
	dr := &doctor.Doctor{Resolver: a.resolver(), Now: a.opts.Now, Own: ownAddresses}
	return dr, patient, nil
}

// nextMessage returns the bytes that the first recipient of the next public
// digest would get now; nil when there is no digest.
func (a *App) nextMessage(ctx context.Context, p *parts) ([]byte, error) {
	public := slices.DeleteFunc(slices.Clone(p.cfg.Digests), func(d mailer.Digest) bool { return d.Operator })
	if len(public) == 0 {
		return nil, nil
	}
	now := a.opts.Now()
	next := slices.MinFunc(public, func(x, y mailer.Digest) int { return p.next(x, now).Compare(p.next(y, now)) })
	to := p.cfg.Site.Contact
	if len(next.To) > 0 {
		to = next.To[0]
	}
	message, err := a.Preview(ctx, next.Name, to, "eml")
	if err != nil {
		return nil, fmt.Errorf("the next edition of %s cannot be made: %w", next.Name, err)
	}
	return message, nil
}

// ownAddresses returns the public addresses of this machine.
func ownAddresses() []netip.Addr {
	var out []netip.Addr
	all, _ := net.InterfaceAddrs() // a machine that does not tell has none
	for _, a := range all {
		if network, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(network.IP); ok && ip.Unmap().IsGlobalUnicast() && !ip.Unmap().IsPrivate() {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out
}

// checkMailbox signs in to the mailbox elsewhere that mail comes to.
func checkMailbox(ctx context.Context, box receive.IMAP) doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := receive.Try(ctx, box); err != nil {
		return doctor.Finding{Check: "imap", Level: doctor.Fault, Text: err.Error(), Remedy: "see mail.imap: until then nobody counts what comes back"}
	}
	return doctor.Finding{Check: "imap", Level: doctor.OK, Text: fmt.Sprintf("%s:%d opens %s", box.Host, box.Port, box.Mailbox)}
}

const (
	// wrongClock is how far the clock may be off.
	wrongClock = 2 * time.Minute
	// clockWitnesses is how many servers must say so.
	clockWitnesses = 3
)

// checkClock compares this machine's clock with those of the servers whose
// documents were fetched in the last week. Caches hand out old dates, never
// new ones: the latest is nearest the truth.
func (a *App) checkClock(ctx context.Context) (doctor.Finding, error) {
	polls, err := a.store.Polls(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	var offs []time.Duration
	for i := range polls {
		p := &polls[i]
		at, err := http.ParseTime(p.Date)
		if err == nil && !p.FullAt.IsZero() && a.opts.Now().Sub(p.FullAt) < 7*24*time.Hour {
			offs = append(offs, p.FullAt.Sub(at))
		}
	}
	if len(offs) < clockWitnesses {
		return doctor.Finding{Check: "clock", Level: doctor.Note, Text: "too few servers were asked of late to tell whether the clock is right"}, nil
	}
	slices.Sort(offs)
	// One server may be wrong: the second one counts.
	off := offs[1].Round(time.Second)
	f := doctor.Finding{Check: "clock", Level: doctor.OK, Text: fmt.Sprintf("the clock agrees with those of %d servers", len(offs))}
	if off.Abs() > wrongClock {
		way := "fast"
		if off < 0 {
			way = "slow"
		}
		f = doctor.Finding{
			Check: "clock", Level: doctor.Fault, Text: fmt.Sprintf("the clock is %s %s, by those of %d servers", off.Abs(), way, len(offs)),
			Remedy: "have it set by NTP: signatures, dates of mails and schedules depend on it",
		}
	}
	return f, nil
}

const (
	fullDisk   = 200 << 20 // bytes left
	nearlyFull = 1 << 30
)

// checkDisk tells how much room is left where Broadsheet writes.
func (a *App) checkDisk(p *parts) []doctor.Finding {
	dirs := []string{}
	if path, ok := strings.CutPrefix(p.cfg.Store.Database, "sqlite:"); ok {
		dirs = append(dirs, filepath.Dir(strings.TrimPrefix(path, "//")))
	}
	if p.cfg.Mail.Transport == submit.DirectoryTransport {
		dirs = append(dirs, p.cfg.Mail.Directory)
	}
	var out []doctor.Finding
	for _, dir := range dirs {
		for { // a folder that is made when it is needed
			if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
				break
			}
			dir = filepath.Dir(dir)
		}
		free, ok := freeBytes(dir)
		f := doctor.Finding{Check: "disk", Level: doctor.OK, Text: fmt.Sprintf("%s has %d MB left", dir, free>>20)}
		switch {
		case !ok:
			f.Level, f.Text = doctor.Note, dir+": this system does not tell how much room is left"
		case free < fullDisk:
			f.Level, f.Remedy = doctor.Fault, "make room; mail and articles are lost to a full disk's delays"
		case free < nearlyFull:
			f.Level, f.Remedy = doctor.Warning, "make room before it is full"
		}
		out = append(out, f)
	}
	return out
}

// checkReplies explains what servers said of late when they refused a
// delivery, each explanation once.
func (a *App) checkReplies(ctx context.Context) ([]doctor.Finding, error) {
	editions, err := a.store.Editions(ctx, "", opsEditions)
	if err != nil {
		return nil, err
	}
	type refusal struct {
		text string
		n    int
	}
	told := map[string]*refusal{}
	var order []string
	for i := range editions {
		_, deliveries, err := a.store.Account(ctx, editions[i].ID, shownDeliveries)
		if err != nil {
			return nil, err
		}
		for j := range deliveries {
			d := &deliveries[j]
			advice := mailer.Advice(d.Error)
			if advice == "" || d.State == mailer.Suppressed {
				continue
			}
			if told[advice] == nil {
				told[advice] = &refusal{text: d.Error}
				order = append(order, advice)
			}
			told[advice].n++
		}
	}
	var out []doctor.Finding
	for _, advice := range order {
		r := told[advice]
		out = append(out, doctor.Finding{Check: "replies", Level: doctor.Warning, Text: fmt.Sprintf("%d of the last deliveries: %s", r.n, r.text), Remedy: advice})
	}
	return out, nil
}

// bulk is from how many recipients on providers call a mailing bulk mail and
// refuse what does not keep their rules: 5,000 a day to one of them.
const bulk = 5000

// examinedFor is how long an examination counts when it found nothing, and
// when it did.
const (
	examinedFor   = time.Hour
	examinedAgain = 5 * time.Minute
)

// ErrRefusable is wrapped by the error for an edition that is not delivered
// because large providers would refuse it.
var ErrRefusable = errors.New("large providers would refuse this mailing")

// deliverEdition delivers an edition, unless it is bulk mail that large
// providers would refuse: then its deliveries stay in the outbox. Being
// refused hurts for longer than being late: a domain's name for bulk mail is
// made once.
func (a *App) deliverEdition(ctx context.Context, p *parts, edition int64) (deliver.Summary, error) {
	refusable := a.refusable(ctx, p, edition)
	reason := ""
	var r *refusal
	switch {
	case errors.As(refusable, &r):
		reason = r.reason()
	case refusable != nil:
		return deliver.Summary{}, refusable
	}
	if err := a.store.HoldBack(ctx, edition, reason); err != nil || refusable != nil {
		return deliver.Summary{}, errors.Join(refusable, err)
	}
	sum, failed := p.deliverer.Deliver(ctx, edition)
	if sum.Failed == 0 {
		return sum, failed
	}
	// A refusal tells of a mailbox what a bounce does, only sooner.
	ctx = context.WithoutCancel(ctx)
	n, err := a.store.CountRefusals(ctx, edition, a.opts.Now())
	if n > 0 {
		a.log.InfoContext(ctx, "mailboxes suppressed: servers refused what was sent to them", "edition", edition, "mailboxes", n)
	}
	return sum, errors.Join(failed, err)
}

// sendAnyway is what helps an edition that is held back.
const sendAnyway = "broadsheet doctor says what to do; mail.unsafe_bulk: true, or digest resend --unsafe-bulk, sends all the same"

// A refusal says why large providers would refuse an edition.
type refusal struct {
	edition    int64
	recipients int
	faults     []string
}

// Error tells all of it.
func (r *refusal) Error() string {
	return fmt.Sprintf("edition %d to %d recipients is held back: %s: %s; %s", r.edition, r.recipients, ErrRefusable, strings.Join(r.faults, "; "), sendAnyway)
}

// Unwrap returns ErrRefusable.
func (r *refusal) Unwrap() error { return ErrRefusable }

// reason returns the faults, a line each.
func (r *refusal) reason() string { return strings.Join(r.faults, "\n") }

// refusable returns a *refusal when an edition is one that large providers
// would refuse.
func (a *App) refusable(ctx context.Context, p *parts, edition int64) error {
	if p.cfg.Mail.Transport != submit.SMTPTransport || p.cfg.UnsafeBulk || doctor.Loopback(p.cfg.Mail.SMTP.Host) {
		return nil
	}
	counts, _, err := a.store.Account(ctx, edition, 0)
	if err != nil {
		return err
	}
	n := 0
	for _, k := range counts {
		n += k
	}
	if n <= bulk {
		return nil
	}
	if allowed, err := a.store.BulkAllowed(ctx, edition); err != nil || allowed {
		return err
	}
	faults, err := a.faults(ctx, p)
	if err != nil || len(faults) == 0 {
		return err
	}
	return &refusal{edition: edition, recipients: n, faults: faults}
}

// faults returns for what large providers would refuse bulk mail, as of the
// last examination that still counts.
func (a *App) faults(ctx context.Context, p *parts) ([]string, error) {
	now := a.opts.Now()
	a.bulk.mu.Lock()
	faults, counts := a.bulk.faults, a.bulk.by == p && now.Before(a.bulk.until)
	a.bulk.mu.Unlock()
	if counts {
		return faults, nil
	}
	dr, patient, err := a.doctor(ctx, p)
	if err != nil {
		return nil, err
	}
	faults = nil
	for _, f := range doctor.Refusals(dr.Rules(ctx, patient)) {
		faults = append(faults, fmt.Sprintf("%s: %s (%s)", f.Check, f.Text, f.Rejected))
	}
	again := examinedFor
	if len(faults) > 0 {
		again = examinedAgain
		a.log.ErrorContext(ctx, "mail to many is held back: large providers would refuse it", "faults", strings.Join(faults, "; "),
			"remedy", sendAnyway)
	}
	a.bulk.mu.Lock()
	defer a.bulk.mu.Unlock()
	a.bulk.by, a.bulk.until, a.bulk.faults = p, now.Add(again), faults
	return faults, nil
}

// heldBack returns a notice for each edition that is held back, by whatever
// process.
func (a *App) heldBack(ctx context.Context) ([]web.Notice, error) {
	held, err := a.store.HeldBack(ctx)
	if err != nil {
		return nil, err
	}
	var notices []web.Notice
	for _, h := range held {
		notices = append(notices, web.Notice{
			Kind: web.NoticeHeldBack, Name: h.Digest, Subject: fmt.Sprintf("%s/%d", h.Digest, h.Number), At: h.At,
			Text: h.Reason + "\n" + sendAnyway,
		})
	}
	return notices, nil
}

// Worst returns how bad the worst of findings is.
func Worst(fs []doctor.Finding) doctor.Level {
	rank := map[doctor.Level]int{doctor.OK: 0, doctor.Note: 1, doctor.Warning: 2, doctor.Fault: 3}
	if len(fs) == 0 {
		return doctor.OK
	}
	return slices.MaxFunc(fs, func(x, y doctor.Finding) int { return cmp.Compare(rank[x.Level], rank[y.Level]) }).Level
}
