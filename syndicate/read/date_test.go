package read_test

import (
	"html"
	"testing"
	"time"

	"broadsheet/syndicate/read"
)

// published reads a date as the pubDate of an item.
func published(t *testing.T, date, zone string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	res := mustRead(t, read.Input{Body: rssWith("<title>x</title><pubDate>" + html.EscapeString(date) + "</pubDate>"), Location: loc})
	return res.Entries[0].Published
}

func TestDates(t *testing.T) {
	t.Parallel()
	const utc, china = "UTC", "Asia/Shanghai"
	for _, c := range []struct{ date, zone, want string }{
		// the standards
		{"Wed, 23 Jul 2025 09:05:00 GMT", utc, "2025-07-23T09:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 +0800", utc, "2025-07-23T01:05:00Z"},
		{"23 Jul 25 09:05 EST", utc, "2025-07-23T14:05:00Z"},
		{"2025-07-23T09:05:00.25+08:00", utc, "2025-07-23T01:05:00.25Z"},
		{"2025-07", utc, "2025-07-01T00:00:00Z"},
		{"20250723", utc, "2025-07-23T00:00:00Z"},
		{"2025204", utc, "2025-07-23T00:00:00Z"},
		// zones: none is the source's, CST is China's there, MET is an hour east
		{"2025-07-23 09:05:00", china, "2025-07-23T01:05:00Z"},
		{"2025-07-23", china, "2025-07-22T16:00:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 CST", china, "2025-07-23T01:05:00Z"},
		{"Wed Jul 23 09:05:00 CST 2025", china, "2025-07-23T01:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 CST", "Asia/Tokyo", "2025-07-23T01:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 CST", utc, "2025-07-23T15:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 IST", "Asia/Jerusalem", "2025-07-23T07:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 IST", utc, "2025-07-23T03:35:00Z"},
		{"Wed, 23 Jul 2025 08:57:00 MET", utc, "2025-07-23T07:57:00Z"},
		{"Wed, 23 Jul 2025 08:57:00 MEST", utc, "2025-07-23T06:57:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 America/Los_Angeles", utc, "2025-07-23T16:05:00Z"},
		{"Wed, 23 Jul 2025 09:05:00 GMT+08:00", utc, "2025-07-23T01:05:00Z"},
		{"Wed Jul 23 2025 09:05:00 GMT+0800 (China Standard Time)", utc, "2025-07-23T01:05:00Z"},
		// Chinese, Japanese, Korean
		{"2025年7月23日 上午9:05", china, "2025-07-23T01:05:00Z"},
		{"2025年07月23日 星期三 下午 02:46", china, "2025-07-23T06:46:00Z"},
		{"2025年7月23日 星期三 13:56", china, "2025-07-23T05:56:00Z"},
		{"2025年7月23日9时05分", china, "2025-07-23T01:05:00Z"},
		{"2025年7月23日9时05分30秒", china, "2025-07-23T01:05:30Z"},
		{"2025年7月23日9时", china, "2025-07-23T01:00:00Z"},
		{"2025年7月23日", china, "2025-07-22T16:00:00Z"},
		{"２０２５年７月２３日　９：０５", china, "2025-07-23T01:05:00Z"},
		{"2025-07-23 09:05 北京时间", utc, "2025-07-23T01:05:00Z"},
		{"周三, 23 7月 2025", china, "2025-07-22T16:00:00Z"},
		{"2025년 7월 23일 오후 2:05", "Asia/Seoul", "2025-07-23T05:05:00Z"},
		// words of Europe
		{"Mi, 23 Jul 2025 09:05:00 +0200", utc, "2025-07-23T07:05:00Z"},
		{"mer., 23 juil. 2025 09:05:00 +0200", utc, "2025-07-23T07:05:00Z"},
		{"Do, 27 Mär 2025 00:00:00 +0100", utc, "2025-03-26T23:00:00Z"},
		{"23 июля 2025 г. 09:05", "Europe/Moscow", "2025-07-23T06:05:00Z"},
		{"July 23rd, 2025 at 9:05 pm EDT", utc, "2025-07-24T01:05:00Z"},
		{"Wednesday, July 23, 2025 - 12:09am", utc, "2025-07-23T00:09:00Z"},
		// numbers
		{"1753261500", utc, "2025-07-23T09:05:00Z"},
		{"1753261500000", utc, "2025-07-23T09:05:00Z"},
		{"07/23/2025 9:05", utc, "2025-07-23T09:05:00Z"},
		{"23/07/2025", utc, "2025-07-23T00:00:00Z"},
		{"Wed, 02/07/2025", utc, "2025-07-02T00:00:00Z"},
		{"02/07/2025", "Europe/Paris", "2025-07-01T22:00:00Z"},
		{"02/07/2025", "America/New_York", "2025-02-07T05:00:00Z"},
		{"02.07.25", utc, "2025-07-02T00:00:00Z"},
		// what cannot be told is no date
		{"02/07/2025", china, ""},
		{"Wed, 23 Jul 2025 09:05:00 XQT", utc, ""},
		{"31 Feb 2025", utc, ""},
		{"2025-07-23 25:00", utc, ""},
		{"0001-01-01T00:00:00Z", utc, ""},
		{"Thu, 01 Jan 1970 00:00:00 GMT", utc, ""},
		{"yesterday", utc, ""},
		{"9:05", utc, ""},
	} {
		t.Run(c.date+" in "+c.zone, func(t *testing.T) {
			t.Parallel()
			got := ""
			if p := published(t, c.date, c.zone); !p.IsZero() {
				got = p.Format(time.RFC3339Nano)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestDateFallsBack(t *testing.T) {
	t.Parallel()
	res := mustRead(t, read.Input{Body: rssWith(`<pubDate>soon</pubDate><dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2025-07-23T09:05:00Z</dc:date>`)})
	e := res.Entries[0]
	if e.PublishedRaw != "2025-07-23T09:05:00Z" || e.Published.IsZero() {
		t.Errorf("published %v from %q", e.Published, e.PublishedRaw)
	}
	res = mustRead(t, read.Input{Body: rssWith(`<pubDate>soon</pubDate>`)})
	if e := res.Entries[0]; e.PublishedRaw != "soon" || !e.Published.IsZero() {
		t.Errorf("published %v from %q", e.Published, e.PublishedRaw)
	}
}
