package jobs_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"broadsheet/internal/jobs"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func TestScheduleOnTheWall(t *testing.T) {
	t.Parallel()
	const wall = "2006-01-02 15:04 -0700"
	tests := map[string]struct {
		spec, zone, from string
		want             []string
	}{
		"a Monday morning": {
			"0 8 * * MON", "Asia/Shanghai", "2026-11-23 07:59 +0800",
			[]string{"2026-11-23 08:00 +0800", "2026-11-30 08:00 +0800"},
		},
		"exactly due is not next": {
			"0 8 * * MON", "Asia/Shanghai", "2026-11-23 08:00 +0800",
			[]string{"2026-11-30 08:00 +0800"},
		},
		"Shanghai has no summer time": {
			"30 2 * * *", "Asia/Shanghai", "2026-03-28 12:00 +0800",
			[]string{"2026-03-29 02:30 +0800", "2026-03-30 02:30 +0800"},
		},
		"Shanghai had one in 1986": {
			"30 2 * * *", "Asia/Shanghai", "1986-05-03 12:00 +0800",
			[]string{"1986-05-04 03:00 +0900", "1986-05-05 02:30 +0900"},
		},
		"skipped hour comes right after": {
			"30 2 * * *", "America/New_York", "2026-03-07 12:00 -0500",
			[]string{"2026-03-08 03:00 -0400", "2026-03-09 02:30 -0400"},
		},
		"several skipped times come once": {
			"*/15 2 * * *", "America/New_York", "2026-03-08 00:00 -0500",
			[]string{"2026-03-08 03:00 -0400", "2026-03-09 02:00 -0400"},
		},
		"skipped time and the moment after it come once": {
			"0 2,3 * * *", "America/New_York", "2026-03-08 00:00 -0500",
			[]string{"2026-03-08 03:00 -0400", "2026-03-09 02:00 -0400"},
		},
		"doubled hour counts the first time": {
			"30 1 * * *", "America/New_York", "2026-10-31 12:00 -0400",
			[]string{"2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"},
		},
		"asked within the second pass": {
			"30 1 * * *", "America/New_York", "2026-11-01 01:10 -0500",
			[]string{"2026-11-02 01:30 -0500"},
		},
		"every hour goes by elapsed time": {
			"0 * * * *", "America/New_York", "2026-11-01 00:30 -0400",
			[]string{"2026-11-01 01:00 -0400", "2026-11-01 01:00 -0500", "2026-11-01 02:00 -0500"},
		},
		"every hour over the gap": {
			"0 * * * *", "America/New_York", "2026-03-08 00:30 -0500",
			[]string{"2026-03-08 01:00 -0500", "2026-03-08 03:00 -0400", "2026-03-08 04:00 -0400"},
		},
		"every half hour over half an hour": {
			"*/30 * * * *", "Australia/Lord_Howe", "2026-04-05 01:10 +1100",
			[]string{"2026-04-05 01:30 +1100", "2026-04-05 01:30 +1030", "2026-04-05 02:00 +1030"},
		},
		"midnight that does not exist in Cairo": {
			"0 0 * * *", "Africa/Cairo", "2026-04-23 12:00 +0200",
			[]string{"2026-04-24 01:00 +0300", "2026-04-25 00:00 +0300"},
		},
		"doubled last hour of a day in Cairo": {
			"30 23 * * *", "Africa/Cairo", "2026-10-29 12:00 +0300",
			[]string{"2026-10-29 23:30 +0300", "2026-10-30 23:30 +0200"},
		},
		"midnight that did not exist in São Paulo": {
			"0 0 * * *", "America/Sao_Paulo", "2018-11-03 12:00 -0300",
			[]string{"2018-11-04 01:00 -0200", "2018-11-05 00:00 -0200"},
		},
		"midnight after a doubled hour in São Paulo": {
			"0 0 * * *", "America/Sao_Paulo", "2018-02-17 12:00 -0200",
			[]string{"2018-02-18 00:00 -0300", "2018-02-19 00:00 -0300"},
		},
		"half an hour skipped on Lord Howe": {
			"15 2 * * *", "Australia/Lord_Howe", "2026-10-03 12:00 +1030",
			[]string{"2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100"},
		},
		"a whole day skipped on Samoa": {
			"0 8 * * *", "Pacific/Apia", "2011-12-29 12:00 -1000",
			[]string{"2011-12-31 00:00 +1400", "2011-12-31 08:00 +1400"},
		},
		"Sunday is 7 too": {
			"0 8 * * 7", "UTC", "2026-11-23 00:00 +0000",
			[]string{"2026-11-29 08:00 +0000", "2026-12-06 08:00 +0000"},
		},
		"a range into Sunday": {
			"0 8 * * sat-sun", "UTC", "2026-11-23 00:00 +0000",
			[]string{"2026-11-28 08:00 +0000", "2026-11-29 08:00 +0000", "2026-12-05 08:00 +0000"},
		},
		"either day field": {
			"0 8 15 * MON", "UTC", "2026-11-10 00:00 +0000",
			[]string{"2026-11-15 08:00 +0000", "2026-11-16 08:00 +0000", "2026-11-23 08:00 +0000"},
		},
		"a stepped star restricts the other day field": {
			"0 8 */2 * MON", "UTC", "2026-11-01 00:00 +0000",
			[]string{"2026-11-09 08:00 +0000", "2026-11-23 08:00 +0000"},
		},
		"29 February over a century that has none": {
			"0 8 29 2 *", "UTC", "2096-03-01 00:00 +0000",
			[]string{"2104-02-29 08:00 +0000"},
		},
		"weekly": {
			"@weekly", "UTC", "2026-11-23 00:00 +0000",
			[]string{"2026-11-29 00:00 +0000"},
		},
		"monthly in any case": {
			"@Monthly", "UTC", "2026-11-23 00:00 +0000",
			[]string{"2026-12-01 00:00 +0000"},
		},
		"lists, ranges and steps": {
			"5,10-20/5 9-17/4 * 3 *", "UTC", "2026-03-31 13:11 +0000",
			[]string{"2026-03-31 13:15 +0000", "2026-03-31 13:20 +0000", "2026-03-31 17:05 +0000"},
		},
		"seconds are cut": {
			"* * * * *", "Asia/Kathmandu", "2026-11-23 08:00 +0545",
			[]string{"2026-11-23 08:01 +0545", "2026-11-23 08:02 +0545"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := jobs.ParseSchedule(tt.spec, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(wall, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range tt.want {
				at = s.Next(at)
				got = append(got, at.Format(wall))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScheduleMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                             "0 fields; need five: minute, hour, day of month, month, day of week",
		"0 8 * *":                      "4 fields; need five: minute, hour, day of month, month, day of week",
		"0 0 8 * * *":                  "6 fields; need five: minute, hour, day of month, month, day of week",
		"60 * * * *":                   "minute 60 is past 59",
		"0 25 * * *":                   "hour 25 is past 23",
		"0 8 0 * *":                    "day of month 0 is before 1",
		"0 8 * 13 *":                   "month 13 is past 12",
		"0 8 * * 8":                    "day of week 8 is past 7",
		"0 8 * * funday":               `day of week "funday" is not a number or a name such as MON`,
		"0 8 * * MON#1":                `day of week "MON#1" is not a number or a name such as MON`,
		"0 8 L * *":                    `day of month "L" is not a number`,
		"-5 8 * * *":                   `minute "" is not a number`,
		"+5 8 * * *":                   `minute "+5" is not a number`,
		"0 17-9 * * *":                 "hour range 17-9 runs backwards",
		"0 */0 * * *":                  `hour step "0" is not a number from 1 on`,
		"0 */x * * *":                  `hour step "x" is not a number from 1 on`,
		"0, 8 * * *":                   `minute "" is not a number`,
		"0 8 31 2 *":                   "there is no day 31 in month 2",
		"0 8 30,31 feb *":              "there is no day 30,31 in month feb",
		"0 8 31 4,6,9,11 *":            "there is no day 31 in month 4,6,9,11",
		"@reboot":                      "@reboot is no time; say when instead, such as @daily",
		"@every 1h":                    "@every counts from each start; say when instead, such as */30 * * * *",
		"@fortnightly":                 "@fortnightly is not known; use @hourly, @daily, @weekly, @monthly, @yearly or five fields",
		"@daily 8":                     `"8" follows @daily; remove it`,
		"CRON_TZ=":                     "CRON_TZ= is not read here; put the zone under timezone",
		"TZ=0":                         "TZ=0 is not read here; put the zone under timezone",
		"TZ=Asia/Tokyo 0 8 * * *":      "TZ=Asia/Tokyo is not read here; put the zone under timezone",
		"99999999999999999999 8 * * *": `minute "99999999999999999999" is not a number`,
	}
	for spec, want := range tests {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			_, err := jobs.ParseSchedule(spec, nil)
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

// zones are some with every kind of trouble.
var zones = []string{
	"UTC", "Asia/Shanghai", "America/New_York", "Africa/Cairo", "America/Sao_Paulo", "Australia/Lord_Howe",
	"Europe/Berlin", "America/Havana", "Africa/Casablanca", "Asia/Tehran", "America/St_Johns",
}

func TestADailyScheduleComesOnceEachDay(t *testing.T) {
	t.Parallel()
	locs := make(map[string]*time.Location, len(zones))
	for _, name := range zones {
		locs[name] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := locs[rapid.SampledFrom(zones).Draw(t, "zone")]
		hour, minute := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		s, err := jobs.ParseSchedule(strings.Join([]string{itoa(minute), itoa(hour), "* * *"}, " "), loc)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "from"), 0)
		at = s.Next(at)
		for range 800 {
			next := s.Next(at)
			if !next.After(at) {
				t.Fatalf("%s comes after %s", next, at)
			}
			if got, want := next.Format(time.DateOnly), dayAfter(at); got != want {
				t.Fatalf("after %s comes %s", at, next)
			}
			if again := s.Next(at.Add(next.Sub(at) / 2)); !again.Equal(next) {
				t.Fatalf("half-way from %s the next is %s, not %s", at, again, next)
			}
			at = next
		}
	})
}

func dayAfter(t time.Time) string {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

// FuzzParseSchedule checks that nothing panics, and that what is accepted moves
// on.
func FuzzParseSchedule(f *testing.F) {
	for _, seed := range []string{"0 8 * * MON", "*/5 1-3,7 1/2 jan-mar 7", "@daily", "CRON_TZ=", "TZ=0", "0 0 29 2 */6", "? ? ? ? ?", "0 8 31 2 *"} {
		f.Add(seed, uint8(1), int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, spec string, z uint8, from int64) {
		s, err := jobs.ParseSchedule(spec, zone(t, zones[int(z)%len(zones)]))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("the error has several lines: %q", err)
			}
			return
		}
		at := time.Unix(from%4_000_000_000, 0)
		for range 3 {
			next := s.Next(at)
			if !next.After(at) {
				t.Fatalf("%q: %s comes after %s", spec, next, at)
			}
			at = next
		}
	})
}
