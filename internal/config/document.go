package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

func newDecoder(file string, data []byte, lookup func(string) (string, bool)) *decoder {
	return &decoder{
		file:     file,
		lines:    strings.Split(string(data), "\n"),
		lookup:   lookup,
		at:       map[string]*yaml.Node{},
		keys:     map[string]*yaml.Node{},
		faulty:   map[string]bool{},
		misspelt: map[string]bool{},
		expanded: map[*yaml.Node]bool{},
	}
}

// document decodes the text of the file. A file that is no YAML at all is one
// mistake; a file of nothing but comments is all defaults.
func (d *decoder) document(data []byte, file *fileConfig) {
	if line, column, what := unreadable(data); what != "" {
		d.faultAt(&yaml.Node{Line: line, Column: column}, "", what, "save the file as UTF-8 text, without control characters")
		return
	}
	var docs []yaml.Node
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments()); err != nil {
		d.syntax(err)
		return
	}
	switch len(docs) {
	case 0:
		return
	case 1:
	default:
		d.faultAt(&docs[1], "", "a second document begins here", "keep one, and take out the line ---")
		return
	}
	root := &docs[0]
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	d.expandAll(root, "")
	d.value(root, reflect.ValueOf(file).Elem(), "")
}

// syntax reports what the YAML reader says, at its place.
func (d *decoder) syntax(err error) {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.As(err, &many):
		for _, e := range many.Errors {
			d.syntaxError(e)
		}
	case errors.As(err, &one):
		d.syntaxError(one)
	default:
		d.faultAt(nil, "", "not YAML: "+err.Error(), "")
	}
}

func (d *decoder) syntaxError(e *yaml.LoadError) {
	fault := "not YAML: " + strings.TrimPrefix(e.Message, "yaml: ")
	if e.ContextMsg != "" && e.ContextMark.Line > 0 && e.ContextMark.Line != e.Mark.Line {
		fault += fmt.Sprintf(" (%s that begins in line %d)", strings.TrimPrefix(e.ContextMsg, "while "), e.ContextMark.Line)
	}
	line := ""
	if e.Mark.Line >= 1 && e.Mark.Line <= len(d.lines) {
		line = d.lines[e.Mark.Line-1]
	}
	hint := "compare the line with config.yaml as it is shipped"
	switch {
	case strings.Contains(e.Message, "tab character"), strings.HasPrefix(line, "\t"):
		hint = "indent with spaces"
	case strings.Contains(line, "${"):
		hint = "put ${…} in quotes"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		hint = "put a value that has a colon in it in quotes, and look at the indentation"
	case strings.Contains(e.Message, "escape character"):
		hint = "in double quotes a backslash is written twice; single quotes take it as it is"
	case strings.Contains(e.Message, "anchor"):
		hint = "put a value that begins with * or & in quotes"
	case strings.Contains(e.Message, "unexpected end of stream"):
		hint = "a quote or bracket is never closed"
	case strings.Contains(e.Message, "did not find expected"):
		hint = "look at the indentation, and for a bracket or quote that is not closed"
	}
	d.faultAt(&yaml.Node{Line: e.Mark.Line, Column: e.Mark.Column}, "", fault, hint)
}

// unreadable finds the first byte that cannot stand in a YAML file (YAML 1.2,
// section 5.1). The YAML reader refuses it too, but does not say where it is.
func unreadable(data []byte) (line, column int, what string) {
	line, column = 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, fmt.Sprintf("byte 0x%02x is not UTF-8", data[i])
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return line, column, fmt.Sprintf("control character 0x%02x", r)
		}
		i += size
		column++
	}
	return 0, 0, ""
}
