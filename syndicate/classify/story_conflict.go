package classify

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// conflict returns why two accounts cannot tell the same news however alike
// they are, or "".
func conflict(a, b *account, c *comparison) string {
	if why := otherPeriod(a, b); why != "" {
		return why
	}
	if why := otherOrdinal(a.ordinals, b.ordinals); why != "" {
		return why
	}
	if farDays(a, b) && !c.correction {
		return "days that are far apart"
	}
	if why := otherPlace(a, b); why != "" {
		return why
	}
	if why := a.objects.differ(b.objects); why != "" {
		return why
	}
	if !sameStage(a.stages, b.stages) {
		return "other stages of the same"
	}
	if c.preview && c.unsteady {
		return "one looks forward, the other back"
	}
	if a.heading != level && b.heading != level && a.heading != b.heading {
		return "one goes up, the other down"
	}
	return ""
}

// otherPeriod says that two accounts report on other times.
func otherPeriod(a, b *account) string {
	for _, years := range []bool{false, true} {
		x, y := only(a.periods, years), only(b.periods, years)
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		if hx, hy := only(a.headline, years), only(b.headline, years); len(hx) > 0 && len(hy) > 0 && !meet(hx, hy) {
			return "other periods in the headlines"
		}
		if !meet(x, y) {
			return "other periods"
		}
	}
	return ""
}

func only(ps []period, years bool) []period {
	var out []period
	for _, p := range ps {
		if p.year() == years {
			out = append(out, p)
		}
	}
	return out
}

