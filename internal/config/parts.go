package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer/deliver"
	"broadsheet/mailer/receive"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate/collect"
)

// polling comes before the sources, which take its default.
func (b *builder) polling() {
	p := b.file.Polling
	b.cfg.Polling = collect.Config{
		Every:            time.Duration(p.Every),
		UserAgentContact: p.UserAgentContact,
		AllowPrivate:     p.AllowPrivate,
	}
	if p.UserAgentContact == "" {
		b.cfg.Polling.UserAgentContact = b.cfg.Site.URL
	}
	b.validate("polling", b.cfg.Polling.Validate())
}

// parts fills in what belongs to other parts and has them check it.
func (b *builder) parts() {
	b.cfg.Store = store.Config{Database: b.file.Database, Keep: time.Duration(b.file.Keep)}
	b.validate("", b.cfg.Store.Validate())

	m := b.file.Mail
	b.cfg.Postal = m.Postal
	if strings.ContainsAny(m.Postal, "\r\n") {
		b.fault("mail.postal", "the address has more than one line", "put commas between its parts")
	}
	b.templates("mail.templates", m.Templates)
	if m.SMTP.PasswordFile != "" {
		b.cfg.passwordFile = b.beside(m.SMTP.PasswordFile)
	}
	b.cfg.Mail = submit.Config{
		From:      m.From,
		Transport: m.Transport,
		Directory: m.Directory,
		SMTP: submit.SMTP{
			Host:        m.SMTP.Host,
			Port:        m.SMTP.Port,
			TLS:         m.SMTP.TLS,
			Username:    m.SMTP.Username,
			Password:    b.password("mail.smtp.password_file", m.SMTP.PasswordFile),
			Connections: m.SMTP.Connections,
			Rate:        m.SMTP.Rate,

			PerConnection: m.SMTP.PerConnection,
		},
	}
	for i, k := range m.DKIM {
		path := fmt.Sprintf("mail.dkim[%d]", i)
		b.required(path+".domain", k.Domain)
		b.required(path+".selector", k.Selector)
		if b.required(path+".key_file", k.KeyFile) {
			b.secretFile(path+".key_file", k.KeyFile)
			k.KeyFile = b.beside(k.KeyFile)
		}
		b.cfg.Mail.DKIM = append(b.cfg.Mail.DKIM, submit.DKIM{Domain: k.Domain, Selector: k.Selector, KeyFile: k.KeyFile})
	}
	b.validate("mail", b.cfg.Mail.Validate())

	b.deliver(m)
	b.cfg.UnsafeBulk = m.UnsafeBulk
	b.receive()
	b.imap()
}

func (b *builder) receive() {
	r := b.file.Mail.Receive
	cfg := receive.Config{Listen: r.Listen, Domain: r.Domain}
	if r.CertificateFile != "" {
		cfg.CertificateFile = b.beside(r.CertificateFile)
	}
	whole := true
	if r.KeyFile != "" {
		cfg.KeyFile = b.beside(r.KeyFile)
		_, whole = b.secretFile("mail.receive.key_file", r.KeyFile)
	}
	b.cfg.Receive = cfg
	if !whole { // that is told already
		cfg.CertificateFile, cfg.KeyFile = "", ""
	}
	b.validate("mail.receive", cfg.Validate())
}

func (b *builder) imap() {
	m := b.file.Mail.IMAP
	b.cfg.IMAP = receive.IMAP{
		Host: m.Host, Port: m.Port, TLS: m.TLS, Username: m.Username, Mailbox: m.Mailbox, Every: time.Duration(m.Every), Remove: m.Remove,
	}
	check := b.cfg.IMAP
	if m.PasswordFile != "" {
		b.cfg.imapPasswordFile = b.beside(m.PasswordFile)
		b.cfg.IMAP.Password = b.password("mail.imap.password_file", m.PasswordFile)
		check.Password = "told already if there is none"
	}
	b.validate("mail.imap", check.Validate())
	if check.Enabled() && b.cfg.Receive.Domain == "" {
		b.fault("mail.imap.host", "there is no domain whose mail comes there", "name it under mail.receive.domain")
	}
}

// What may become of a message that may have arrived.
const (
	resendUncertain = "resend"
	holdUncertain   = "hold"
)

