package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"broadsheet/mailer"
)

// pauseDays is how long the pause is that is offered to who wants to leave;
// maxPause bounds those that are written.
const (
	pauseDays = 28
	maxPause  = 2 * 366 * 24 * time.Hour
)

// commonZones are offered; any other can be written.
var commonZones = []string{
	"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Europe/London",
	"Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles", "UTC",
}

// chooseRhythm reads how often and when mail is wanted from a form.
func (v *view) chooseRhythm(f *choiceForm, sub *mailer.Subscriber, form url.Values) {
	sub.Frequency, _ = mailer.ParseFrequency(form.Get("frequency")) // the form has no other ones
	sub.Hour, _ = mailer.ParseHour(form.Get("hour"))
	if zone := strings.TrimSpace(form.Get("zone")); zone != "" {
		if _, err := time.LoadLocation(zone); err != nil || strings.EqualFold(zone, "local") {
			f.Faults["zone"] = v.T("web.subscribe.fault.zone", cut(zone, 60))
		}
		sub.Timezone = cut(zone, 60)
	}
	if day := form.Get("pause"); day != "" {
		until, err := time.ParseInLocation(time.DateOnly, day, v.s.cfg.Site.Location)
		switch {
		case err != nil || until.Sub(v.now) > maxPause:
			f.Faults["pause"] = v.T("web.preferences.fault.pause", cut(day, 20))
		case until.After(v.now): // else it is over
			sub.PausedUntil = day
		}
	}
}

// fillRhythm shows in a form how often and when mail is wanted.
func (v *view) fillRhythm(f *choiceForm, sub *mailer.Subscriber) {
	for _, often := range []mailer.Frequency{mailer.Each, mailer.Daily, mailer.Weekly, mailer.Monthly, mailer.Important} {
		f.Often = append(f.Often, option{Value: often.Word(), Title: v.T("web.subscribe.often." + often.Word()), Chosen: often == sub.Frequency})
	}
	f.Hours = []option{{Title: v.T("web.subscribe.hour.any"), Chosen: sub.Hour == 0}}
	for h := range 24 {
		hour := mailer.HourOf(h)
		f.Hours = append(f.Hours, option{Value: hour.Word(), Title: twoDigits(h) + ":00", Chosen: hour == sub.Hour})
	}
	f.Timed = sub.Hour != 0
	f.Zone, f.Zones, f.Pause = sub.Timezone, commonZones, sub.PausedUntil
	if own := v.s.cfg.Site.Location.String(); !slices.Contains(commonZones, own) && strings.Contains(own, "/") {
		f.Zones = append([]string{own}, commonZones...)
	}
}

// pausedUntil returns the day on which mail comes again to somebody, "" when
// they are not paused.
func (v *view) pausedUntil(sub *mailer.Subscriber) string {
	day, err := time.Parse(time.DateOnly, sub.PausedUntil)
	if err != nil || !mailer.PausedAt(sub.PausedUntil, sub.Rhythm, v.s.cfg.Site.Location, v.now) {
		return ""
	}
	return v.text.Day(day)
}

// lessOften returns what can be offered to somebody who wants to leave: mail
// that comes less often than theirs does.
func (v *view) lessOften(sub *mailer.Subscriber) []option {
	rank := map[mailer.Frequency]int{mailer.Each: 0, mailer.Daily: 1, mailer.Weekly: 2, mailer.Monthly: 3}
	now := 3
	for i := range v.s.cfg.Digests {
		if d := &v.s.cfg.Digests[i]; slices.Contains(sub.Digests, d.Name) {
			now = min(now, rank[frequencyOf(d.Schedule)])
		}
	}
	now = max(now, rank[sub.Frequency])
	var offers []option
	for _, often := range []mailer.Frequency{mailer.Weekly, mailer.Monthly} {
		if rank[often] > now {
			offers = append(offers, option{Value: often.Word(), Title: v.T("web.subscribe.often." + often.Word())})
		}
	}
	if sub.Frequency != mailer.Important {
		offers = append(offers, option{Value: mailer.Important.Word(), Title: v.T("web.subscribe.often.important")})
	}
	return append(offers, option{Value: "pause", Title: v.T("web.unsubscribe.pause")})
}

// frequencyOf returns how often a schedule comes at most: monthly, weekly or
// daily.
func frequencyOf(schedule string) mailer.Frequency {
	fields := strings.Fields(strings.ToLower(schedule))
	switch {
	case schedule == "@monthly" || len(fields) == 5 && isNumber(fields[2]) && fields[4] == "*":
		return mailer.Monthly
	case schedule == "@weekly" || len(fields) == 5 && fields[2] == "*" && fields[4] != "*" && !strings.ContainsAny(fields[4], ",-/"):
		return mailer.Weekly
	}
	return mailer.Daily
}

func isNumber(s string) bool {
	_, ok := number(s, 31)
	return ok
}

// less returns somebody as they are to be when they take an offer of
// lessOften, nil when it is none.
func (v *view) less(sub *mailer.Subscriber, offer string) *mailer.Subscriber {
	want := *sub
	want.Status = mailer.Active
	if offer == "pause" {
		want.PausedUntil = v.now.In(sub.In(v.s.cfg.Site.Location)).AddDate(0, 0, pauseDays).Format(time.DateOnly)
		return &want
	}
	for _, o := range v.lessOften(sub) {
		if o.Value == offer {
			want.Frequency, _ = mailer.ParseFrequency(offer)
			return &want
		}
	}
	return nil
}
