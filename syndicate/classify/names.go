package classify

import (
	"slices"
	"strings"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// maxNames bounds how many places and how many organisations are kept.
const maxNames = 60

// maxMentions bounds how many mentions of places are looked at.
const maxMentions = 2000

// find returns the places and organisations that a document names, as
// written, each once, in order of appearance, and the names by which the
// places are found besides: other names, and those of what they lie in.
func (g *gazetteer) find(d *document) (places, within, organisations []string) {
	n := naming{g: g}
	n.read(d.title)
	n.read(d.teaser)
	n.read(d.text)
	places, within = n.resolve()
	return places, within, n.organisations
}

// A naming collects the names of one document.
type naming struct {
	g             *gazetteer
	text          string // as written
	folded        []byte // simplified; every offset is that of text
	mentions      []mention
	organisations []string
	spans         []stretch // of the names found in text
}

// A mention is a place as a text names it.
type mention struct {
	text string // as written
	name int32  // the name it begins with, or the only one
	more bool   // the text is more than the name: 长沙新港
	// What stands before: the mention at prev ends right there, or the two are
	// neighbours in a list.
	right, list bool
	end         int // in the text that is read
}

// read looks for names in a text. Of names that begin at the same character
// the longest counts, and what comes first keeps what it has taken.
func (n *naming) read(text string) {
	if text == "" {
		return
	}
	n.text = strings.ToValidUTF8(text, "\uFFFD")
	n.folded = simplify(slices.Grow(n.folded[:0], len(n.text)), n.text)
	first := len(n.mentions)
	n.spans = n.spans[:0]
	word := false // does the character before belong to a word of letters?
	for i := 0; i < len(n.folded); {
		b := n.folded[i]
		if b < utf8.RuneSelf {
			if b >= 'A' && b <= 'Z' && !word {
				if at := n.g.match(n.folded[i:]); at >= 0 {
					i = n.spanned(at, i, first)
					word = true
					continue
				}
			}
			word = inWord(rune(b))
			i++
			continue
		}
		if b >= 0xE4 && b <= 0xE9 {
			word = false
			if at := n.g.match(n.folded[i:]); at >= 0 {
				i = n.spanned(at, i, first)
				continue
			}
			i += 3
			continue
		}
		r, size := utf8.DecodeRune(n.folded[i:])
		word = inWord(r)
		i += size
	}
	n.companies()
	n.latinOrganisations()
}

// spanned is take, and keeps what was taken.
func (n *naming) spanned(at int32, start, first int) int {
	end := n.take(at, start, first)
	n.spans = append(n.spans, stretch{start, end})
	return end
}

// simplify appends s with its Han characters simplified and all else as is.
// Both forms of a character take three bytes, so that offsets stay.
func simplify(out []byte, s string) []byte {
	for i, r := range s {
		if r >= 0x4E00 && r <= 0x9FFF {
			out = utf8.AppendRune(out, syndicate.FoldRune(r))
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[i:i+size]...)
	}
	return out
}

// take adds what the name found at a place in the text is part of, and returns
// where that ends. Mentions before first are of another text.
func (n *naming) take(at int32, start, first int) int {
	k := &n.g.names[at]
	end := start + len(k.text)
	switch k.kind {
	case wordName:
		return end
	case organisationName:
		n.addOrganisation(n.text[start:end])
		if k.text == "国务院" || bankName(k.text) {
			if to, _ := n.organisationPart(end, maxOffice); to > end {
				if bankName(k.text) { // 人民银行武汉分行 is one, not two
					n.organisations = slices.DeleteFunc(n.organisations, func(name string) bool { return name == n.text[start:end] })
				}
				n.addOrganisation(n.text[start:to])
				return to
			}
		}
		return end
	case placeName:
	}
	if k.text[0] < utf8.RuneSelf {
		n.mention(at, start, end, first)
		return end
	}
	if from, to := n.tradeZone(start, end); to > end {
		n.mention(at, start, end, first)
		m := &n.mentions[len(n.mentions)-1]
		m.text, m.more, m.end = n.text[from:to], true, to
		return to
	}
	if end = n.cutSuffix(start, end); end < 0 {
		return start + len(k.text)
	} else if end < start+len(k.text) {
		if at = n.g.match(n.folded[start:end]); at < 0 {
			return start + len(k.text)
		}
	}
	if n.street(end) || k.rule == named && n.landscape(end) {
		return end
	}
	if to, public := n.organisationPart(end, maxOrganisation); to > end {
		n.addOrganisation(n.text[start:to])
		if public {
			n.mention(at, start, end, first)
			// 余杭区 in 杭州市余杭区人民法院
			if inner := n.g.match(n.folded[end:to]); inner >= 0 && n.g.names[inner].kind == placeName {
				n.mention(inner, end, end+len(n.g.names[inner].text), first)
			}
		}
		return to
	}
	to := n.zoneEnd(start, end)
	if known := n.knownAt(end); known > to { // 新城区 is more than 新城
		to = end
	}
	if to == end {
		if next := n.g.match(n.folded[end:]); next >= 0 && n.g.names[next].kind == placeName && facility(n.g.names[next].text) {
			to = end + len(n.g.names[next].text)
			at = next
		}
	}
	n.mention(at, start, to, first)
	return to
}

// mention adds a mention of a place.
func (n *naming) mention(at int32, start, end, first int) {
	if len(n.mentions) == maxMentions {
		return
	}
	m := mention{text: n.text[start:end], name: at, end: end, more: end-start != len(n.g.names[at].text)}
	if len(n.mentions) > first {
		gap := string(n.folded[n.mentions[len(n.mentions)-1].end:start])
		m.right = gap == ""
		m.list = len(gap) <= len(" and ") && slices.Contains(listGaps, gap)
	}
	n.mentions = append(n.mentions, m)
}

// listGaps are what stands between neighbours in a list.
var listGaps = []string{"、", "和", "与", "及", "至", "到", "—", "－", "-", "·", "/", "，", ",", ", ", " and "}

// cutSuffix returns where a name that begins at start and would end at end
// does end: 武汉 in 武汉市场. It is -1 when that leaves no name: 大区域 has no 大区.
func (n *naming) cutSuffix(start, end int) int {
	next, _ := utf8.DecodeRune(n.folded[end:])
	last, size := utf8.DecodeLastRune(n.folded[start:end])
	cut := false
	switch last {
	case '市':
		cut = strings.ContainsRune("场值面价", next) || n.knownAt(end-size) > 0 // 市中区
	case '区':
		cut = strings.ContainsRune("域间位别块划", next)
	case '县':
		cut = next == '域' && end-start == len("县")*2
	case '州':
		cut = next == '际'
	}
	switch {
	case !cut:
		return end
	case end-start-size >= len("武汉"):
		return end - size
	}
	return -1
}

// knownAt returns where a known place that begins at a place in the text ends;
// 0 is none.
func (n *naming) knownAt(start int) int {
	at := n.g.match(n.folded[start:])
	if at < 0 || n.g.names[at].kind != placeName {
		return 0
	}
	return start + len(n.g.names[at].text)
}

// street reports whether what follows a place makes a street of it: 南京东路.
func (n *naming) street(end int) bool {
	rest := n.folded[end:]
	for _, w := range []string{"东路", "西路", "南路", "北路", "中路", "大道", "大街"} {
		if hasPrefix(rest, w) {
			return true
		}
	}
	if !hasPrefix(rest, "路") {
		return false
	}
	after, _ := utf8.DecodeRune(rest[len("路"):])
	return !strings.ContainsRune("桥网演过径况段线面由政", after)
}

// landscape reports whether what follows the short name of a county makes
// another thing of it: 大通河, 黄梅戏.
func (n *naming) landscape(end int) bool {
	r, _ := utf8.DecodeRune(n.folded[end:])
	return strings.ContainsRune("河江湖山岭桥街村镇乡寺塔庙楼戏派石门", r)
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// zoneWords are what the name of a city may be continued with, longest first.
var zoneWords = []string{
	"高新技术产业开发区", "国家高新技术开发区", "经济技术开发区", "自由贸易试验区", "高新技术开发区", "航空港经济区", "跨境电商综试区",
	"国际铁路港", "综合保税区", "国际陆港", "国际机场", "中心城区", "自贸试验区", "自贸片区", "经济开发区", "国家级新区", "临空经济区",
	"工业园区", "高新园区", "化工园区", "高新区", "经开区", "开发区", "保税区", "自贸区", "自贸港", "综保区", "主城区", "都市圈", "城市群", "火车站", "高铁站",
	"东北部", "西北部", "东南部", "西南部", "东站", "西站", "南站", "北站", "新港", "新城", "新区", "港区", "机场", "片区", "港", "站",
}

// zoneEnd returns where a place ends with its continuation.
func (n *naming) zoneEnd(start, end int) int {
	rest := n.folded[end:]
	if len(rest) < len("港") || rest[0] < 0xE4 {
		return end
	}
	for _, w := range zoneWords {
		if !hasPrefix(rest, w) {
			continue
		}
		after, _ := utf8.DecodeRune(rest[len(w):])
		switch w {
		case "港":
			if strings.ContainsRune("股元币口城澳务湾交珠深人府台铁", after) {
				continue
			}
		case "站":
			before, _ := utf8.DecodeLastRune(n.folded[:start])
			if strings.ContainsRune("起在稳点位长台上出立到", after) || strings.ContainsRune("市省区县州", lastRune(n.folded[start:end])) || before == '第' {
				continue
			}
		case "新区", "新城", "片区", "港区":
			if after == '域' || after == '块' {
				continue
			}
		}
		return end + len(w)
	}
	return end
}

func lastRune(text []byte) rune {
	r, _ := utf8.DecodeLastRune(text)
	return r
}

// facility reports whether a known place is a part of a city that takes the
// city's name before it: 东湖高新区, 天河国际机场.
func facility(name string) bool {
	for _, w := range []string{"高新区", "经开区", "开发区", "机场", "站"} {
		if strings.HasSuffix(name, w) {
			return true
		}
	}
	return false
}

// tradeZone returns where the full name of a free trade zone that a place is
// part of begins and ends: 中国（湖北）自由贸易试验区武汉片区.
func (n *naming) tradeZone(start, end int) (from, to int) {
	if end+len("）") > len(n.folded) || start < len("中国(") {
		return start, end
	}
	for _, b := range [][2]string{{"中国(", ")自由贸易试验区"}, {"中国（", "）自由贸易试验区"}} {
		if start < len(b[0]) || string(n.folded[start-len(b[0]):start]) != b[0] || !hasPrefix(n.folded[end:], b[1]) {
			continue
		}
		from, to = start-len(b[0]), end+len(b[1])
		if at := n.g.match(n.folded[to:]); at >= 0 {
			if part := to + len(n.g.names[at].text); hasPrefix(n.folded[part:], "片区") {
				to = part + len("片区")
			}
		}
		return from, to
	}
	return start, end
}
