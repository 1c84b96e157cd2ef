package classify

import (
	"strings"
	"unicode"
)

// stem returns an English word without its ending. It need not be a word:
// it only has to be the same for reports, reported and reporting.
func stem(w string) string {
	w = strings.TrimSuffix(w, "'s")
	if len(w) > 4 && strings.HasSuffix(w, "ies") {
		return w[:len(w)-3] + "y"
	}
	for _, ending := range []string{"ing", "ed", "es", "s"} {
		if rest, ok := strings.CutSuffix(w, ending); ok && len(rest) >= 3 && !(ending == "s" && strings.HasSuffix(rest, "s")) {
			w = rest
			break
		}
	}
	if n := len(w); n > 4 && w[n-1] == w[n-2] && strings.IndexByte("bdgmnprt", w[n-1]) >= 0 {
		w = w[:n-1] // stopped, planning
	}
	if len(w) > 4 {
		w = strings.TrimSuffix(w, "e")
	}
	return w
}

// concepts maps stems to what else may stand for them, so that paraphrases
// meet: one line a meaning, the first word is the name of it.
var concepts = conceptTable(`
percent pct per cent
million mln m
billion bn
dollar dlr
rise rose add raise lift gain climb jump surge grow grew growth increase up higher advance boost hike soar
fall fell drop slip slide decline down lower sank sink retreat plung reduce decrease slump ease
cut trim shed axe slash scrap
buy acquire purchase takeover bought acquisition
sell sold sale
share stock
profit earning income net
record all-time peak high
plant factory plants
chip semiconductor
car auto automobile saloon vehicle carmaker automaker
plane jet aircraft
order contract
build construct construction built
start begin began begun launch
open inaugurat unveil
jobless unemployment
job post position payroll employ
merge merger tie-up
approve clear back approval authoris authoriz go-ahead
reject block refuse
oil crude petroleum
container box
rate interest
export shipment
store shop outlet
ship vessel
strike walkout
stop halt suspend
storm hurricane typhoon
quake earthquake
blackout outage
stake holding
loss deficit
firm company corp inc group plc ltd co
maker producer manufactur
government ministers administration
court judge jury
seek sought file
pay paid
pound sterling
agree agreement deal pact accord
annual yearly
repurchase buyback
railway railroad rail
road highway motorway interstat
phone handset cellphone
show report said say according told announc
us u american america washington
uk britain british
china chinese beijing
japan japanese tokyo
germany german
france french
italy italian
spain spanish
finland finnish
sweden swedish
korea korean
russia russian
india indian
canada canadian
australia australian
vietnam vietnamese
netherland dutch holland
switzerland swiss
eu european europe brussel
`)

func conceptTable(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		for _, w := range words {
			out[stem(w)] = stem(words[0])
		}
	}
	return out
}

// emptyWords say nothing in comparing.
var emptyWords = wordSet("the a an and or of in to for on at by with from as is it its was were are be been has have had that this which will would " +
	"could may can not but than then there their his her he she they we you i s t after before over under about into out also said more most some any all " +
	"other one two three when who what while where how if so no do did does per")

// concept returns the stem that stands for all of the same meaning, or "" for
// a word that says nothing.
func concept(stemmed string) string {
	if emptyWords[stemmed] {
		return ""
	}
	if c, ok := concepts[stemmed]; ok {
		return c
	}
	return stemmed
}

// notNames are words that begin with a capital and are no names.
var notNames = wordSet("Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September October November December " +
	"The A An In On At By For From After Before It Its But And New Corp Inc Co Ltd Plc Group Company Bank Shares Stocks")

// properNames returns the names in an English text that is not folded: words
// with a capital inside a sentence, and at its beginning if they have one
// inside another one or are no words that the language has.
func properNames(text string) []shingle {
	var out []shingle
	opens := true
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:()\"“”/-", r)
	}) {
		bare := strings.Trim(strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s"), ".'’!?")
		first := opens
		opens = strings.HasSuffix(w, ".") && len(w) > 3 || strings.HasSuffix(w, "!") || strings.HasSuffix(w, "?")
		if bare == "" || notNames[bare] || !capital(bare) {
			continue
		}
		folded := strings.ToLower(bare)
		c := concept(stem(folded))
		if c == "" {
			continue
		}
		weight := 1.0
		if _, common := commonWords()[c]; common {
			if first {
				continue
			}
			weight = 0.5
		} else if first {
			weight = 0.6
		}
		out = append(out, shingle{hashShingle(c), weight})
	}
	return sortShingles(out)
}