func meet[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

func otherOrdinal(a, b []ordinal) string {
	for _, x := range a {
		same, other := false, false
		for _, y := range b {
			if x.of == y.of {
				same, other = same || x.n == y.n, other || x.n != y.n
			}
		}
		if other && !same {
			return "another " + x.of + " of a series"
		}
	}
	return ""
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

// placeNames are the places of an account: those of its title, and all.
type placeNames struct{ title, all []string }

func (a *account) readPlaces(places []string) placeNames {
	var out placeNames
	for _, p := range places {
		key := shortName(syndicate.Fold(p))
		if !a.han {
			key = concept(stem(strings.ToLower(p)))
		}
		if other, ok := aliases[key]; ok {
			key = other
		}
		if vague[key] || key == "" {
			continue
		}
		out.all = append(out.all, key)
		if strings.Contains(a.head, key) || strings.Contains(a.head, syndicate.Fold(p)) {
			out.title = append(out.title, key)
		}
	}
	return out
}

// vague are names of places that say nothing of where something is.
var vague = map[string]bool{"中国": true, "长江": true, "国际": true, "亚洲": true, "欧洲": true}

// otherPlace says that what two accounts tell happened elsewhere: the places
// of each title are none of the other account's.
func otherPlace(a, b *account) string {
	if len(a.places.title) > 0 && len(b.places.title) > 0 && !near(a.places.title, b.places.all, b.text) && !near(b.places.title, a.places.all, a.text) {
		return "another place: " + a.places.title[0] + " and " + b.places.title[0]
	}
	if a.han && len(a.places.all) > 0 && len(b.places.all) > 0 && len(a.places.title)+len(b.places.title) > 0 &&
		!near(a.places.all, b.places.all, b.text) && !near(b.places.all, a.places.all, a.text) {
		return "other places"
	}
	return ""
}

// aliases are names of one place that do not hold each other.
var aliases = map[string]string{"中国光谷": "东湖高新", "光谷": "东湖高新", "武汉东湖高新": "东湖高新", "东湖开发": "东湖高新", "中国车谷": "武汉经开", "车谷": "武汉经开", "江城": "武汉"}

// near reports whether one of the places is one of the others or a part of
// one, or stands in the text.
func near(places, others []string, text string) bool {
	for _, p := range places {
		if strings.Contains(text, p) {
			return true
		}
		for _, o := range others {
			if strings.Contains(o, p) || strings.Contains(p, o) {
				return true
			}
		}
	}
	return false
}

var quotedName = regexp.MustCompile(`[“"「『]([^“”"「」『』]{2,12}?)[”"」』]`)

// objects are the things an account is about: works and firms by what they
// are, and models by their numbers.
type objects struct {
	landmarks []landmark
	models    []string
	quoted    []string // names in quotation marks in the title
	text      string
}

// A landmark is a work or firm with the name before what it is: 江夏 + 大桥.
type landmark struct{ name, kind, before string }

var landmarkKinds = strings.Fields("变电站 污水处理厂 自来水厂 水厂 大桥 隧道 高铁 铁路 高速 机场 港区 电站 产业园 科技园 医院 大学 银行 集团 油田 体育场 码头 水库 铁矿 煤矿 船闸")

func readObjects(a *account) objects {
	o := objects{text: a.text}
	for _, m := range quotedName.FindAllStringSubmatch(a.head, 5) {
		o.quoted = append(o.quoted, m[1])
	}
	o.models = modelNames(a.text)
	if !a.han {
		return o
	}
	for _, kind := range landmarkKinds {
		for from := 0; ; {
			i := strings.Index(a.text[from:], kind)
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(kind)
			name := nameBefore(a.text[:at])
			if name != "" {
				o.landmarks = append(o.landmarks, landmark{name, kind, lastRunes(a.text[:at], 8)})
			}
		}
	}
	return o
}

// genericBefore are characters that end no name.
const genericBefore = "的和与在从到至对由向于为该本这那其各多家座条个新老大小首一二两三四五六七八九十是有及等将被把国村心"

// nameBefore returns the last two characters of the name that a text ends
// with, or "".
func nameBefore(text string) string {
	last, n := utf8.DecodeLastRuneInString(text)
	before, m := utf8.DecodeLastRuneInString(text[:len(text)-n])
	if !isHanRune(last) || !isHanRune(before) || strings.ContainsRune(genericBefore, last) || strings.ContainsRune(genericBefore, before) {
		return ""
	}
	return text[len(text)-n-m:]
}

func isHanRune(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF }

func notModel(m string) bool {
	if strings.HasSuffix(m, "s") || strings.HasPrefix(m, "q") && len(m) == 2 || strings.HasPrefix(m, "a") && len(m) == 2 {
		return true
	}
	digits := strings.TrimLeft(m, "abcdefghijklmnopqrstuvwxyz")
	head := m[:len(m)-len(digits)]
	tail := strings.TrimLeft(digits, "0123456789")
	switch head {
	case "", "won", "us", "rmb", "hk", "nt", "rs", "dm", "eur", "usd":
		switch tail {
		case "bn", "mn", "m", "b", "k", "km", "kg", "mm", "cm", "mw", "gw", "kw", "kv", "th", "st", "nd", "rd", "am", "pm", "mb", "gb", "tb", "x", "t", "g", "v", "w":
			return true
		}
		return head != ""
	}
	return false
}

// differ says that two accounts are about other things of one kind.
func (o objects) differ(p objects) string {
	for _, f := range o.landmarks {
		other := ""
		for _, g := range p.landmarks {
			if g.kind == f.kind {
				other = g.name + g.kind
			}
		}
		if other != "" && !o.share(p, f.kind) {
			return "another one: " + f.name + f.kind + " and " + other
		}
	}
	if len(o.models) > 0 && len(p.models) > 0 && !meet(o.models, p.models) {
		return "another model: " + o.models[0] + " and " + p.models[0]
	}
	if len(o.quoted) > 0 && len(p.quoted) > 0 && !near(o.quoted, nil, p.text) && !near(p.quoted, nil, o.text) {
		return "another name: " + o.quoted[0] + " and " + p.quoted[0]
	}
	return ""
}

// share reports whether both know a thing of a kind by the same name, or by
// one that is short for it: 武宜高铁 and 武汉至宜昌高铁.
func (o objects) share(p objects, kind string) bool {
	for _, f := range o.landmarks {
		for _, g := range p.landmarks {
			if f.kind == kind && g.kind == kind && (f.name == g.name || holds(f.before, g.name) || holds(g.before, f.name)) {
				return true
			}
		}
	}
	return false
}

// holds reports whether every character of name stands in text.
func holds(text, name string) bool {
	for _, r := range name {
		if !strings.ContainsRune(text, r) {
			return false
		}
	}
	return true
}

func lastRunes(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// sameTemplate reports whether two titles are the same but for one place, and
// neither article has what the other one's title has there: 科技金融推进会 and
// 绿色金融推进会.
func sameTemplate(a, b *account) bool {
	x, y := pieces(a), pieces(b)
	n := min(len(x), len(y))
	start, end := 0, 0
	for start < n && x[start] == y[start] {
		start++
	}
	for end < n-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	if 10*(start+end) < 6*n {
		return false
	}
	inX, inY := strings.Join(x[start:len(x)-end], ""), strings.Join(y[start:len(y)-end], "")
	return inX != "" && inY != "" && !strings.Contains(b.text, inX) && !strings.Contains(a.text, inY)
}

// pieces returns the characters of a Chinese title, the words of others.
func pieces(a *account) []string {
	if a.han {
		return strings.Split(letters(a.head), "")
	}
	return strings.FieldsFunc(a.head, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// distinctive returns the figures that tell articles apart, each once: not
// spans of time.
func distinctive(figures []syndicate.Figure) []syndicate.Figure {
	spans := []string{"year", "month", "day", "minute"}
	var out []syndicate.Figure
	for _, f := range figures {
		if !slices.Contains(spans, f.BaseUnit) && !slices.ContainsFunc(out, func(g syndicate.Figure) bool { return sameAmount(f, g) }) {
			out = append(out, f)
		}
	}
	return out
}

// compareFigures returns how many figures two accounts have in common, as
// they are written in the first one, and how many on either side stand against
// others in the same unit.
func compareFigures(a, b []syndicate.Figure) (same []string, clash int) {
	left := map[string][2]int{} // by unit: figures that the other account has not
	units := map[string]bool{}
	for _, f := range a {
		if slices.ContainsFunc(b, func(g syndicate.Figure) bool { return f.BaseUnit == g.BaseUnit && about(f.Normalised, g.Normalised) }) {
			same = append(same, f.Text)
			continue
		}
		n := left[f.BaseUnit]
		left[f.BaseUnit] = [2]int{n[0] + 1, n[1]}
		units[f.BaseUnit] = true
	}
	for _, g := range b {
		if !slices.ContainsFunc(a, func(f syndicate.Figure) bool { return f.BaseUnit == g.BaseUnit && about(f.Normalised, g.Normalised) }) {
			n := left[g.BaseUnit]
			left[g.BaseUnit] = [2]int{n[0], n[1] + 1}
		}
	}
	for u := range units {
		clash += min(left[u][0], left[u][1])
	}
	return same, clash
}

// about reports whether two amounts are the same but for rounding.
func about(x, y float64) bool {
	if x == y {
		return true
	}
	return math.Abs(x-y) <= 0.015*math.Max(math.Abs(x), math.Abs(y))
}
