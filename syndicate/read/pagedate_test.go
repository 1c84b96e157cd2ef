package read_test

import (
	"testing"
	"time"

	"broadsheet/syndicate/read"
)

func TestShownDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2025-07-23":                       "2025-07-22T16:00:00Z",
		"[2025/7/23]":                      "2025-07-22T16:00:00Z",
		"（2025年7月23日）":                     "2025-07-22T16:00:00Z",
		"发布日期：2025年08月06日":                 "2025-08-05T16:00:00Z",
		"发布时间: 2025-07-23 09:05:30":        "2025-07-23T01:05:30Z",
		"2025年7月23日 上午9:05":                "2025-07-23T01:05:00Z",
		"2025-07-23 星期三 21:30":             "2025-07-23T13:30:00Z",
		"23 2025-07":                       "2025-07-22T16:00:00Z",
		"2025-07 23":                       "2025-07-22T16:00:00Z",
		"2025 - 07 - 23":                   "2025-07-22T16:00:00Z",
		"2025．07．23":                       "2025-07-22T16:00:00Z",
		"July 23, 2025":                    "2025-07-22T16:00:00Z",
		"23 July 2025":                     "2025-07-22T16:00:00Z",
		"23 Jul 2025":                      "2025-07-22T16:00:00Z",
		"Published on 23rd July 2025":      "2025-07-22T16:00:00Z",
		"Wednesday, July 23, 2025 9:05 PM": "2025-07-23T13:05:00Z",
		"25/07/2025":                       "2025-07-24T16:00:00Z",

		"2025":                     "", // a year is no day
		"2025-07":                  "",
		"2025年7月":                  "",
		"1721700000":               "", // a count of readers
		"03/04/2025":               "", // the third of April or the fourth of March
		"2025-02-30":               "",
		"阅读 2025":                  "",
		"截止日期：2025-08-12":          "", // a deadline
		"Deadline: 12 August 2025": "",
		"昨天 12:30":                 "", // true today only
		"3小时前":                     "",
		"2 hours ago":              "",
		"2025-07-23 至 2025-08-01":  "", // a span
		"13:45":                    "",
		"12 items 2025":            "",
	} {
		got := ""
		if d, ok := read.ShownDate(text, shanghaiZone); ok {
			got = d.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestDatesOfAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://s.example/2025/07/23/crane.html":               "2025-07-22T16:00:00Z",
		"https://s.example/n/2025-07-23/88101.html":             "2025-07-22T16:00:00Z",
		"http://s.example/yw/202507/t20250723_4411.html":        "2025-07-22T16:00:00Z",
		"https://s.example/2025/0723/c1001-40000.html":          "2025-07-22T16:00:00Z",
		"https://s.example/20250723/1.shtml":                    "2025-07-22T16:00:00Z",
		"https://s.example/202507/23/1.shtml":                   "2025-07-22T16:00:00Z",
		"https://s.example/item/20251399/1.html":                "", // no month 13
		"https://s.example/product/120250723":                   "",
		"https://s.example/2025/07/crane.html":                  "",
		"https://s.example/show?id=20250723":                    "",
		"https://s.example/1850/07/23/history-of-the-quay.html": "",
	} {
		got := ""
		if d, ok := read.URLDate(address, shanghaiZone); ok {
			got = d.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is read as %q, want %q", address, got, want)
		}
	}
}