func (b *builder) deliver(m fileMail) {
	b.cfg.Deliver = deliver.Config{
		Hold: m.Uncertain == holdUncertain, Journal: m.Journal, Spread: time.Duration(m.Spread), Rates: m.Rates,
	}
	if m.Uncertain != resendUncertain && m.Uncertain != holdUncertain {
		b.fault("mail.uncertain", fmt.Sprintf("%q is not known", m.Uncertain), "use resend or hold")
	}
	if m.WarmUp != "" && b.cfg.Site.Location != nil {
		day, err := time.ParseInLocation(time.DateOnly, string(m.WarmUp), b.cfg.Site.Location)
		if err != nil {
			b.fault("mail.warm_up", fmt.Sprintf("%q is no day", m.WarmUp), "write it as in 2026-12-01, or leave it empty")
		}
		b.cfg.Deliver.WarmUp = day
	}
	b.validate("mail", b.cfg.Deliver.Validate())
	b.preset()
}

// preset uses a relay as its operators want it used, where the file does not
// say otherwise.
func (b *builder) preset() {
	p, ok := deliver.RelayPreset(b.cfg.Mail.SMTP.Host)
	if !ok {
		return
	}
	smtp := &b.cfg.Mail.SMTP
	if b.at["mail.smtp.connections"] == nil {
		smtp.Connections = p.Connections
	}
	if b.at["mail.smtp.rate"] == nil {
		smtp.Rate = p.Rate
	}
}

// validate reports the mistakes that a part found in its block. Their texts
// read "key.path: fault; remedy".
func (b *builder) validate(block string, err error) {
	for _, e := range leaves(err) {
		key, fault, ok := strings.Cut(e.Error(), ": ")
		if !ok {
			key, fault = "", e.Error()
		}
		fault, hint := splitHint(fault)
		path := key
		if block != "" {
			path = strings.TrimSuffix(join(block, key), ".")
		}
		b.fault(path, fault, hint)
	}
}

// leaves takes joined errors apart.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok { // only the outermost error is a list
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, leaves(e)...)
		}
		return all
	}
	return []error{err}
}

// maxSecret is the longest secret file, in bytes.
const maxSecret = 64 << 10

// password returns what the file of a *_file key holds, without the line end.
func (b *builder) password(path, name string) string {
	if name == "" {
		return ""
	}
	data, ok := b.secretFile(path, name)
	if !ok {
		return ""
	}
	s := strings.TrimRight(string(data), "\r\n")
	switch {
	case s == "":
		b.fault(path, b.beside(name)+" is empty", "write the password into it")
	case strings.ContainsAny(s, "\r\n\x00"):
		b.fault(path, b.beside(name)+" has more than one line", "a password is one line")
	}
	return s
}

// secretFile reads a file that only its owner may read.
func (b *builder) secretFile(path, name string) ([]byte, bool) {
	full := b.beside(name)
	data, mode, err := readSecret(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.fault(path, "there is no file "+full, "relative names start in the folder of the configuration")
	case errors.Is(err, fs.ErrPermission):
		b.fault(path, full+" may not be read", "make the user that runs Broadsheet its owner")
	case errors.Is(err, errTooLong):
		b.fault(path, fmt.Sprintf("%s is longer than %d KB", full, maxSecret>>10), "is it the right file?")
	case err != nil:
		b.fault(path, full+": "+plain(err), "name a file that holds the secret")
	case mode&0o077 != 0 && !b.credential(full):
		b.fault(path, fmt.Sprintf("%s is open to others than its owner (mode %04o)", full, mode), "chmod 600 "+full)
	default:
		return data, true
	}
	return nil, false
}

// credential reports whether a file was handed over by systemd (systemd.exec(5),
// LoadCredential) or a container engine (/run/secrets). Both guard the folder;
// the mode of the file says nothing there.
func (b *builder) credential(full string) bool {
	dir, set := b.lookup("CREDENTIALS_DIRECTORY")
	if set && filepath.IsAbs(dir) && filepath.Dir(full) == filepath.Clean(dir) {
		return true
	}
	return strings.HasPrefix(full, "/run/secrets/")
}

// beside returns the path of a name that is relative to the configuration.
func (b *builder) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(b.dir, name)
}
