package app_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// A crop is what a farm's feeds are made of: every entry follows from its
// feed and its number alone, and has the same bytes in every round it is in.
type crop struct {
	base string
	few  bool // two entries a feed instead of 20 to 50
}

// farmNow is the time of round 0. Entries are older, and a round is an hour.
var farmNow = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// changing is the share of feeds, in percent, that a round changes, each by
// fresh new entries on top; as many old ones fall off the end.
const (
	changing = 11
	fresh    = 2
)

func dice(parts ...int) *rand.Rand {
	h := uint64(0x9E3779B97F4A7C15)
	for _, p := range parts {
		h = (h ^ uint64(p)) * 0xBF58476D1CE4E5B9
		h ^= h >> 29
	}
	return rand.New(rand.NewPCG(h, ^h))
}

// shape returns how many entries feed i shows, and whether it is in Chinese.
func (c crop) shape(i int) (entries int, chinese bool) {
	d := dice(i)
	entries, chinese = 20+d.IntN(31), d.IntN(10) < 4
	if c.few {
		entries = 2
	}
	return entries, chinese
}

// grown returns how many entries feed i has gained by a round, and the last
// round that changed it.
func grown(i, round int) (gained, last int) {
	for r := 1; r <= round; r++ {
		if dice(i, r, 1).IntN(100) < changing {
			gained, last = gained+fresh, r
		}
	}
	return gained, last
}

type farmEntry struct {
	id, link, title, author, category, summary, html string
	when                                             time.Time
}

func (c crop) entry(i, k, shown int, chinese bool) farmEntry {
	d := dice(i, k, 2)
	if d.IntN(20) == 0 {
		chinese = !chinese
	}
	w := writer{Rand: d, chinese: chinese, beat: beats[(i+d.IntN(2))%len(beats)]}
	e := farmEntry{
		id:       fmt.Sprintf("tag:farm.example,2026:%d/%d", i, k),
		link:     fmt.Sprintf("%s/site/%d/post/%d?utm_source=feed&utm_medium=rss", c.base, i, k),
		title:    strings.TrimRight(strings.TrimSpace(w.sentence(5+d.IntN(6))), "。."),
		author:   []string{"Jo Park", "周明", "R. Adeyemi", "Redaktion"}[d.IntN(4)],
		category: []string{"", "News", "观察", w.beat.name}[d.IntN(4)],
		summary:  strings.TrimSpace(w.sentence(18)),
		html:     w.body(int(512 * math.Exp(d.Float64()*math.Log(8)))),
	}
	if k < shown {
		e.when = farmNow.Add(-time.Duration(shown-k)*3*time.Hour - time.Duration(d.IntN(3000))*time.Second)
	} else {
		e.when = farmNow.Add(time.Duration(k-shown+1) * 10 * time.Minute)
	}
	return e
}

// feed returns the document of feed i in a round: RSS if i is even, else Atom.
func (c crop) feed(i, round int) (document []byte, entries int) {
	shown, chinese := c.shape(i)
	gained, last := grown(i, round)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	language, updated := "en", farmNow.Add(time.Duration(last)*time.Hour)
	if chinese {
		language = "zh-CN"
	}
	rss := i%2 == 0
	if rss {
		b.WriteString(`<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>`)
		fmt.Fprintf(&b, "\n<title>Farm %d</title><link>%s/site/%d</link><description>A field of entries</description>", i, c.base, i)
		fmt.Fprintf(&b, "<language>%s</language><lastBuildDate>%s</lastBuildDate>\n", language, updated.Format(time.RFC1123Z))
	} else {
		fmt.Fprintf(&b, `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="%s">`, language)
		fmt.Fprintf(&b, "\n<title>Farm %d</title><id>tag:farm.example,2026:%d</id><updated>%s</updated>", i, i, updated.Format(time.RFC3339))
		fmt.Fprintf(&b, "<link href=\"%s/site/%d\"/>\n", c.base, i)
	}
	for k := gained + shown - 1; k >= gained; k-- {
		e := c.entry(i, k, shown, chinese)
		if rss {
			e.item(&b)
		} else {
			e.entry(&b)
		}
	}
	b.WriteString(map[bool]string{true: "</channel></rss>\n", false: "</feed>\n"}[rss])
	return b.Bytes(), shown
}

// element writes an element whose tag may have attributes.
func element(b *bytes.Buffer, tag, value string) {
	if value == "" {
		return
	}
	name, _, _ := strings.Cut(tag, " ")
	b.WriteString("<" + tag + ">")
	_ = xml.EscapeText(b, []byte(value)) // a buffer takes everything
	b.WriteString("</" + name + ">\n")
}

func (e farmEntry) item(b *bytes.Buffer) {
	b.WriteString("<item>\n")
	element(b, "title", e.title)
	element(b, "link", e.link)
	element(b, `guid isPermaLink="false"`, e.id)
	element(b, "pubDate", e.when.Format(time.RFC1123Z))
	element(b, "dc:creator", e.author)
	element(b, "category", e.category)
	element(b, "description", e.summary)
	b.WriteString("<content:encoded><![CDATA[" + e.html + "]]></content:encoded>\n</item>\n")
}

func (e farmEntry) entry(b *bytes.Buffer) {
	b.WriteString("<entry>\n")
	element(b, "title", e.title)
	element(b, "id", e.id)
	b.WriteString(`<link rel="alternate" href="`)
	_ = xml.EscapeText(b, []byte(e.link)) // a buffer takes everything
	b.WriteString("\"/>\n")
	element(b, "published", e.when.Format(time.RFC3339))
	element(b, "updated", e.when.Format(time.RFC3339))
	b.WriteString("<author>")
	element(b, "name", e.author)
	b.WriteString("</author>\n")
	if e.category != "" {
		fmt.Fprintf(b, "<category term=%q/>\n", e.category)
	}
	element(b, `summary type="text"`, e.summary)
	element(b, `content type="html"`, e.html)
	b.WriteString("</entry>\n")
}
