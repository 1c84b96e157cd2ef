package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"
)

// A decoder fills the types of file.go from a tree of YAML nodes. It notes
// every mistake and goes on, and it remembers where each value stands, so that
// later checks can name a place by its path alone.
type decoder struct {
	file     string   // the name to print
	lines    []string // the source text
	lookup   func(string) (string, bool)
	at       map[string]*yaml.Node // values by path
	keys     map[string]*yaml.Node // keys by path
	faulty   map[string]bool       // paths that have a problem already
	expanded map[*yaml.Node]bool   // scalars that came out of ${…}
	misspelt map[string]bool       // paths of keys that a misspelt one stands for
	nodes    int                   // visited so far
	problems []Problem
}

// maxNodes bounds what aliases can blow a small file up to.
const maxNodes = 500_000

// A decodable is a type that is written in more than one way.
type decodable interface {
	decode(d *decoder, n *yaml.Node, path string)
}

// A defaulter is an element of a list that is not all zero where the file is
// silent.
type defaulter interface{ setDefaults() }

// value decodes n into v. What the file leaves out or leaves empty stays as
// it is in v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	d.at[path] = n
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.at[""] = n
			d.fault("", fmt.Sprintf("the file is too large: more than %d values", maxNodes), "are there aliases of lists inside lists?")
		}
		return
	}
	n = resolve(n)
	if n.ShortTag() == "!!null" {
		return
	}
	if c, ok := v.Addr().Interface().(decodable); ok {
		c.decode(d, n, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.sequence(n, v, path)
	case reflect.Bool:
		d.boolean(n, v, path)
	case reflect.Int:
		d.integer(n, v, path)
	case reflect.Float64:
		d.float(n, v, path)
	default:
		if s, ok := d.text(n, path); ok {
			v.SetString(s)
		}
	}
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// structure decodes a mapping whose keys are the fields of v.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	fields := map[string]int{}
	names := keysOf(v.Type())
	for i, name := range names {
		fields[name] = i
	}
	d.pairs(n, path, func(key string, value *yaml.Node, path string) {
		i, ok := fields[key]
		if !ok {
			d.unknown(path, key, names)
			return
		}
		d.value(value, v.Field(i), path)
	})
}

// pairs visits the keys of a mapping that are text and stand there once, and
// reports the others. The path it gives is that of the value.
func (d *decoder) pairs(n *yaml.Node, path string, visit func(key string, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(path, n, wantKeys)
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := resolve(n.Content[i]), n.Content[i+1]
		child := join(path, k.Value)
		switch {
		case k.ShortTag() == "!!merge":
			d.faultAt(n.Content[i], path, "merge keys (<<) are not supported", "write the keys out")
			continue
		case k.Kind != yaml.ScalarNode:
			d.faultAt(n.Content[i], path, "a key must be text", "put it in quotes")
			continue
		case first[k.Value] != 0:
			d.faultAt(n.Content[i], child, fmt.Sprintf("the key stands here twice, first in line %d", first[k.Value]), "keep one of the two")
			continue
		}
		first[k.Value] = n.Content[i].Line
		d.keys[child] = n.Content[i]
		visit(k.Value, value, child)
	}
}

// sequence decodes a list. It replaces what v held.
func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(path, n, wantList)
		return
	}
	v.SetZero()
	for i, item := range n.Content {
		child := fmt.Sprintf("%s[%d]", path, i)
		elem := reflect.New(v.Type().Elem())
		if e, ok := elem.Interface().(defaulter); ok {
			e.setDefaults()
		}
		if resolve(item).ShortTag() == "!!null" {
			d.at[child] = item
			d.fault(child, "the entry is empty", "fill it in or take it out")
		}
		d.value(item, elem.Elem(), child)
		v.Set(reflect.Append(v, elem.Elem()))
	}
}

// text returns a scalar's text with its variables filled in.
func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.wrongType(path, n, wantText)
		return "", false
	}
	if n.ShortTag() != "!!str" && !d.expanded[n] {
		d.wrongType(path, n, wantText)
		return "", false
	}
	return n.Value, true
}

func (d *decoder) boolean(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!bool" || d.expanded[n]) && strings.EqualFold(n.Value, "true"):
		v.SetBool(true)
	case n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!bool" || d.expanded[n]) && strings.EqualFold(n.Value, "false"):
		v.SetBool(false)
	default:
		d.wrongType(path, n, wantBool)
	}
}

func (d *decoder) integer(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!int" || d.expanded[n]) {
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			v.SetInt(i)
			return
		}
	}
	d.wrongType(path, n, wantInteger)
}

func (d *decoder) float(n *yaml.Node, v reflect.Value, path string) {
	tag := n.ShortTag()
	if n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float" || d.expanded[n]) {
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			v.SetFloat(f)
			return
		}
	}
	d.wrongType(path, n, wantNumber)
}

// expandAll fills in the variables of every text value below n.
func (d *decoder) expandAll(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			d.expandAll(c, path)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			d.expandAll(c, fmt.Sprintf("%s[%d]", path, i))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			d.expandAll(n.Content[i+1], join(path, n.Content[i].Value))
		}
	case yaml.ScalarNode:
		d.expandScalar(n, path)
	}
}

