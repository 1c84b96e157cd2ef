package classify

import (
	_ "embed" // the names
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"broadsheet/syndicate"
)

//go:embed gazetteer.txt
var gazetteerText string

// The kinds of names.
const (
	division     = "division" // with 市 or the like, and mostly without
	place        = "place"
	word         = "word" // looks like a name and is none, or hides one
	organisation = "organisation"
)

// A gazetteer knows names of places and organisations and how longer ones are
// made of them.
type gazetteer struct {
	machine *automaton
	known   []knownName
}

// A knownName is a name with what it is.
type knownName struct {
	length int32
	kind   string
	latin  bool
	key    string // equal for 武汉 and 武汉市
}

// sharedGazetteer returns the gazetteer, which is built once.
var sharedGazetteer = sync.OnceValue(func() *gazetteer { return newGazetteer(gazetteerText) })

func newGazetteer(text string) *gazetteer {
	g := &gazetteer{}
	var names []string
	add := func(name, kind, key string) {
		names = append(names, name)
		g.known = append(g.known, knownName{int32(len(name)), kind, name[0] < utf8.RuneSelf, key})
	}
	kind := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			kind = strings.Trim(line, "[]")
			continue
		}
		for _, name := range strings.Fields(line) {
			name = strings.ReplaceAll(name, "_", " ")
			full, alone := strings.CutSuffix(name, "!")
			short := shortName(full)
			switch {
			case kind != division:
				add(name, kind, name)
			case alone:
				add(full, place, full)
			default:
				add(full, place, short)
				add(short, place, short)
			}
		}
	}
	g.machine = newAutomaton(names, func(b byte) byte { return b })
	return g
}

// shortName returns a division's name without what it is.
func shortName(name string) string {
	for _, suffix := range []string{"地区", "林区", "市", "省", "州", "盟", "区", "县"} {
		if short, ok := strings.CutSuffix(name, suffix); ok && len(short) >= len("武汉") {
			return short
		}
	}
	return name
}

// maxNames bounds how many places and how many organisations are kept.
const maxNames = 60

// names returns the places and organisations that a document names, as
// written, each once, in order of appearance.
func (g *gazetteer) names(d *document) (places, organisations []string) {
	n := naming{g: g, seen: map[string]int{}}
	n.read(d.title)
	n.read(d.teaser)
	n.read(d.text)
	return n.places, n.organisations
}

// A naming collects the names of one document.
type naming struct {
	g             *gazetteer
	seen          map[string]int // index in places, by key
	text          string         // as written
	folded        []byte         // simplified; every offset is that of text
	places        []string
	organisations []string
}

func (n *naming) read(text string) {
	if text == "" {
		return
	}
	n.text = text
	n.folded = simplify(n.folded[:0], text)
	if len(n.folded) != len(text) {
		return // not UTF-8
	}
	var kept []found
	n.g.machine.scan(n.folded, func(end int, ids []int32) {
		for _, id := range ids {
			k := &n.g.known[id]
			start := end - int(k.length)
			if p := (pattern{left: k.latin, right: k.latin}); k.latin && !p.fits(n.folded, start, end) {
				continue
			}
			kept = keepLongest(kept, found{id, int32(start), int32(end)})
		}
	})
	done := int32(0)
	for i, f := range kept {
		if f.start < done {
			continue
		}
		done = n.take(kept, i)
	}
	n.latinOrganisations()
}

// simplify appends s with its Han characters simplified and all else as is.
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

// take adds what the name kept[i] is part of and returns where that ends.
func (n *naming) take(kept []found, i int) int32 {
	f := kept[i]
	k := &n.g.known[f.pattern]
	if k.kind == word {
		return f.end
	}
	if start, end := n.tradeZone(kept, i); end > f.end {
		n.addPlace(n.text[start:end], n.text[start:end])
		return end
	}
	if !k.latin {
		if end := n.organisationEnd(f.end); end > f.end && (k.kind == place || bankName(n.text[f.start:f.end])) {
			n.addOrganisation(n.text[f.start:end])
			if k.kind == place {
				n.addPlace(k.key, n.text[f.start:f.end])
			}
			return end
		}
	}
	if k.kind == organisation {
		n.addOrganisation(n.text[f.start:f.end])
		return f.end
	}
	end := n.zoneEnd(f.end)
	if end == f.end && i+1 < len(kept) && kept[i+1].start == f.end {
		if next := n.g.known[kept[i+1].pattern]; next.kind == place && zone(n.text[kept[i+1].start:kept[i+1].end]) {
			n.addPlace(n.text[f.start:kept[i+1].end], n.text[f.start:kept[i+1].end])
			return kept[i+1].end
		}
	}
	key := k.key
	if end > f.end {
		key = n.text[f.start:end]
	}
	n.addPlace(key, n.text[f.start:end])
	return end
}

// addPlace adds a place, or the fuller form of one that is there: 武汉市 for
// 武汉.
func (n *naming) addPlace(key, name string) {
	at, seen := n.seen[key]
	switch {
	case seen && len(name) > len(n.places[at]):
		n.places[at] = name
	case !seen && len(n.places) < maxNames:
		n.seen[key] = len(n.places)
		n.places = append(n.places, name)
	}
}

func (n *naming) addOrganisation(name string) {
	if name != "" && len(n.organisations) < maxNames && !slices.Contains(n.organisations, name) {
		n.organisations = append(n.organisations, name)
	}
}

