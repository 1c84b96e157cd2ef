package receive

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// An IMAP is the mail.imap block: a mailbox elsewhere that mail for the domain
// comes to, asked again and again. The zero IMAP asks none.
type IMAP struct {
	Host     string // "" for none
	Port     int
	TLS      string // implicit, starttls or none
	Username string
	Password string
	Mailbox  string        // its name there
	Every    time.Duration // how often it is asked
	Remove   bool          // delete there what was taken

	Roots *x509.CertPool // authorities to trust, nil for the system's; no setting of config.yaml
}

// DefaultIMAP returns the configuration where config.yaml is silent.
func DefaultIMAP() IMAP {
	return IMAP{Port: 993, TLS: "implicit", Mailbox: "INBOX", Every: 5 * time.Minute}
}

// Enabled reports whether a mailbox is asked.
func (c IMAP) Enabled() bool { return c.Host != "" }

// String tells the mailbox without its password.
func (c IMAP) String() string { return fmt.Sprintf("%s:%d (%s) %s", c.Host, c.Port, c.TLS, c.Mailbox) }

// GoString is String, so that no way of printing shows the password.
func (c IMAP) GoString() string { return c.String() }

// Validate checks what can be checked without the network. Its messages read
// "key: fault; remedy", the key relative to the mail.imap block.
func (c IMAP) Validate() error {
	if !c.Enabled() {
		return nil
	}
	var errs []error
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port: %d is no port; use 993 with implicit, 143 with starttls", c.Port))
	}
	switch c.TLS {
	case "implicit", "starttls":
	case "none":
		if ip := net.ParseIP(c.Host); !strings.EqualFold(c.Host, "localhost") && (ip == nil || !ip.IsLoopback()) {
			errs = append(errs, fmt.Errorf("tls: none would send the password in the clear to %s; use implicit or starttls", c.Host))
		}
	default:
		errs = append(errs, fmt.Errorf("tls: %q is not known; use implicit, starttls or none", c.TLS))
	}
	if c.Username == "" {
		errs = append(errs, errors.New("username: is empty; name the account"))
	}
	if c.Password == "" {
		errs = append(errs, errors.New("password_file: there is no password; name a file that holds it"))
	}
	if c.Mailbox == "" {
		errs = append(errs, errors.New("mailbox: is empty; INBOX is where mail comes"))
	}
	if c.Every < time.Minute {
		errs = append(errs, fmt.Errorf("every: %v is shorter than 1m; once in a few minutes is enough", c.Every))
	}
	return errors.Join(errs...)
}

// A Round counts what became of the messages of a mailbox.
type Round struct {
	Taken int
	Left  int // for nobody here: flagged, and left for a person
}

const (
	perRound = 500             // messages looked at
	perFetch = 50              // sizes asked for at a time
	maxRound = 5 * time.Minute // of a round
)

// Collect asks a mailbox for what is new, and has the desk take it. What was
// taken is marked as seen, or deleted if the configuration says so; what is
// for nobody here is flagged and left. When the desk cannot take a message
// now, the round ends, and the next one begins with it.
func Collect(ctx context.Context, cfg IMAP, desk *Desk, log *slog.Logger) (Round, error) {
	ctx, cancel := context.WithTimeout(ctx, maxRound)
	defer cancel()
	c, err := open(ctx, cfg)
	if err != nil {
		return Round{}, fmt.Errorf("imap %s:%d: %w", cfg.Host, cfg.Port, err)
	}
	defer hangUp(ctx, c)()
	r := &round{Client: c, cfg: cfg, desk: desk, log: log}
	err = r.run(ctx)
	if err == nil {
		err = c.Logout().Wait()
	}
	if err != nil {
		return r.Round, fmt.Errorf("imap %s:%d: %w", cfg.Host, cfg.Port, errors.Join(err, ctx.Err()))
	}
	return r.Round, nil
}

// Try connects to a mailbox as Collect does, and changes nothing there. The
// error says what does not work and what to do.
func Try(ctx context.Context, cfg IMAP) error {
	c, err := open(ctx, cfg)
	if err == nil {
		defer hangUp(ctx, c)()
		if _, err = c.Select(cfg.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			err = fmt.Errorf("mailbox %s: %w; check mail.imap.mailbox", cfg.Mailbox, err)
		}
	}
	if err != nil {
		return fmt.Errorf("imap %s:%d: %w", cfg.Host, cfg.Port, err)
	}
	return nil
}

// hangUp ends a connection when ctx does, for go-imap waits as long as the
// server likes, or when what it returns is called.
func hangUp(ctx context.Context, c *imapclient.Client) func() {
	hang := func() { _ = c.Close() } // whatever it says, it is over
	stop := context.AfterFunc(ctx, hang)
	return func() {
		stop()
		hang()
	}
}

