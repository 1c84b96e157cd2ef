package classify

import (
	_ "embed" // the common words
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// How much is read of a telling, in bytes.
const (
	maxStoryTitle = 400
	maxStoryLead  = 1500
)

// An account is a telling made ready to be compared.
type account struct {
	said       syndicate.Article // as it was written, but for bylines
	once       sync.Once         // of complete
	han        bool
	head, text string // folded: the title, and title and lead
	whole      string // title and lead without anything but letters and digits
	title, all []shingle
	numbers    []uint64  // of two digits at least
	names      []shingle // of English texts, and model numbers in any

	figures    []syndicate.Figure
	places     placeNames
	periods    []period // what time it reports on
	headline   []period // those of the title
	days       []day
	weekdays   uint8
	ordinals   []ordinal
	stages     stages
	headStages stages // those of the title
	heading    direction
	objects    objects

	roundUp, correction, preview bool
}

// read makes a telling ready but for what takes time; see complete.
func read(x syndicate.Telling) *account {
	title := clip((&syndicate.Article{Title: x.Title}).DisplayTitle(), maxStoryTitle)
	lead := withoutByline(clip(strings.TrimSpace(x.Lead), maxStoryLead))
	if rest, ok := strings.CutPrefix(lead, title); ok {
		lead = strings.TrimSpace(rest)
	}
	a := &account{said: syndicate.Article{Title: title, Text: lead, Language: x.Language}}
	a.head = syndicate.Fold(title)
	a.text = a.head + "\n" + syndicate.Fold(lead)
	a.han = isHan(a.text)
	a.title, a.all = storyShingles(a.head), storyShingles(a.text)
	a.numbers = numbersOf(a.text, 2)
	if !a.han {
		a.weekdays = weekdaysOf(a.text)
	}
	return a
}

// maxAccounts is how many accounts are kept ready, twice: an article is mostly
// compared with those of the last hours again and again.
const maxAccounts = 2000

// accounts keeps accounts that were read, the last ones of them.
type accounts struct {
	mu         sync.Mutex
	young, old map[accountKey]*account
}

type accountKey struct{ title, lead string }

// read returns the account of a telling.
func (c *accounts) read(x syndicate.Telling) *account {
	key := accountKey{x.Title, x.Lead}
	c.mu.Lock()
	a := c.young[key]
	if a == nil {
		a = c.old[key]
	}
	c.mu.Unlock()
	if a == nil {
		a = read(x)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= maxAccounts {
		c.young, c.old = make(map[accountKey]*account), c.young
	}
	if len(key.title)+len(key.lead) <= maxStoryTitle+maxStoryLead { // what is longer is none of the store's
		c.young[key] = a
	}
	return a
}

// complete finds the figures, places, times and things of an account.
func (t *Tellings) complete(a *account) { a.once.Do(func() { t.find(a) }) }

func (t *Tellings) find(a *account) {
	a.correction = corrects(a.head)
	a.roundUp = roundsUp(a.head)
	a.whole = letters(a.text)
	if !a.han {
		a.names = properNames(a.said.Title)
	}
	facts := t.facts.Classify(&a.said, nil)
	a.figures = distinctive(facts.Figures)
	a.places = a.readPlaces(facts.Places)
	a.readTimes()
	a.readStages()
	a.objects = readObjects(a)
}

// clip returns the first n bytes of s, whole runes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// withoutByline takes away what agencies put before their texts: 中新网宜昌1月
// 13日电, 本报讯（记者 …）, LONDON (Reuters) -.
func withoutByline(s string) string {
	first := clip(s, 120)
	for _, mark := range []string{"日电", "报讯", "网讯", "社讯", "台讯"} {
		if i := strings.Index(first, mark); i >= 0 && i < 60 && !strings.ContainsAny(first[:i], "，。,") {
			rest := strings.TrimLeft(s[i+len(mark):], " 　")
			for _, b := range [][2]string{{"（", "）"}, {"(", ")"}} {
				if strings.HasPrefix(rest, b[0]) {
					if end := strings.Index(clip(rest, 120), b[1]); end > 0 {
						rest = rest[end+len(b[1]):]
					}
				}
			}
			return strings.TrimLeft(rest, " 　")
		}
	}
	for _, mark := range []string{" - ", " -- ", " — "} {
		if i := strings.Index(first, mark); i > 0 && i < 50 && strings.ToUpper(clip(first, 4)) == clip(first, 4) {
			return s[i+len(mark):]
		}
	}
	return s
}

func isHan(s string) bool {
	han, other := 0, 0
	for _, r := range s {
		switch {
		case r >= 0x4E00 && r <= 0x9FFF:
			han++
		case unicode.IsLetter(r):
			other++
		}
	}
	return han*3 > other
}

// letters returns s without anything but letters and digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

var correctionWords = []string{"更正", "勘误", "correction", "corrected", "clarification"}

func corrects(title string) bool { return containsAny(title, correctionWords) }

// roundUpWords are what the titles of pieces about many things have.
var roundUpWords = []string{
	"要闻", "周报", "早报:", "晚报:", "日报:", "月报:", "盘点", "汇总", "速览", "简报", "早知道", "早餐", "晨报:", "一周回顾", "大事记", "新闻联播", "一览", "综述", "今日头条", "早间", "晚间",
	"round-up", "roundup", "this week", "in brief", "briefs", "news digest", "highlights", "week in review", "week ahead", "morning briefing", "headlines", "at a glance", "stocks to watch",
}

func roundsUp(title string) bool {
	if containsAny(title, roundUpWords) {
		return true
	}
	// Three clauses beside each other: 央行降息,沪指收涨,油价下调
	return strings.Count(title, ";") >= 2 || strings.Count(title, "|") >= 2
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// hashShingle is FNV-1a with its bits mixed once more: keys of stored articles
// are made of it, so that it must never change.
func hashShingle(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 31
	h *= 0x9E3779B97F4A7C15
	return h ^ h>>29
}

// storyShingles returns the pieces of a text that is folded: pairs of Chinese
// characters, words of others, both without those that say nothing.
func storyShingles(text string) []shingle {
	common := commonWords()
	var out []shingle
	start := -1 // of a word
	var last rune
	lastAt := 0
	for i, r := range text + "\n" {
		han := r >= 0x4E00 && r <= 0x9FFF
		inWord := !han && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' && start >= 0 && i+1 < len(text) && isDigit(rune(text[i+1])))
		if inWord && start < 0 {
			start = i
		}
		if !inWord && start >= 0 {
			out = appendWord(out, text[start:i], common)
			start = -1
		}
		if han && last != 0 {
			pair := text[lastAt : i+utf8.RuneLen(r)]
			out = append(out, shingle{hashShingle(pair), weightOf(pair, common)})
		}
		last, lastAt = 0, i
		if han {
			last = r
		}
	}
	return sortShingles(out)
}

func appendWord(out []shingle, word string, common map[string]float64) []shingle {
	if word[0] >= '0' && word[0] <= '9' {
		if _, err := strconv.ParseFloat(word, 64); err == nil {
			return out // figures are compared for themselves
		}
		return append(out, shingle{hashShingle(word), 1.5})
	}
	w := concept(stem(word))
	if w == "" {
		return out
	}
	return append(out, shingle{hashShingle(w), weightOf(w, common)})
}

func weightOf(s string, common map[string]float64) float64 {
	if w, ok := common[s]; ok {
		return w
	}
	return 1
}

//go:embed story_common.txt
var storyCommonText string

// commonWords returns what the common words weigh.
var commonWords = sync.OnceValue(func() map[string]float64 {
	out := map[string]float64{}
	for line := range strings.Lines(storyCommonText) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		weight, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			panic("story_common.txt: " + err.Error())
		}
		for _, w := range fields[1:] {
			// What is common says even less for being the same.
			out[w] = weight * weight
		}
	}
	return out
})
