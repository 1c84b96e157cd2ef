package read

import (
	"strings"

	"broadsheet/syndicate"
)

// maxHead is how many bytes a section's head has at most, its number included.
const maxHead = 240

// cutSections cuts the paragraph of a listing's item into the text before the
// first section, and the sections. A head begins with its number, 一、 or (一),
// at the start of the paragraph or after a space, and ends at the next space.
// Heads count up from one; a number out of turn is running text, and so is one
// that no space follows. Heads of one paragraph are all of one form.
//
// What stands after the last section belongs to it: nothing in the text says
// where a section ends but the next head.
func cutSections(body string) (lead string, sections []syndicate.Section) {
	heads := findHeads(body)
	if len(heads) < 2 { // a single number counts nothing
		return body, nil
	}
	lead = strings.TrimSpace(body[:heads[0].start])
	for i, h := range heads {
		end := len(body)
		if i+1 < len(heads) {
			end = heads[i+1].start
		}
		sections = append(sections, syndicate.Section{Head: body[h.start:h.end], Text: strings.TrimSpace(body[h.end:end])})
	}
	return lead, sections
}

// sentenceParagraphs cuts Chinese text into its paragraphs: where a portal has
// joined them, a space stands after the end of a sentence, and nowhere else.
func sentenceParagraphs(s string) []string {
	var out []string
	start, last := 0, rune(0)
	for i, r := range s {
		if last == ' ' && i >= 2 && wide(r) && endsSentence(s[:i-1]) {
			out = append(out, s[start:i-1])
			start = i
		}
		last = r
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// endsSentence reports whether s ends with a Chinese sentence.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "”’』）》\"")
	return strings.HasSuffix(s, "。") || strings.HasSuffix(s, "！") || strings.HasSuffix(s, "？")
}

// A headAt is where a head stands.
type headAt struct{ start, end int }

// findHeads finds the heads of the form that comes first.
func findHeads(body string) []headAt {
	var best []headAt
	for form := range headForms {
		heads := headsOfForm(body, form)
		if len(heads) > 1 && (best == nil || heads[0].start < best[0].start) {
			best = heads
		}
	}
	return best
}

// startsWithHead reports whether a line begins with the number of a head.
func startsWithHead(line string) bool {
	for form := range headForms {
		for n := 1; n <= 20; n++ {
			if numberAt(line, form, n) > 0 {
				return true
			}
		}
	}
	return false
}

// headForms are the signs around a head's number, before and after it.
var headForms = [...][2][]string{
	{{""}, {"、"}},
	{{"(", "（"}, {")", "）"}},
	{{"第"}, {"、", "，", ","}},
}

// headsOfForm finds the heads of one form that count up from one.
func headsOfForm(body string, form int) []headAt {
	var heads []headAt
	for i := 0; i < len(body); {
		if n := numberAt(body[i:], form, len(heads)+1); n > 0 {
			if end := headEnd(body, i, n); end > 0 {
				heads = append(heads, headAt{i, end})
				i = end
				continue
			}
		}
		next := strings.IndexByte(body[i:], ' ')
		if next < 0 {
			break
		}
		i += next + 1
	}
	return heads
}

// numberAt returns the length of a head's number n at the start of s, or 0.
func numberAt(s string, form, n int) int {
	for _, before := range headForms[form][0] {
		rest, ok := strings.CutPrefix(s, before+hanNumber(n))
		if !ok {
			continue
		}
		for _, after := range headForms[form][1] {
			if strings.HasPrefix(rest, after) {
				return len(s) - len(rest) + len(after)
			}
		}
	}
	return 0
}

// headEnd returns where the head at body[start], whose number has n bytes,
// ends, or 0 when it has no text, is too long to be one, or nothing follows.
func headEnd(body string, start, n int) int {
	rest := body[start+n:]
	gap := len(rest) - len(strings.TrimLeft(rest, " "))
	end := strings.IndexByte(rest[gap:], ' ')
	if end <= 0 || gap+end+n > maxHead {
		return 0
	}
	return start + n + gap + end
}

// hanNumber returns n, 1 to 99, in Chinese.
func hanNumber(n int) string {
	const digits = "一二三四五六七八九"
	digit := func(d int) string {
		if d == 0 {
			return ""
		}
		return digits[3*(d-1) : 3*d]
	}
	switch {
	case n < 10:
		return digit(n)
	case n < 20:
		return "十" + digit(n-10)
	case n < 100:
		return digit(n/10) + "十" + digit(n%10)
	}
	return "\x00"
}