// open connects and signs in.
func open(ctx context.Context, cfg IMAP) (*imapclient.Client, error) {
	address := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("is the server running, and are mail.imap.host and port right?: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	secure := &tls.Config{ServerName: cfg.Host, RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
	var c *imapclient.Client
	switch cfg.TLS {
	case "starttls":
		c, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: secure})
	case "none":
		c = imapclient.New(conn, nil)
	default:
		t := tls.Client(conn, secure)
		if err = t.HandshakeContext(ctx); err == nil {
			c = imapclient.New(t, nil)
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("no encrypted connection; check mail.imap.tls and port: %w", err)
	}
	if err := c.Login(cfg.Username, cfg.Password).Wait(); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("it refuses to sign in; check mail.imap.username and password_file: %w", err)
	}
	return c, nil
}

// A round is one asking.
type round struct {
	*imapclient.Client
	Round
	cfg  IMAP
	desk *Desk
	log  *slog.Logger
}

func (r *round) run(ctx context.Context) error {
	if _, err := r.Select(r.cfg.Mailbox, nil).Wait(); err != nil {
		return fmt.Errorf("mailbox %s: %w; check mail.imap.mailbox", r.cfg.Mailbox, err)
	}
	found, err := r.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen, imap.FlagFlagged, imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return err
	}
	uids := found.AllUIDs()
	slices.Sort(uids)
	uids = uids[:min(len(uids), perRound)]
	for batch := range slices.Chunk(uids, perFetch) {
		sizes, err := r.Fetch(imap.UIDSetNum(batch...), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
		if err != nil {
			return err
		}
		for _, m := range sizes {
			if err := r.one(ctx, m.UID, m.RFC822Size); err != nil {
				return err
			}
		}
	}
	return nil
}

// one takes one message.
func (r *round) one(ctx context.Context, uid imap.UID, size int64) error {
	why := "it is larger than 10 MB"
	if size <= maxMessage {
		message, err := r.fetch(uid)
		if err != nil {
			return err
		}
		if why, err = r.take(ctx, message); err != nil {
			return err
		}
	}
	flags := []imap.Flag{imap.FlagSeen}
	switch {
	case why != "":
		r.Left++
		r.log.WarnContext(ctx, "a message is left for a person, flagged", "mailbox", r.cfg.Mailbox, "uid", uid, "because", why)
		flags = []imap.Flag{imap.FlagFlagged}
	case r.cfg.Remove:
		r.Taken++
		flags = append(flags, imap.FlagDeleted)
	default:
		r.Taken++
	}
	set := imap.UIDSetNum(uid)
	if err := r.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: flags}, nil).Close(); err != nil {
		return err
	}
	if why == "" && r.cfg.Remove {
		return r.remove(set)
	}
	return nil
}

// remove deletes for good what is marked so: the message alone where the
// server can, and else what is marked in the mailbox when it cannot.
func (r *round) remove(set imap.UIDSet) error {
	if r.Caps().Has(imap.CapUIDPlus) {
		return r.UIDExpunge(set).Close()
	}
	return r.Expunge().Close()
}

// fetch returns a message, and no more of it than the longest may have.
func (r *round) fetch(uid imap.UID) ([]byte, error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: maxMessage}}
	cmd := r.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	var message []byte
	var failed error
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil {
				message, failed = io.ReadAll(io.LimitReader(body.Literal, maxMessage))
			}
		}
	}
	return message, errors.Join(failed, cmd.Close())
}

// take hands a message to the desk for each of our addresses that it came to.
// It returns why it is for nobody here, "" when it is for somebody.
func (r *round) take(ctx context.Context, message []byte) (why string, err error) {
	h, _ := splitHeader(message)
	from := strings.Trim(h.get("Return-Path"), "<> ")
	if !h.has("Return-Path") {
		from = h.address("From")
	}
	why = "none of its addresses is ours"
	taken := false
	for _, to := range r.addresses(h) {
		err := r.desk.Take(ctx, Envelope{From: from, To: to, By: "imap " + r.cfg.Host}, message)
		var refused *Refused
		switch {
		case errors.As(err, &refused):
			why = refused.Why
		case err != nil:
			return "", err
		default:
			taken = true
		}
	}
	if taken {
		why = ""
	}
	return why, nil
}

// addresses returns the addresses of ours that a message came to: what the
// last server noted of the envelope, and else what the header says.
func (r *round) addresses(h header) []string {
	var ours []string
	for _, f := range h {
		switch strings.ToLower(f.name) {
		case "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "cc":
		default:
			continue
		}
		for _, word := range strings.FieldsFunc(f.value, func(c rune) bool { return strings.ContainsRune("<>,; \t\"()", c) }) {
			known := slices.ContainsFunc(ours, func(a string) bool { return strings.EqualFold(a, word) })
			if !known && len(ours) < maxRecipients && r.desk.Accepts(word) {
				ours = append(ours, word)
			}
		}
	}
	return ours
}
