package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
	"broadsheet/syndicate/read"
)

func (b *builder) sources() {
	names := map[string]string{}
	addresses := map[string]int{}
	for i, s := range b.file.Sources {
		path := fmt.Sprintf("sources[%d]", i)
		b.name(path+".name", s.Name, "source", names)
		if s.Name == syndicate.ContributionsSource {
			b.fault(path+".name", s.Name+" is the source of what visitors send in", "choose another name")
		}
		source := b.source(path, s)
		if first, twice := addresses[source.URL+"\n"+s.Match]; twice && source.URL != "" {
			b.fault(path+".url", fmt.Sprintf("sources[%d] has this address already", first), "take one out, or let each keep something else with match")
		} else {
			addresses[source.URL+"\n"+s.Match] = i
		}
		b.cfg.Sources = append(b.cfg.Sources, source)
	}
}

func (b *builder) source(path string, s fileSource) syndicate.Source {
	source := syndicate.Source{
		Name:     s.Name,
		Title:    s.Title,
		URL:      b.sourceURL(path+".url", s.URL),
		Kind:     b.kind(path+".kind", s.Kind),
		Every:    b.every(path+".every", s.Every),
		Language: s.Language,
		Themes:   s.Themes,
		FullText: s.FullText,
		Location: b.cfg.Site.Location,
	}
	b.language(path+".language", s.Language)
	b.themeIDs(path+".themes", s.Themes)
	if strings.TrimSpace(s.Match) != "" {
		q := b.query(path+".match", s.Match, b.cfg.Site.Location)
		source.Match = &q
	}
	b.page(path, s, &source)
	if source.Kind == syndicate.KindNewsletter && source.URL != "" && !strings.HasPrefix(source.URL, "file:") {
		b.fault(path+".url", "a newsletter is read from mail that was stored", "name a Maildir, a folder of .eml files or one message, as in file:mail/newsletter")
	}
	return source
}

// page takes the selectors of a page. Of a feed only those count that say
// where the page of an article has its text.
func (b *builder) page(path string, s fileSource, source *syndicate.Source) {
	if s.Page == (fileSelectors{}) {
		return
	}
	ofArticle := fileSelectors{Profile: s.Page.Profile, Body: s.Page.Body}
	switch {
	case source.Kind == syndicate.KindPage, source.Kind == "", source.Kind == syndicate.KindFeed && s.Page == ofArticle:
	case source.Kind == syndicate.KindFeed:
		b.fault(path+".page", "a feed has no items to select; only profile and body count, for full_text", "set kind: page, or take the others out")
		return
	default:
		b.fault(path+".page", "a "+string(source.Kind)+" has no selectors", "set kind: page, or take it out")
		return
	}
	source.Page = syndicate.Selectors(s.Page)
	b.validate(path+".page", read.CheckSelectors(source.Page))
}

func (b *builder) kind(path, kind string) syndicate.Kind {
	switch k := syndicate.Kind(kind); k {
	case syndicate.KindFeed, syndicate.KindPage, syndicate.KindListing, syndicate.KindNewsletter:
		return k
	default:
		hint := "use feed, page, listing or newsletter"
		if near := nearest(kind, []string{"feed", "page", "listing", "newsletter"}); near != "" {
			hint = "did you mean " + near + "?"
		}
		b.fault(path, fmt.Sprintf("there is no kind %q", kind), hint)
	}
	return ""
}

func (b *builder) every(path string, every duration) time.Duration {
	if every == 0 {
		return b.cfg.Polling.Every
	}
	b.validate("", collect.ValidateEvery(path, time.Duration(every)))
	return time.Duration(every)
}

// sourceURL returns an absolute address, and "" after a mistake.
func (b *builder) sourceURL(path, s string) string {
	if !b.required(path, s) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		b.fault(path, fmt.Sprintf("%q is not an address: %s", hidePassword(s), urlFault(err)), "write it as in https://example.com/feed.xml, and a % as %25")
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Hostname() == "" {
			b.fault(path, fmt.Sprintf("%q has no host", hidePassword(s)), "write it as in https://example.com/feed.xml")
			return ""
		}
		return s
	case "file":
		return b.fileURL(path, s, u)
	}
	b.fault(path, fmt.Sprintf("%q is no http, https or file address", hidePassword(s)), remedyForScheme(s, u))
	return ""
}

func remedyForScheme(s string, u *url.URL) string {
	s = hidePassword(s)
	switch host, _, _ := strings.Cut(s, "/"); {
	case u.Scheme == "" && (filepath.IsAbs(s) || strings.HasPrefix(s, ".")):
		return "for a file write file:" + s
	case strings.HasPrefix(s, "feed:"):
		return "write https:" + strings.TrimPrefix(s, "feed:")
	case (u.Scheme == "" || strings.Contains(u.Scheme, ".")) && strings.Contains(host, "."):
		return "did you mean https://" + s + "?"
	}
	return "write it as in https://example.com/feed.xml or file:news.xml"
}

// fileURL makes a file: address absolute. RFC 8089 allows file:/path and
// file:///path; a relative file:path is ours and starts where config.yaml is.
func (b *builder) fileURL(path, s string, u *url.URL) string {
	if u.Host != "" && u.Host != "localhost" {
		b.fault(path, fmt.Sprintf("%q names the host %s", s, u.Host), "for a file beside config.yaml write file:"+u.Host+u.Path+", for another file:///full/path")
		return ""
	}
	name := u.Path
	if u.Opaque != "" {
		unescaped, err := url.PathUnescape(u.Opaque)
		if err != nil {
			b.fault(path, fmt.Sprintf("%q is not an address: %s", s, urlFault(err)), "write a % of the file name as %25")
			return ""
		}
		name = unescaped
	}
	if u.RawQuery != "" || u.Fragment != "" {
		b.fault(path, fmt.Sprintf("%q is no file: it has a ? or #", s), "write these characters as %3F and %23")
		return ""
	}
	if name == "" || strings.HasSuffix(name, "/") {
		b.fault(path, fmt.Sprintf("%q names no file", s), "write it as in file:news.xml")
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(b.dir, filepath.FromSlash(name))
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Clean(name))}).String()
}
