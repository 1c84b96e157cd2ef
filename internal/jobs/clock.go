package jobs

import (
	"time"

	"github.com/robfig/cron/v3"
)

// A schedule reads a cron schedule against the clock on a wall of loc.
//
// The fields are evaluated in UTC, where no hour is missing or doubled, and
// the wall time found is then mapped to the instant at which the clocks of loc
// show it.
type schedule struct {
	spec   *cron.SpecSchedule // in UTC
	loc    *time.Location
	hourly bool // every hour of the day: elapsed time, not the wall, counts
}

// Next implements Schedule.
func (s *schedule) Next(t time.Time) time.Time {
	if s.hourly {
		return s.nextElapsed(t)
	}
	// instant(w) never decreases with w and is at most t for the time that the
	// wall shows at t, so the first later wall time that leads past t is it.
	for w := wall(t.In(s.loc)); ; {
		w = nextUTC(s.spec, w)
		if at := instant(w, s.loc); at.After(t) {
			return at
		}
	}
}

// nextElapsed evaluates the fields within one stretch of constant offset after
// another.
func (s *schedule) nextElapsed(t time.Time) time.Time {
	for {
		_, end := t.In(s.loc).ZoneBounds()
		_, offset := t.In(s.loc).Zone()
		at := nextUTC(s.spec, wall(t.In(s.loc))).Add(-time.Duration(offset) * time.Second).In(s.loc)
		if end.IsZero() || at.Before(end) {
			return at
		}
		// The change itself may be due, in the new offset.
		if t = end; s.matches(t) {
			return t.In(s.loc)
		}
	}
}

// matches reports whether the schedule is due at t.
func (s *schedule) matches(t time.Time) bool {
	w := wall(t.In(s.loc))
	return nextUTC(s.spec, w.Add(-time.Second)).Equal(w)
}

// nextUTC returns the schedule's next wall time. The library looks five years
// ahead, and 29 February may be eight away (1896 to 1904, 2096 to 2104).
func nextUTC(spec *cron.SpecSchedule, w time.Time) time.Time {
	for {
		if next := spec.Next(w); !next.IsZero() {
			return next
		}
		w = w.AddDate(4, 0, 0)
	}
}

// wall returns what the clock on the wall shows at t, as a time in UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant returns when the clocks of loc show w: the first time if they do so
// twice, and if they never do, the moment of the change that skips w.
func instant(w time.Time, loc *time.Location) time.Time {
	near := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, loc)
	start, end := near.ZoneBounds()
	// The offsets that may hold at w: near's, and those on either side of it.
	candidates := []time.Time{near}
	if !start.IsZero() {
		candidates = append(candidates, start.Add(-time.Second))
	}
	if !end.IsZero() {
		candidates = append(candidates, end)
	}
	var first time.Time
	for _, c := range candidates {
		_, offset := c.In(loc).Zone()
		at := w.Add(-time.Duration(offset) * time.Second)
		if wall(at.In(loc)).Equal(w) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if !first.IsZero() {
		return first.In(loc)
	}
	// In a gap: the change is where wall time jumps over w.
	if !start.IsZero() && wall(start.Add(-time.Second).In(loc)).Before(w) && wall(start.In(loc)).After(w) {
		return start.In(loc)
	}
	return end.In(loc)
}
