package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// latinEnds are words that end the name of an organisation.
var latinEnds = wordSet("Inc Inc. Corp Corp. Corporation Ltd Ltd. Plc PLC Co Co. Company Group Bank University Authority Commission Agency " +
	"Association Institute Motors Airlines Holdings Ministry AG NV SA GmbH Bancorp Petroleum")

// latinHeads are words that begin one when "of" and a name follow.
var latinHeads = wordSet("Bank University Ministry Department Bureau Institute Republic's")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// maxLatin is how many words of a name are kept before the one that ends it.
const maxLatin = 5

// latinOrganisations adds the organisations that capitals and a telling word
// give away: Duke Power Co, Bank of England.
func (n *naming) latinOrganisations() {
	var run []string // capitalised words in a row
	start := 0
	flush := func() { run = run[:0] }
	for start < len(n.text) {
		end := start
		for end < len(n.text) && !splitsWords(n.text[end]) {
			end++
		}
		w := n.text[start:end]
		next := end + 1
		switch {
		case w == "":
			if end < len(n.text) && n.text[end] != ' ' {
				flush()
			}
		case !capital(w) && (w != "of" && w != "and" && w != "&" || len(run) == 0):
			flush()
		case latinEnds[strings.TrimSuffix(w, "'s")] && len(run) > 0 && capital(run[len(run)-1]) && !latinHeads[w]:
			n.addOrganisation(joinName(append(run, strings.TrimSuffix(w, "'s"))))
			flush()
		case latinEnds[w] && latinHeads[w] && len(run) > 0 && capital(run[len(run)-1]) && !strings.HasPrefix(n.text[min(next, len(n.text)):], "of "):
			n.addOrganisation(joinName(append(run, w)))
			flush()
		default:
			if strings.HasSuffix(w, "'s") { // Britain's Diageo Plc
				flush()
				break
			}
			run = append(run, w)
			if k := len(run); k >= 3 && run[k-2] == "of" && latinHeads[run[k-3]] && capital(w) {
				n.addOrganisation(joinName(run[k-3:]))
				flush()
			}
		}
		if end < len(n.text) && n.text[end] != ' ' || strings.HasSuffix(w, ".") && len(w) > 4 {
			flush()
		}
		start = next
	}
}

func splitsWords(b byte) bool {
	switch b {
	case ' ', '\n', '\t', ',', ';', ':', '"', '(', ')', '<', '>', '!', '?', '/':
		return true
	}
	return false
}

func capital(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return r < 0x250 && unicode.IsUpper(r)
}

// joinName joins the last words of a name, without an article before them.
func joinName(words []string) string {
	words = words[max(0, len(words)-1-maxLatin):]
	for len(words) > 1 && (!capital(words[0]) || words[0] == "The" || words[0] == "A") {
		words = words[1:]
	}
	for len(words) > 1 && (latinEnds[words[0]] && !latinHeads[words[0]] || !capital(words[0])) {
		words = words[1:]
	}
	if len(words) < 2 {
		return ""
	}
	name := strings.Join(words, " ")
	if name == "West Bank" || strings.HasSuffix(name, " West Bank") {
		return ""
	}
	if !latinEnds[words[len(words)-1]] {
		name = strings.TrimSuffix(name, ".")
	}
	return name
}
