package compose

import (
	"fmt"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/mailer"
)

// shares decides for each audience whether an edition is for it, since when it
// wants the news, and when its mail goes out. It returns with them the editions
// that these begin after, by Share.After, sent being the one before.
//
// Subscribers whose last edition is kept get at most one mail for each of their
// days, weeks or months, with everything since that edition. Those with an hour
// get the last edition before it. New ones are treated as most of those with
// their rhythm; where there are none, the next edition is for them.
func (c *Composer) shares(d mailer.Digest, e *mailer.Edition, sent mailer.Mark, audiences []mailer.Audience) ([]mailer.Share, map[int64]mailer.Mark) {
	marks := map[int64]mailer.Mark{0: sent}
	common := commonMarks(audiences)
	var out []mailer.Share
	for _, a := range audiences {
		s := mailer.Share{Audience: a, Variant: -1, From: e.Since}
		last := a.Last
		if last.Edition == 0 && a.Kept() {
			last = common[a.Rhythm]
		}
		paused := mailer.PausedAt(a.PausedUntil, a.Rhythm, c.location(d), e.Created)
		if paused {
			s.Wait = "paused until " + a.PausedUntil
		} else if a.Kept() {
			s.SendAt, s.Wait = c.due(d, a.Rhythm, last, e)
		}
		switch {
		case a.Kept() && (s.Wait == "" || paused):
			s.Keep = &mailer.Keep{This: true}
		case a.Kept() && a.Last.Edition == 0:
			s.Keep = &mailer.Keep{Edition: last.Edition} // new: one of the others from now on
		case !a.Kept() && a.Last.Edition != 0:
			s.Keep = &mailer.Keep{}
		}
		if s.Wait == "" && last.Edition != 0 && last.Edition < sent.Edition {
			s.After, s.From = last.Edition, last.Until
			marks[s.After] = last
		}
		out = append(out, s)
	}
	return out, marks
}

// commonMarks returns for each rhythm the last edition of most of those who
// have it.
func commonMarks(audiences []mailer.Audience) map[mailer.Rhythm]mailer.Mark {
	type key struct {
		rhythm mailer.Rhythm
		last   int64
	}
	most := map[mailer.Rhythm]int{}
	count := map[key]int{}
	common := map[mailer.Rhythm]mailer.Mark{}
	for i := range audiences {
		a := &audiences[i]
		if a.Last.Edition == 0 {
			continue
		}
		k := key{a.Rhythm, a.Last.Edition}
		if count[k] += a.Subscribers; count[k] > most[a.Rhythm] {
			most[a.Rhythm], common[a.Rhythm] = count[k], a.Last
		}
	}
	return common
}

// due returns when an edition goes to those with a rhythm whose last edition
// was another one, zero for at once, or what they wait for instead.
func (c *Composer) due(d mailer.Digest, r mailer.Rhythm, last mailer.Mark, e *mailer.Edition) (sendAt time.Time, wait string) {
	loc := r.In(c.location(d))
	slot := slotOf(r, loc, e.Created)
	if !slot.Equal(e.Created) {
		sendAt = slot
	}
	if last.Edition == 0 {
		return sendAt, "" // their first mail; from here on nothing is missing
	}
	if period(r, loc, slotOf(r, loc, last.Made)) >= period(r, loc, slot) {
		return time.Time{}, fmt.Sprintf("wants mail %s, and had the edition of %s", r.Words(), last.Made.In(loc).Format("2006-01-02 15:04"))
	}
	if next := c.Next(d, e.Created); r.Hour != 0 && !next.IsZero() && !next.After(slot) {
		return time.Time{}, fmt.Sprintf("wants mail %s, and another edition is due before %s", r.Words(), slot.In(loc).Format("2006-01-02 15:04"))
	}
	return sendAt, ""
}

// maxExpected is how many editions Expected looks ahead.
const maxExpected = 1000

// Expected returns when a subscriber with a rhythm, who is paused until a day
// or not, gets mail of a digest that is due next at an instant: zero for never.
func (c *Composer) Expected(d mailer.Digest, r mailer.Rhythm, paused string, last mailer.Mark, next time.Time) time.Time {
	for range maxExpected {
		if next.IsZero() {
			break
		}
		if !mailer.PausedAt(paused, r, c.location(d), next) {
			if !r.Kept() {
				return next
			}
			sendAt, wait := c.due(d, r, last, &mailer.Edition{At: next, Created: next})
			switch {
			case wait != "":
			case sendAt.IsZero():
				return next
			default:
				return sendAt
			}
		}
		next = c.Next(d, next)
	}
	return time.Time{}
}

// slotOf returns when mail that is made at an instant goes out to those with a
// rhythm: at once without an hour and within it, else when it strikes next. An
// hour that the clocks skip strikes at the end of the gap, one that comes twice
// the first time.
func slotOf(r mailer.Rhythm, loc *time.Location, made time.Time) time.Time {
	hour, ok := r.Hour.Clock()
	if !ok || made.In(loc).Hour() == hour {
		return made
	}
	s, err := jobs.ParseSchedule(fmt.Sprintf("0 %d * * *", hour), loc)
	if err != nil {
		return made // no such hour: Validate does not let it through
	}
	return s.Next(made)
}

// period numbers the day, week or month of a rhythm that an instant is in.
func period(r mailer.Rhythm, loc *time.Location, t time.Time) int {
	t = t.In(loc)
	switch r.Frequency {
	case mailer.Weekly:
		year, week := t.ISOWeek()
		return year*100 + week
	case mailer.Monthly:
		return t.Year()*100 + int(t.Month())
	}
	return t.Year()*1000 + t.YearDay()
}
