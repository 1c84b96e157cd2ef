package collect

import (
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate/read"
)

// longestWish is what longer wishes of documents are taken for.
const longestWish = 7 * 24 * time.Hour

// wishes returns how long a document asks to be left alone and in which of its
// words, and the hours and days in which it asks not to be asked, as
// syndicate.Poll has them.
func wishes(f read.Feed) (wait time.Duration, reason string, skip int64) {
	if n, err := strconv.Atoi(strings.TrimSpace(f.TTL)); err == nil && n > 0 {
		n = min(n, int(longestWish/time.Minute))
		wait, reason = time.Duration(n)*time.Minute, "ttl="+strconv.Itoa(n)
	}
	if d, why := updates(f.UpdatePeriod, f.UpdateFrequency); d > wait {
		wait, reason = d, why
	}
	return wait, reason, skips(f.SkipHours, f.SkipDays)
}

// updates returns how long the syndication module of RSS 1.0 says a feed stays
// as it is: a period, or a part of one when it is updated several times in it.
// The module's default is once a day, but only a feed that says something of
// the kind is taken to mean it.
func updates(period, frequency string) (time.Duration, string) {
	period, frequency = strings.ToLower(strings.TrimSpace(period)), strings.TrimSpace(frequency)
	if period == "" && frequency == "" {
		return 0, ""
	}
	const day = 24 * time.Hour
	whole := map[string]time.Duration{
		"hourly": time.Hour, "daily": day, "": day, "weekly": 7 * day, "monthly": 30 * day, "yearly": 365 * day,
	}[period]
	n := 1
	if frequency != "" {
		var err error
		if n, err = strconv.Atoi(frequency); err != nil || n < 1 {
			return 0, ""
		}
	}
	reason := "sy:updatePeriod=" + period
	if period == "" {
		reason = "sy:updateFrequency=" + frequency
	} else if n > 1 {
		reason += " sy:updateFrequency=" + frequency
	}
	return min(whole/time.Duration(n), longestWish), reason
}

// skips returns skipHours and skipDays as bits. Hours are those of GMT; the
// first RSS counted them from 1 to 24.
func skips(hours, days []string) (skip int64) {
	for _, h := range hours {
		if n, err := strconv.Atoi(strings.TrimSpace(h)); err == nil && n >= 0 && n <= 24 {
			skip |= 1 << (n % 24)
		}
	}
	for _, name := range days {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if strings.EqualFold(strings.TrimSpace(name), d.String()) {
				skip |= 1 << (24 + d)
			}
		}
	}
	return skip
}

// awake returns t, or the start of the first hour after it that is not to be
// skipped. Who asks to be skipped at all times is not heard.
func awake(t time.Time, skip int64) time.Time {
	if skip == 0 {
		return t
	}
	for at := t.UTC(); at.Sub(t) < longestWish; at = at.Truncate(time.Hour).Add(time.Hour) {
		if skip&(1<<at.Hour()|1<<(24+at.Weekday())) == 0 {
			return at
		}
	}
	return t
}
