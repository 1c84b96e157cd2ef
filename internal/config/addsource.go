package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"broadsheet/syndicate"
)

// ErrNoPlace is returned for a file whose sources: is not written as a list
// that an entry can be put behind: an alias, say, or a file of one line.
var ErrNoPlace = errors.New("sources: is not a list of its own in the file; add the lines by hand")

// AddSource returns the text of a configuration with a source behind the
// others, and all the rest, comments included, as it was. The error is a
// *Problems when the file has mistakes before or after, and ErrNoPlace when
// there is no place for it.
func AddSource(path string, data []byte, p syndicate.ProposedSource, lookup func(string) (string, bool)) ([]byte, error) {
	before, err := Parse(path, data, lookup)
	if err != nil {
		return nil, err
	}
	text, err := insertSource(data, SourceLines(p))
	if err != nil {
		return nil, err
	}
	after, err := Parse(path, text, lookup)
	if err != nil {
		return nil, err
	}
	// Whatever the file looks like: nothing may change but that there is one more.
	if len(after.Sources) != len(before.Sources)+1 {
		return nil, ErrNoPlace
	}
	added := after.Sources[len(before.Sources)]
	got := syndicate.ProposedSource{Name: added.Name, Title: added.Title, URL: added.URL, Kind: added.Kind, Language: added.Language, Page: added.Page}
	after.Sources = after.Sources[:len(before.Sources)]
	if len(before.Sources) == 0 {
		after.Sources = before.Sources
	}
	if got != p || !reflect.DeepEqual(before, after) {
		return nil, ErrNoPlace
	}
	return text, nil
}

// insertSource puts an entry behind the last one of sources:, in the way the
// list is written.
func insertSource(data []byte, entry string) ([]byte, error) {
	var docs []yaml.Node
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments()); err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(string(data), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += ending(data)
	}
	entry = strings.ReplaceAll(entry, "\n", ending(data))
	if len(docs) == 0 { // nothing but comments
		return spliced(lines, len(lines), "sources:"+ending(data)+indent(entry, 2)), nil
	}
	root := &docs[0]
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return nil, ErrNoPlace
	}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Value != "sources" {
			continue
		}
		end := len(lines)
		if i+2 < len(root.Content) {
			end = root.Content[i+2].Line - 1
		}
		return behind(lines, key, value, end, entry)
	}
	return spliced(lines, len(lines), "sources:"+ending(data)+indent(entry, 2)), nil
}

// behind puts an entry behind the items of a list that ends before the line
// with the index end.
func behind(lines []string, key, value *yaml.Node, end int, entry string) ([]byte, error) {
	at := key.Line - 1
	if value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle == 0 && len(value.Content) > 0 && value.Anchor == "" {
		column := value.Column - 1
		// What is indented as the list is belongs to it, be it a comment; what
		// stands before the next key, to that.
		for end > value.Content[len(value.Content)-1].Line {
			line := strings.TrimRight(lines[end-1], "\r\n")
			text := strings.TrimLeft(line, " ")
			if text != "" && (text[0] != '#' || column > 0 && len(line)-len(text) >= column) && !strings.HasPrefix(line, "...") {
				break
			}
			end--
		}
		return spliced(lines, end, indent(entry, column)), nil
	}
	if value.Kind == yaml.ScalarNode && value.Value == "" && value.Line == key.Line || len(value.Content) == 0 && value.Kind == yaml.SequenceNode && value.Line == key.Line {
		// "sources:" and "sources: []", with what is noted behind.
		head, note, _ := strings.Cut(lines[at], "#")
		if strings.TrimSpace(strings.NewReplacer("[", "", "]", "").Replace(head)) != "sources:" {
			return nil, ErrNoPlace
		}
		if note != "" {
			note = " #" + note
		} else {
			note = ending([]byte(lines[at]))
		}
		lines = slices.Clone(lines)
		lines[at] = "sources:" + note
		return spliced(lines, at+1, indent(entry, 2)), nil
	}
	if value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle != 0 && value.Anchor == "" {
		return intoBrackets(lines, at, end, entry)
	}
	return nil, ErrNoPlace
}

// intoBrackets puts an entry before the bracket that closes a list.
func intoBrackets(lines []string, at, end int, entry string) ([]byte, error) {
	short, err := inBraces(entry)
	if err != nil {
		return nil, err
	}
	for ; end > at; end-- {
		line := lines[end-1]
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		i := strings.LastIndexByte(line, ']')
		if i < 0 {
			continue
		}
		lines = slices.Clone(lines)
		head := strings.TrimRight(line[:i], " ")
		switch {
		case head == "": // the bracket has a line of its own
			comma := ","
			before := strings.TrimRight(lines[end-2], " \r\n")
			if strings.HasSuffix(before, ",") {
				comma = ""
			}
			lines[end-2] = before + comma + ending([]byte(line))
			return spliced(lines, end-1, "  "+short+ending([]byte(line))), nil
		case strings.HasSuffix(head, ","):
			lines[end-1] = head + " " + short + line[i:]
		default:
			lines[end-1] = head + ", " + short + line[i:]
		}
		return []byte(strings.Join(lines, "")), nil
	}
	return nil, ErrNoPlace
}

// inBraces writes an entry of a list on one line.
func inBraces(entry string) (string, error) {
	var list []yaml.Node
	if err := yaml.Load([]byte(entry), &list); err != nil {
		return "", err
	}
	var b strings.Builder
	var write func(n *yaml.Node)
	write = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			b.WriteString(quoteJSON(n.Value))
			return
		}
		b.WriteString("{ ")
		for i := 0; i < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(n.Content[i].Value + ": ")
			write(n.Content[i+1])
		}
		b.WriteString(" }")
	}
	for i := range list {
		write(&list[i])
	}
	return b.String(), nil
}

// ending returns how the lines of a file end.
func ending(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func indent(entry string, by int) string {
	var b strings.Builder
	for line := range strings.Lines(entry) {
		b.WriteString(strings.Repeat(" ", by) + line)
	}
	return b.String()
}

func spliced(lines []string, at int, text string) []byte {
	return []byte(strings.Join(lines[:at], "") + text + strings.Join(lines[at:], ""))
}

// SourceLines writes the entry of a configuration for a source. No value is
// taken for anything but itself: what strangers call themselves may read
// ${PASSWORD}.
func SourceLines(p syndicate.ProposedSource) string {
	var b strings.Builder
	line := func(indent, key, value string) {
		if value != "" {
			b.WriteString(indent + key + ": " + Quote(value) + "\n")
		}
	}
	b.WriteString("- name: " + p.Name + "\n")
	line("  ", "title", p.Title)
	line("  ", "url", p.URL)
	b.WriteString("  kind: " + string(p.Kind) + "\n")
	line("  ", "language", p.Language)
	if p.Page == (syndicate.Selectors{}) {
		return b.String()
	}
	b.WriteString("  page:\n")
	for _, f := range p.Page.Fields() {
		line("    ", f.Key, *f.Value)
	}
	return b.String()
}

// Quote writes a text as a value of the configuration that stands for itself,
// whatever the variables are: a JSON string is one, and ${ is taken apart.
func Quote(s string) string { return quoteJSON(strings.ReplaceAll(s, "${", "$${")) }

func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string
	}
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff { // JSON has them as they are, YAML has not
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}
