package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"broadsheet/internal/config"
	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

// A NewSource is a feed of an imported list in the form of the configuration.
type NewSource struct {
	Name    string   `json:"name"`
	Title   string   `json:"title,omitempty"`
	URL     string   `json:"url"`
	Themes  []string `json:"themes,omitempty"`  // that its folders name
	Folders []string `json:"folders,omitempty"` // that name none
}

// ImportSources turns a list of feeds into sources for the configuration:
// with names of their own, and under the themes whose id or title a folder
// has. What is no new source is left out and said in notes.
func ImportSources(cfg *config.Config, list read.Outlines) (sources []NewSource, notes []string) {
	names, addresses := make(map[string]bool), make(map[string]string)
	for _, s := range cfg.Sources {
		names[s.Name], addresses[s.URL] = true, s.Name
	}
	for _, f := range list.Feeds {
		shown := f.Title
		if shown == "" {
			shown = f.URL
		}
		address, fault := feedAddress(f.URL)
		if fault != "" {
			notes = append(notes, fmt.Sprintf("%q: %s; left out", shown, fault))
			continue
		}
		if name, known := addresses[address]; known {
			notes = append(notes, fmt.Sprintf("%q: %s is the source %s already; left out", shown, address, name))
			continue
		}
		s := NewSource{Name: newName(f, address, names), Title: f.Title, URL: address}
		names[s.Name], addresses[address] = true, s.Name
		for _, folder := range f.Folders {
			switch id := themeNamed(cfg.Themes, folder); {
			case id == "":
				s.Folders = append(s.Folders, folder)
			case !slices.Contains(s.Themes, id):
				s.Themes = append(s.Themes, id)
			}
		}
		sources = append(sources, s)
	}
	return sources, notes
}

// feedAddress returns an address as the configuration takes it, or says what
// is wrong with it. The scheme feed: stands before or instead of another.
func feedAddress(s string) (address, fault string) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "feed:"); ok {
		if s = rest; strings.HasPrefix(s, "//") {
			s = "https:" + s
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", fmt.Sprintf("%q is not an address", s)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Sprintf("%q is no http or https address", s)
	case u.Hostname() == "":
		return "", fmt.Sprintf("%q has no host", s)
	}
	return s, ""
}

// maxNewName is how long a name made of a title is at most.
const maxNewName = 40

// newName makes a name that no source has: of the title, or of the host when
// the title has too few letters that may stand in a name.
func newName(f read.Outline, address string, taken map[string]bool) string {
	name := slug(f.Title)
	if len(name) < 3 {
		if u, err := url.Parse(address); err == nil {
			name = slug(strings.TrimPrefix(u.Hostname(), "www."))
		}
	}
	if name == "" {
		name = "source"
	}
	base := name
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// slug returns the letters and digits of a text as a name has them. A text
// mostly in another script has none.
func slug(s string) string {
	var b strings.Builder
	other := 0
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case unicode.IsLetter(r):
			other++
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := b.String()
	if len(name) > maxNewName {
		name = name[:maxNewName]
		if i := strings.LastIndexByte(name, '-'); i > maxNewName/2 {
			name = name[:i]
		}
	}
	if name = strings.Trim(name, "-"); 2*other > len(name) {
		return ""
	}
	return name
}

// themeNamed returns the id of the theme that has a name as its id or as its
// title in any language, or "".
func themeNamed(themes []syndicate.Theme, name string) string {
	fold := func(s string) string { return strings.TrimSpace(syndicate.Fold(s)) }
	name = fold(name)
	for _, t := range themes {
		if fold(t.ID) == name {
			return t.ID
		}
		for _, title := range t.Title {
			if fold(title) == name {
				return t.ID
			}
		}
	}
	return ""
}

// SourcesYAML returns sources as they are written under sources: in the
// configuration.
func SourcesYAML(sources []NewSource) string {
	var b strings.Builder
	for _, s := range sources {
		fmt.Fprintf(&b, "  - name: %s\n", s.Name)
		if s.Title != "" {
			fmt.Fprintf(&b, "    title: %s\n", config.Quote(s.Title))
		}
		fmt.Fprintf(&b, "    url: %s\n", config.Quote(s.URL))
		if len(s.Themes) > 0 {
			fmt.Fprintf(&b, "    themes: [%s]\n", strings.Join(s.Themes, ", "))
		}
		if len(s.Folders) > 0 {
			fmt.Fprintf(&b, "    # was in: %s\n", strings.Join(s.Folders, " / "))
		}
	}
	return b.String()
}

// ExportSources returns the configured sources as a list of feeds, in folders
// by their first theme. What is not fetched over http, or is no feed, other
// readers cannot use; those are said in notes.
func ExportSources(cfg *config.Config) (list read.Outlines, notes []string) {
	list.Title = cfg.Site.Title
	for _, s := range cfg.Sources {
		if s.Kind != syndicate.KindFeed {
			notes = append(notes, fmt.Sprintf("%s: is a %s, which other readers do not take; left out", s.Name, s.Kind))
			continue
		}
		if _, fault := feedAddress(s.URL); fault != "" {
			notes = append(notes, fmt.Sprintf("%s: %s; left out", s.Name, fault))
			continue
		}
		o := read.Outline{Title: s.DisplayTitle(), URL: s.URL, Language: s.Language}
		for i := range cfg.Themes {
			if t := &cfg.Themes[i]; len(s.Themes) > 0 && t.ID == s.Themes[0] {
				o.Folders = []string{t.DisplayTitle(cfg.Site.Language)}
			}
		}
		list.Feeds = append(list.Feeds, o)
	}
	return list, notes
}
