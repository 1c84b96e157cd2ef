package config

import (
	"time"

	"broadsheet/internal/store"
	"broadsheet/mailer/receive"
	"broadsheet/mailer/submit"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// Default returns the configuration of an empty file: no themes, no sources,
// no digests.
func Default() Config {
	zone := "Asia/Shanghai"
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.FixedZone(zone, 8*60*60) // cannot be: the zones are in the binary
	}
	site := syndicate.Site{
		Title:    "江城产经",
		URL:      "http://localhost:8080",
		Language: "zh-Hans",
		Location: loc,
		Contact:  "editor@example.com",
	}
	polling := collect.Default()
	polling.UserAgentContact = site.URL
	return Config{
		Site:    site,
		Listen:  "127.0.0.1:8080",
		Store:   store.Default(),
		Polling: polling,
		Mail:    submit.Default(),
		Receive: receive.Default(),
		IMAP:    receive.DefaultIMAP(),
		Content: syndicate.Whole,
		Admin:   Admin{Edit: true},
	}
}

// toFile writes a configuration as a file would.
func toFile(c Config) *fileConfig {
	f := &fileConfig{
		Site: fileSite{
			Title:    c.Site.Title,
			URL:      c.Site.URL,
			Language: c.Site.Language,
			Timezone: c.Site.Location.String(),
			Contact:  c.Site.Contact,
		},
		Listen:   c.Listen,
		Model:    c.Model,
		Database: c.Store.Database,
		Keep:     duration(c.Store.Keep),
		Polling: filePolling{
			Every:            duration(c.Polling.Every),
			UserAgentContact: c.Polling.UserAgentContact,
			AllowPrivate:     c.Polling.AllowPrivate,
		},
		Publish: filePublish{Content: string(c.Content)},
		Mail:    toFileMail(c),
		Admin:   fileAdmin(c.Admin),
	}
	if c.Polling.UserAgentContact == c.Site.URL {
		f.Polling.UserAgentContact = "" // follows site.url
	}
	for _, t := range c.Themes {
		f.Themes = append(f.Themes, namedTheme{t.ID, toFileTheme(t)})
	}
	for _, p := range c.Places {
		f.Places = append(f.Places, filePlace(p))
	}
	for _, s := range c.Sources {
		f.Sources = append(f.Sources, toFileSource(s))
	}
	for _, s := range c.Feeds {
		f.Feeds = append(f.Feeds, fileFeed{Name: s.Name, Title: s.Title, Query: s.Query.Text, Limit: s.Limit, Content: string(s.Content)})
	}
	for _, d := range c.Digests {
		f.Digests = append(f.Digests, fileDigest{
			Name:        d.Name,
			Title:       d.Title,
			Schedule:    d.Schedule,
			Timezone:    d.Location.String(),
			Themes:      d.Themes,
			Query:       d.Query,
			MaxPerTheme: d.MaxPerTheme,
			SendEmpty:   d.SendEmpty,
			Operator:    d.Operator,
			IfMissed:    fileMissed{Within: duration(d.Within)},
			To:          d.To,
		})
	}
	return f
}

func toFileTheme(t syndicate.Theme) fileTheme {
	f := fileTheme{Title: t.Title, Not: t.Not, Threshold: t.Threshold}
	for _, term := range t.Terms {
		f.Terms = append(f.Terms, fileTerm{term.Text, term.Weight})
	}
	return f
}

func toFileSource(s syndicate.Source) fileSource {
	f := fileSource{
		Name:     s.Name,
		Title:    s.Title,
		URL:      s.URL,
		Kind:     string(s.Kind),
		Every:    duration(s.Every),
		Language: s.Language,
		Themes:   s.Themes,
		FullText: s.FullText,
		Page:     fileSelectors(s.Page),
	}
	if s.Match != nil {
		f.Match = s.Match.Text
	}
	return f
}

func toFileMail(c Config) fileMail {
	m := c.Mail
	f := fileMail{
		From:      m.From,
		Templates: c.Folder,
		Postal:    c.Postal,
		Transport: m.Transport,
		Directory: m.Directory,
		SMTP: fileSMTP{
			Host:          m.SMTP.Host,
			Port:          m.SMTP.Port,
			TLS:           m.SMTP.TLS,
			Username:      m.SMTP.Username,
			PasswordFile:  c.passwordFile,
			Connections:   m.SMTP.Connections,
			PerConnection: m.SMTP.PerConnection,
			Rate:          m.SMTP.Rate,
		},
		Uncertain: resendUncertain,
		Journal:   c.Deliver.Journal,
		Spread:    duration(c.Deliver.Spread),
		Rates:     c.Deliver.Rates,
		Receive:   fileReceive(c.Receive),

		UnsafeBulk: c.UnsafeBulk,
		IMAP: fileIMAP{
			Host:         c.IMAP.Host,
			Port:         c.IMAP.Port,
			TLS:          c.IMAP.TLS,
			Username:     c.IMAP.Username,
			PasswordFile: c.imapPasswordFile,
			Mailbox:      c.IMAP.Mailbox,
			Every:        duration(c.IMAP.Every),
			Remove:       c.IMAP.Remove,
		},
	}
	if c.Deliver.Hold {
		f.Uncertain = holdUncertain
	}
	if !c.Deliver.WarmUp.IsZero() {
		f.WarmUp = fileDay(c.Deliver.WarmUp.In(c.Site.Location).Format(time.DateOnly))
	}
	for _, k := range m.DKIM {
		f.DKIM = append(f.DKIM, fileDKIM(k))
	}
	return f
}