func (d *decoder) expandScalar(n *yaml.Node, path string) {
	if n.ShortTag() != "!!str" || !strings.Contains(n.Value, "${") {
		return
	}
	s, err := expand(n.Value, d.lookup)
	if err != nil {
		d.faultAt(n, path, err.fault, err.hint)
		d.faulty[path] = true
		return
	}
	n.Value = s
	d.expanded[n] = true // it may hold a number
}

// unknown reports a key that does not exist, with the nearest one that does.
func (d *decoder) unknown(path, key string, known []string) {
	hint := "the keys here are " + strings.Join(known, ", ")
	if near := nearest(key, known); near != "" {
		hint = "did you mean " + near + "?"
		d.misspelt[strings.TrimSuffix(path, key)+near] = true
	} else if parents := homes(key); len(parents) > 0 {
		hint = key + " belongs under " + strings.Join(parents, " or ")
	}
	d.faultAt(d.keys[path], path, "unknown key", hint)
}

// wrongType reports a value of another type than the key takes.
func (d *decoder) wrongType(path string, n *yaml.Node, want string) {
	scalar := n.Kind == yaml.ScalarNode
	hint := "write it as in config.yaml as it is shipped"
	switch {
	case strings.HasSuffix(path, "password_hash"):
		d.fault(path, "needs text", "put the hash in single quotes")
		return
	case path == "listen" && scalar:
		hint = fmt.Sprintf("write 127.0.0.1:%s, or \":%s\" for every address of this machine", n.Value, n.Value)
	case want == wantText && scalar:
		hint = fmt.Sprintf("put it in quotes: %q", n.Value)
	case want == wantText:
		hint = "write one text"
	case want == wantList && scalar:
		hint = fmt.Sprintf("put it in brackets: [%s]", n.Value)
	case want == wantList:
		hint = "begin each entry with a hyphen"
	case want == wantKeys:
		hint = "write its keys into the lines below, further to the right"
	case want == wantBool:
		hint = "write true or false"
	case want == wantInteger:
		hint = "write digits alone, such as 10"
	case want == wantNumber:
		hint = "write a number such as 1.5"
	}
	d.fault(path, fmt.Sprintf("needs %s, has %s", want, describe(n)), hint)
}

// What a value can be.
const (
	wantText    = "text"
	wantList    = "a list"
	wantKeys    = "keys with values"
	wantBool    = "true or false"
	wantInteger = "a whole number"
	wantNumber  = "a number"
)

// describe says what stands in the file.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	value := n.Value
	if r := []rune(value); len(r) > 60 {
		value = string(r[:60]) + "…"
	}
	switch n.ShortTag() {
	case "!!str":
		return fmt.Sprintf("the text %q", value)
	case "!!int", "!!float":
		return "the number " + value
	case "!!timestamp":
		return "the date " + value
	case "!!bool":
		return value
	}
	return fmt.Sprintf("%s %s", n.ShortTag(), value)
}

// fault reports a mistake in the value at path, or, where the file has none,
// in what surrounds it. Of several mistakes in one value the first counts.
func (d *decoder) fault(path, fault, hint string) {
	if d.mark(path) {
		d.faultAt(d.place(path), path, fault, hint)
	}
}

// mark notes that a path has a mistake. It reports false when that is known:
// then the path, or something around it, has its message already.
func (d *decoder) mark(path string) bool {
	for p := path; ; p = outer(p) {
		if d.faulty[p] {
			return false
		}
		if p == "" {
			break
		}
	}
	d.faulty[path] = true
	return true
}

// place returns the node of a path or of the nearest path around it.
func (d *decoder) place(path string) *yaml.Node {
	for {
		if n, ok := d.at[path]; ok {
			return n
		}
		if path == "" {
			return nil
		}
		path = outer(path)
	}
}

// outer returns the path of what surrounds a path.
func outer(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

func (d *decoder) faultAt(n *yaml.Node, path, fault, hint string) {
	p := Problem{File: d.file, Line: 1, Column: 1, Path: oneLine(path), Fault: oneLine(fault), Hint: oneLine(hint)}
	if n != nil && n.Line > 0 {
		p.Line, p.Column = n.Line, n.Column
	}
	d.problems = append(d.problems, p)
}

// oneLine makes text from the file fit for one line of a message.
func oneLine(s string) string {
	const longest = 400
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// keysOf returns the keys of a type of file.go, in order.
func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return keys
}

// homes returns the blocks that have a key, for those who put it into another.
func homes(key string) []string {
	var found []string
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t == reflect.TypeFor[namedTheme]() {
			t, path = reflect.TypeFor[fileTheme](), path+".ID"
		}
		if t.Kind() != reflect.Struct {
			return
		}
		for i, k := range keysOf(t) {
			if k == key && path != "" && !slices.Contains(found, path) {
				found = append(found, path)
			}
			if k != "" {
				walk(t.Field(i).Type, join(path, k))
			}
		}
	}
	walk(reflect.TypeFor[fileConfig](), "")
	return found
}

// splitHint cuts "fault; remedy" in two.
func splitHint(s string) (fault, hint string) {
	if i := strings.LastIndex(s, "; "); i >= 0 {
		return s[:i], s[i+2:]
	}
	return s, ""
}
