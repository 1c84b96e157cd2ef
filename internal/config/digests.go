package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/mailer"
	"broadsheet/syndicate"
)

// maxItems is the most articles a feed or a section may hold.
const maxItems = 1000

func (b *builder) feeds() {
	b.cfg.Content = b.extent("publishing.content", b.file.Publish.Content)
	names := map[string]string{}
	for i, f := range b.file.Feeds {
		path := fmt.Sprintf("feeds[%d]", i)
		b.name(path+".name", f.Name, "feed", names)
		if why := reserved(f.Name); why != "" {
			b.fault(path+".name", "a feed cannot be called that: "+why, "choose another name")
		}
		if b.themes[f.Name] {
			b.fault(path+".name", fmt.Sprintf("the theme %s has a feed of this name", f.Name), "choose another name")
		}
		feed := syndicate.Feed{Name: f.Name, Title: b.localised(f.Title), Limit: b.count(path+".limit", f.Limit)}
		if f.Content != "" {
			feed.Content = b.extent(path+".content", f.Content)
		}
		if b.required(path+".query", f.Query) {
			feed.Query = b.query(path+".query", f.Query, b.cfg.Site.Location)
		}
		b.cfg.Feeds = append(b.cfg.Feeds, feed)
	}
}

// extent returns how much of their articles feeds give away, and
// syndicate.Whole after a mistake.
func (b *builder) extent(path, s string) syndicate.Extent {
	switch e := syndicate.Extent(s); e {
	case syndicate.Whole, syndicate.Summary:
		return e
	}
	hint := "use full or summary"
	if near := nearest(s, []string{"full", "summary"}); near != "" {
		hint = "did you mean " + near + "?"
	}
	b.fault(path, fmt.Sprintf("%q is neither full nor summary", s), hint)
	return syndicate.Whole
}

func (b *builder) count(path string, n int) int {
	switch {
	case n < 1:
		b.fault(path, fmt.Sprintf("%d is less than 1", n), "say how many articles it may hold")
	case n > maxItems:
		b.fault(path, fmt.Sprintf("%d is past %d", n, maxItems), fmt.Sprintf("use %d or less", maxItems))
	}
	return n
}

func (b *builder) digests() {
	names := map[string]string{}
	for i, f := range b.file.Digests {
		path := fmt.Sprintf("digests[%d]", i)
		b.name(path+".name", f.Name, "digest", names)
		b.cfg.Digests = append(b.cfg.Digests, b.digest(path, f))
	}
}

func (b *builder) digest(path string, f fileDigest) mailer.Digest {
	loc := b.cfg.Site.Location
	if f.Timezone != "" {
		loc = b.zone(path+".timezone", f.Timezone)
	}
	d := mailer.Digest{
		Name:        f.Name,
		Title:       f.Title,
		Schedule:    b.schedule(path+".schedule", f.Schedule, loc),
		Location:    loc,
		Language:    b.cfg.Site.Language,
		Themes:      f.Themes,
		Query:       strings.TrimSpace(f.Query),
		MaxPerTheme: b.count(path+".max_per_theme", f.MaxPerTheme),
		SendEmpty:   f.SendEmpty,
		Operator:    f.Operator,
		Within:      time.Duration(f.IfMissed.Within),
		To:          f.To,
	}
	if d.Title == "" {
		d.Title = d.Name
	}
	if d.Query != "" {
		b.query(path+".query", f.Query, loc)
	}
	b.themeIDs(path+".themes", f.Themes)
	if len(f.Themes) == 0 {
		for _, t := range b.file.Themes {
			d.Themes = append(d.Themes, t.id)
		}
	}
	if d.Within < time.Minute {
		b.fault(path+".if_missed.within", f.IfMissed.Within.String()+" is shorter than 1m", "making an edition takes time; 3h is the default")
	}
	b.recipients(path+".to", f.To)
	return d
}

func (b *builder) schedule(path, spec string, loc *time.Location) string {
	if !b.required(path, spec) {
		return ""
	}
	if _, err := jobs.ParseSchedule(spec, loc); err != nil {
		fault, hint := splitHint(err.Error())
		if !strings.HasPrefix(fault, `"`) {
			fault = fmt.Sprintf("%q: %s", spec, fault)
		}
		b.fault(path, fault, hint)
	}
	return strings.TrimSpace(spec)
}

func (b *builder) recipients(path string, to []string) {
	for i, s := range to {
		at := fmt.Sprintf("%s[%d]", path, i)
		b.address(at, s)
		if slices.ContainsFunc(to[:i], func(other string) bool { return strings.EqualFold(other, s) }) {
			b.fault(at, s+" stands in the list twice", "take one out")
		}
	}
}
