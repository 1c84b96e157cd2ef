package read

import (
	"html"
	"regexp"
	"strings"
)

// textAsHTML turns the plain text of a message into HTML: paragraphs at empty
// lines, lines that were only wrapped put together, addresses as links, and
// without what follows the line that announces a signature.
func textAsHTML(s string) string {
	s = lineEnds.Replace(s)
	if i := strings.Index("\n"+s, "\n-- \n"); i >= 0 {
		s = s[:i]
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	var block []string
	flush := func() {
		if len(block) > 0 {
			b.WriteString("<p>")
			writeBlock(&b, block)
			b.WriteString("</p>\n")
			block = block[:0]
		}
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" || textRule.MatchString(line) {
			flush()
			continue
		}
		block = append(block, line)
	}
	flush()
	return b.String()
}

// textRule is a line that only separates.
var textRule = regexp.MustCompile(`^[-=_*~#·—─━]{4,}$`)

// wrapWidth is how wide, in columns, a line has to be to look wrapped.
const wrapWidth = 55

// writeBlock writes the lines of a paragraph.
func writeBlock(b *strings.Builder, lines []string) {
	for i, line := range lines {
		if i > 0 {
			if displayWidth(lines[i-1]) >= wrapWidth && !listMark(line) && !headLine.MatchString(line) {
				b.WriteByte('\n')
			} else {
				b.WriteString("<br>\n")
			}
		}
		writeLinked(b, line)
	}
}

// listMark reports whether a line begins an item of a list.
func listMark(line string) bool {
	if line[0] >= '0' && line[0] <= '9' {
		rest := strings.TrimLeft(line, "0123456789")
		return strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ")") || strings.HasPrefix(rest, "、")
	}
	for _, mark := range [...]string{"- ", "* ", "+ ", "•", "·", "●", "○", "■", "◆", "▪", "►", "（", "(", ">", "http://", "https://"} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

// textAddress is a web address in plain text.
var textAddress = regexp.MustCompile(`https?://[^\s<>"'()\[\]{}（）【】《》「」，。；！？、]+`)

// writeLinked writes a line with its addresses as links.
func writeLinked(b *strings.Builder, line string) {
	for {
		at := textAddress.FindStringIndex(line)
		if at == nil {
			break
		}
		address := strings.TrimRight(line[at[0]:at[1]], ".,;:!?*_")
		end := at[0] + len(address)
		b.WriteString(html.EscapeString(line[:at[0]]))
		b.WriteString(`<a href="` + html.EscapeString(address) + `">` + html.EscapeString(address) + `</a>`)
		line = line[end:]
	}
	b.WriteString(html.EscapeString(line))
}
