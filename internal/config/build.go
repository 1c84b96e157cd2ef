package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files reads the same configuration

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/language"

	"broadsheet/syndicate"
	"broadsheet/templates"
)

// A builder checks what a decoder has read and makes a Config of it. After a
// mistake it goes on with a zero value, so that it finds the next one too.
type builder struct {
	*decoder
	file   *fileConfig
	dir    string // of the configuration, absolute
	cfg    Config
	themes map[string]bool // ids
}

func (b *builder) build() *Config {
	b.site()
	b.listen()
	b.cfg.Admin = b.admin()
	b.polling()   // before the sources, which take its default
	b.themeList() // before what refers to themes
	b.places()
	b.model()
	b.sources()
	b.feeds()
	b.digests()
	b.parts()
	return &b.cfg
}

func (b *builder) site() {
	s := b.file.Site
	b.required("site.title", s.Title)
	b.cfg.Site = syndicate.Site{
		Title:    s.Title,
		URL:      b.siteURL(s.URL),
		Language: s.Language,
		Location: b.zone("site.timezone", s.Timezone),
		Contact:  s.Contact,
	}
	if c, err := templates.Locale(s.Language); err != nil || !strings.EqualFold(c.Language, s.Language) {
		b.fault("site.language", fmt.Sprintf("there are no pages in %q", s.Language), "use zh-Hans or en")
	} else {
		b.cfg.Site.Language = c.Language
	}
	b.address("site.contact", s.Contact)
}

func (b *builder) siteURL(s string) string {
	const path = "site.url"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		b.fault(path, fmt.Sprintf("%q is not an address: %s", s, urlFault(err)), "write it as in https://news.example.com")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		b.fault(path, fmt.Sprintf("%q is not a web address", s), "write it as in https://news.example.com")
	case u.User != nil:
		b.fault(path, "a public address has no user name", "leave out what stands before the @")
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(s, "?#"):
		b.fault(path, "a public address ends before the ? or #", "leave that part out")
	case strings.Trim(u.Path, "/") != "":
		b.fault(path, fmt.Sprintf("the path %s: Broadsheet stands at the top of a host", u.Path), "give it a host name of its own, such as https://news.example.com")
	}
	return strings.TrimRight(s, "/")
}

func (b *builder) listen() {
	const path = "listen"
	b.cfg.Listen = b.file.Listen
	_, port, err := net.SplitHostPort(b.file.Listen)
	if err != nil {
		b.fault(path, fmt.Sprintf("%q is not host:port", b.file.Listen), "write it as in 127.0.0.1:8080, or :8080 for every address of this machine")
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		b.fault(path, fmt.Sprintf("port %q is not a number from 0 to 65535", port), "write it as in 127.0.0.1:8080")
	}
}

func (b *builder) admin() Admin {
	hash := b.file.Admin.PasswordHash
	if hash == "" {
		return Admin(b.file.Admin)
	}
	if _, err := bcrypt.Cost([]byte(hash)); err != nil {
		b.fault("admin.password_hash", "this is not a bcrypt hash", "a bcrypt hash has 60 characters and begins with $2a$, $2b$ or $2y$; put it in single quotes")
	}
	return Admin(b.file.Admin)
}

// required reports a key that must have a value.
func (b *builder) required(path, value string) bool {
	if value != "" {
		return true
	}
	if _, stands := b.at[path]; stands {
		b.fault(path, "is empty", "give it a value")
	} else if !b.misspelt[path] {
		b.fault(path, "is missing", "add "+path[strings.LastIndexByte(path, '.')+1:]+": with its value")
	}
	return false
}

// zone returns a time zone, and UTC after a mistake.
func (b *builder) zone(path, name string) *time.Location {
	if !b.required(path, name) {
		return time.UTC
	}
	loc, err := time.LoadLocation(name)
	if err == nil && name != "Local" {
		return loc
	}
	hint := "use an IANA name such as Asia/Shanghai, Europe/London or UTC"
	if strings.EqualFold(name, "Asia/Beijing") || strings.EqualFold(name, "PRC") {
		hint = "the zone of all China is Asia/Shanghai"
	}
	b.fault(path, fmt.Sprintf("there is no time zone %q", name), hint)
	return time.UTC
}

// address checks a mail address that stands alone.
func (b *builder) address(path, s string) {
	if !b.required(path, s) {
		return
	}
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		b.fault(path, fmt.Sprintf("%q is not a mail address", s), "write it as in editor@example.com")
	case a.Address != s:
		b.fault(path, fmt.Sprintf("%q is more than an address", s), "write "+a.Address+" alone")
	case !ascii(s):
		b.fault(path, fmt.Sprintf("%q has letters beyond ASCII", s), "write the domain in its xn-- form")
	}
}

// language checks a BCP 47 tag.
func (b *builder) language(path, tag string) {
	if tag != "" && !wellFormed(tag) {
		b.fault(path, fmt.Sprintf("%q is not a language", tag), "use a BCP 47 tag such as zh-Hans or en")
	}
}

func wellFormed(tag string) bool {
	_, err := language.Parse(tag)
	return err == nil
}

var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// name checks a name that must be unique among those of its kind.
func (b *builder) name(path, name, kind string, seen map[string]string) {
	if !b.required(path, name) {
		return
	}
	b.spelling(path, name)
	if first, twice := seen[name]; twice {
		b.fault(path, fmt.Sprintf("%s is the name of %s already", name, first), "every "+kind+" has a name of its own")
		return
	}
	seen[name] = path[:strings.LastIndexByte(path, '.')]
}

// spelling checks what a name is made of.
func (b *builder) spelling(path, name string) {
	switch {
	case !namePattern.MatchString(name):
		b.fault(path, fmt.Sprintf("%q is not a name", name), "use small letters a to z, digits and, between them, hyphens")
	case len(name) > 64:
		b.fault(path, "the name is longer than 64 characters", "choose a shorter one")
	}
}

// themeIDs checks references to themes.
func (b *builder) themeIDs(path string, ids []string) {
	seen := map[string]bool{}
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !b.themes[id]:
			b.fault(at, fmt.Sprintf("there is no theme %q", id), b.themeHint(id))
		case seen[id]:
			b.fault(at, id+" stands in the list twice", "take one out")
		}
		seen[id] = true
	}
}

func (b *builder) themeHint(id string) string {
	ids := make([]string, len(b.file.Themes))
	for i, t := range b.file.Themes {
		ids[i] = t.id
	}
	switch near := nearest(id, ids); {
	case near != "":
		return "did you mean " + near + "?"
	case len(ids) == 0:
		return "there are no themes; add one under themes:"
	}
	return "the themes are " + strings.Join(ids, ", ")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// urlFault is the reason alone: url.Error repeats the address.
func urlFault(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}
