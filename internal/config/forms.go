package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/invopop/jsonschema"
	yaml "go.yaml.in/yaml/v4"
)

// decode reads 90m, 1h30m or 7d.
func (d *duration) decode(dec *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		if n.Value == "0" {
			*d = 0
			return
		}
		dec.fault(path, n.Value+" has no unit", fmt.Sprintf("write %ss, %sm, %sh or %sd", n.Value, n.Value, n.Value, n.Value))
		return
	}
	s, ok := dec.text(n, path)
	if !ok {
		return
	}
	v, err := parseDuration(s)
	if err != nil {
		fault, hint := splitHint(err.Error())
		dec.fault(path, fault, hint)
		return
	}
	*d = duration(v)
}

// JSONSchema describes a duration.
func (duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:     "string",
		Pattern:  `^([0-9.]+(d|h|m|s|ms|us|µs|ns))+$|[$][{]`,
		Examples: []any{"30m", "1h", "7d"},
	}
}

// JSONSchema describes a secret.
func (Secret) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// A localised text is written as one text or as one text for each language.
// One text stands under the key "".
type localised map[string]string

func (l *localised) decode(d *decoder, n *yaml.Node, path string) {
	*l = localised{}
	if n.Kind != yaml.MappingNode {
		if s, ok := d.text(n, path); ok && s != "" {
			(*l)[""] = s
		}
		return
	}
	d.pairs(n, path, func(lang string, value *yaml.Node, path string) {
		var s string
		d.value(value, reflect.ValueOf(&s).Elem(), path)
		if !wellFormed(lang) {
			d.faultAt(d.keys[path], path, fmt.Sprintf("%q is not a language", lang), "use a BCP 47 tag such as zh-Hans or en")
			return
		}
		(*l)[lang] = s
	})
}

// JSONSchema describes the two ways of writing a localised text.
func (localised) JSONSchema() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		text,
		{Type: "object", AdditionalProperties: text},
	}}
}

// MarshalYAML writes the texts by language, in the order of the languages.
func (l localised) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	langs := make([]string, 0, len(l))
	for lang := range l {
		langs = append(langs, lang)
	}
	slices.Sort(langs)
	for _, lang := range langs {
		n.Content = append(n.Content, textNode(lang), textNode(l[lang]))
	}
	return n, nil
}

// A themeList is written as a mapping from id to theme whose order counts.
type themeList []namedTheme

type namedTheme struct {
	id    string
	theme fileTheme
}

func (l *themeList) decode(d *decoder, n *yaml.Node, path string) {
	*l = nil
	d.pairs(n, path, func(id string, value *yaml.Node, path string) {
		t := namedTheme{id: id, theme: fileTheme{Threshold: defaultThreshold}}
		d.value(value, reflect.ValueOf(&t.theme).Elem(), path)
		*l = append(*l, t)
	})
}

// JSONSchema describes the mapping.
func (themeList) JSONSchema() *jsonschema.Schema {
	pattern := &jsonschema.Schema{Pattern: namePattern.String()}
	return &jsonschema.Schema{
		Type:                 "object",
		PropertyNames:        pattern,
		AdditionalProperties: reflected(reflect.TypeFor[fileTheme]()),
	}
}

// MarshalYAML writes the mapping in order.
func (l themeList) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, t := range l {
		var value yaml.Node
		if err := value.Dump(t.theme); err != nil {
			return nil, err
		}
		n.Content = append(n.Content, textNode(t.id), &value)
	}
	return n, nil
}

// A fileTerm is written as a text, or as a text with its weight.
type fileTerm struct {
	Term   string  `yaml:"term" jsonschema:"required,minLength=1" jsonschema_description:"A word or phrase."`
	Weight float64 `yaml:"weight" jsonschema_description:"What a hit counts, above 0."`
}

// A weightedTerm is a fileTerm in its long form.
type weightedTerm fileTerm

func (t *fileTerm) decode(d *decoder, n *yaml.Node, path string) {
	t.Weight = defaultWeight
	if n.Kind == yaml.ScalarNode {
		t.Term, _ = d.text(n, path)
		return
	}
	if n.Kind == yaml.MappingNode && !hasKey(n, "term") {
		d.fault(path, "the entry has no term", "write it as in { term: bank, weight: 2 }")
		return
	}
	d.structure(n, reflect.ValueOf((*weightedTerm)(t)).Elem(), path)
}

func hasKey(n *yaml.Node, key string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// JSONSchema describes the two ways of writing a term.
func (fileTerm) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	long := reflected(reflect.TypeFor[weightedTerm]())
	if weight, ok := long.Properties.Get("weight"); ok {
		weight.ExclusiveMinimum = "0"
		weight.Default = defaultWeight
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", MinLength: &one}, long}}
}

// MarshalYAML writes the weight only where it is not 1.
func (t fileTerm) MarshalYAML() (any, error) {
	if t.Weight == defaultWeight {
		return t.Term, nil
	}
	var weight yaml.Node
	if err := weight.Dump(t.Weight); err != nil {
		return nil, err
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{
		textNode("term"), textNode(t.Term), textNode("weight"), &weight,
	}}, nil
}

// A fileDay is a day as in 2026-12-01, with or without quotes; "" is none.
type fileDay string

func (f *fileDay) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		*f = fileDay(n.Value)
		return
	}
	s, _ := d.text(n, path)
	*f = fileDay(s)
}

// JSONSchema describes a day.
func (fileDay) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]{4}-[0-9]{2}-[0-9]{2})?$|[$][{]`, Examples: []any{"2026-12-01"}}
}

// A rateMap is written as a mapping from a domain to a number.
type rateMap map[string]float64

func (m *rateMap) decode(d *decoder, n *yaml.Node, path string) {
	*m = nil
	d.pairs(n, path, func(domain string, value *yaml.Node, path string) {
		var rate float64
		d.value(value, reflect.ValueOf(&rate).Elem(), path)
		if d.faulty[path] {
			return
		}
		if *m == nil {
			*m = rateMap{}
		}
		(*m)[domain] = rate
	})
}

// JSONSchema describes the mapping.
func (rateMap) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:                 "object",
		AdditionalProperties: &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0"},
		Examples:             []any{map[string]any{"gmail.com": 10}},
	}
}

// MarshalYAML writes the mapping in the order of the domains.
func (m rateMap) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, domain := range slices.Sorted(maps.Keys(m)) {
		var rate yaml.Node
		if err := rate.Dump(m[domain]); err != nil {
			return nil, err
		}
		n.Content = append(n.Content, textNode(domain), &rate)
	}
	return n, nil
}

func textNode(s string) *yaml.Node {
	var n yaml.Node
	n.SetString(s)
	return &n
}

// The defaults of what stands in lists.
const (
	defaultThreshold   = 1.0
	defaultWeight      = 1.0
	defaultLimit       = 50
	defaultMaxPerTheme = 10
	defaultWithin      = duration(3 * time.Hour)
)

func (s *fileSource) setDefaults() { s.Kind = "feed" }
func (f *fileFeed) setDefaults()   { f.Limit = defaultLimit }
func (d *fileDigest) setDefaults() {
	d.MaxPerTheme = defaultMaxPerTheme
	d.IfMissed.Within = defaultWithin
}