// zoneWords are what the name of a city may be continued with, longest first.
var zoneWords = []string{
	"高新技术产业开发区", "经济技术开发区", "自由贸易试验区", "国际铁路港", "综合保税区", "国际陆港", "国际机场", "中心城区", "自贸试验区", "自贸片区",
	"工业园区", "高新区", "经开区", "开发区", "保税区", "自贸区", "自贸港", "主城区", "都市圈", "新港", "新城", "新区", "港区", "机场", "片区", "港",
}

// zoneEnd returns where a place that ends at end ends with its continuation.
func (n *naming) zoneEnd(end int32) int32 {
	rest := n.folded[end:]
	for _, w := range zoneWords {
		if len(rest) >= len(w) && string(rest[:len(w)]) == w {
			after, _ := utf8.DecodeRune(rest[len(w):])
			if w == "港" && strings.ContainsRune("股元币口城澳务湾交", after) {
				continue
			}
			return end + int32(len(w))
		}
	}
	return end
}

// zone reports whether a known place is a part of a city that takes the
// city's name before it: 东湖高新区.
func zone(name string) bool {
	for _, w := range []string{"高新区", "经开区", "开发区"} {
		if strings.HasSuffix(name, w) {
			return true
		}
	}
	return false
}

// tradeZone returns where the full name of a free trade zone that kept[i] is
// part of begins and ends: 中国（湖北）自由贸易试验区武汉片区.
func (n *naming) tradeZone(kept []found, i int) (start, end int32) {
	f := kept[i]
	rest := string(n.folded[f.end:min(len(n.folded), int(f.end)+40)])
	head := string(n.folded[max(0, int(f.start)-len("中国（")):f.start])
	for _, b := range [][2]string{{"(", ")"}, {"（", "）"}} {
		name := b[1] + "自由贸易试验区"
		if !strings.HasSuffix(head, "中国"+b[0]) || !strings.HasPrefix(rest, name) {
			continue
		}
		start, end = f.start-int32(len("中国"+b[0])), f.end+int32(len(name))
		if i+1 < len(kept) && kept[i+1].start == end && strings.HasPrefix(string(n.folded[kept[i+1].end:]), "片区") {
			end = kept[i+1].end + int32(len("片区"))
		}
		return start, end
	}
	return f.start, f.end
}

func bankName(name string) bool { return strings.HasSuffix(name, "行") }

// organisationWords end the name of an organisation that begins with a place.
var organisationWords = []string{
	"分行营管部", "股份有限公司", "有限公司", "委员会", "管委会", "研究院", "研究所", "交易所", "办公室", "检察院", "总公司", "农商行", "银行", "集团", "公司",
	"大学", "学院", "医院", "协会", "商会", "法院", "政府", "海关", "分行", "支行", "总局", "局",
}

// organisationStops are words that no name of an organisation holds.
const organisationStops = "的了与和及由在向对将为是等从以据被把让使到至通过推召举获称说有这其并也还就都又很某求，。、；：！？,;:!?()（）“”\"《》〈〉 \t\n　0123456789"

// maxOrganisation is how long the part after a place may be, in characters.
const maxOrganisation = 12

// organisationEnd returns where an organisation that begins with a place
// ending at end ends: 武汉 + 市财政局; end when there is none.
func (n *naming) organisationEnd(end int32) int32 {
	rest := n.folded[end:]
	for count := 0; count < maxOrganisation && len(rest) > 0; count++ {
		for _, w := range organisationWords {
			if len(rest) >= len(w) && string(rest[:len(w)]) == w {
				stop := len(n.folded) - len(rest) + len(w)
				if notOrganisation(n.folded[:stop-len(w)], w, n.folded[stop:]) {
					continue
				}
				return int32(stop)
			}
		}
		r, size := utf8.DecodeRune(rest)
		if r < 0x4E00 || r > 0x9FFF || strings.ContainsRune(organisationStops, r) || verb(rest) {
			return end
		}
		rest = rest[size:]
	}
	return end
}

// verb reports whether text begins with a word that ends the search for an
// organisation's name.
func verb(text []byte) bool {
	for _, w := range []string{"成立", "正式", "设立", "首个", "首家", "引进", "支持", "服务", "企业", "项目", "多家", "联合", "出台", "发布", "打造", "新增"} {
		if len(text) >= len(w) && string(text[:len(w)]) == w {
			return true
		}
	}
	return false
}

// notOrganisation reports whether a word that could end an organisation's name
// is part of another word: 布局, 大学生, 银行业.
func notOrganisation(before []byte, w string, after []byte) bool {
	next, _ := utf8.DecodeRune(after)
	prev, _ := utf8.DecodeLastRune(before)
	switch w {
	case "局":
		if prev == '政' {
			before = before[:len(before)-len("政")]
			prev, _ = utf8.DecodeLastRune(before)
			return !strings.ContainsRune("财民行邮", prev)
		}
		return strings.ContainsRune("格全布大结开当战时困僵破终变新棋", prev) || strings.ContainsRune("面势部限地", next)
	case "大学":
		return next == '生' || next == '城' || next == '之'
	case "银行":
		return next == '业' || next == '股' || next == '间' || next == '卡' || next == '贷' || strings.ContainsRune("家多批各类型大小", prev)
	case "公司", "集团":
		return strings.ContainsRune("家多批各上个", prev) || next == '债'
	}
	return false
}
