package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
	yaml "go.yaml.in/yaml/v4"
)

// Schema returns the JSON Schema (2020-12) of config.yaml, for editors: every
// key with its meaning, its type and its default. It is made from the types
// that are decoded, so that the two cannot differ.
func Schema() []byte {
	s := reflector().ReflectFromType(reflect.TypeFor[fileConfig]())
	s.Version = jsonschema.Version
	s.Title = "Broadsheet's config.yaml"
	s.Description = "What Broadsheet reads, files, publishes and mails. Every key may be left out."
	s.Required = nil
	addDefaults(s)
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // only types of this package are encoded; the test of the schema runs this
	}
	// The reflector escapes for HTML, which an editor would show.
	text = bytes.ReplaceAll(text, []byte(`\u003c`), []byte("<"))
	text = bytes.ReplaceAll(text, []byte(`\u003e`), []byte(">"))
	return append(text, '\n')
}

// reflected is the schema of a type inside another schema.
func reflected(t reflect.Type) *jsonschema.Schema {
	s := reflector().ReflectFromType(t)
	s.Version = ""
	return s
}

func reflector() *jsonschema.Reflector {
	return &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		Anonymous:                  true,
		DoNotReference:             true,
		ExpandedStruct:             true,
		RequiredFromJSONSchemaTags: true,
	}
}

// addDefaults writes the defaults into the schema: those of the file, and
// those of the entries of its lists.
func addDefaults(s *jsonschema.Schema) {
	setDefaults(s, toFile(Default()))
	for key, entry := range map[string]defaulter{"sources": &fileSource{}, "feeds": &fileFeed{}, "digests": &fileDigest{}} {
		entry.setDefaults()
		list, _ := s.Properties.Get(key)
		setDefaults(list.Items, entry)
	}
	themes, _ := s.Properties.Get("themes")
	setDefaults(themes.AdditionalProperties, fileTheme{Threshold: defaultThreshold})
}

func setDefaults(s *jsonschema.Schema, value any) {
	var n yaml.Node
	if err := n.Dump(value); err != nil {
		panic(err) // as in Schema
	}
	fillDefaults(s, &n)
}

// fillDefaults gives every key of a mapping that holds a plain value its
// default.
func fillDefaults(s *jsonschema.Schema, n *yaml.Node) {
	if n.Kind == yaml.DocumentNode {
		n = n.Content[0]
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		property, ok := s.Properties.Get(n.Content[i].Value)
		if !ok {
			continue
		}
		switch value := n.Content[i+1]; {
		case property.Properties != nil:
			fillDefaults(property, value)
		case value.Kind == yaml.ScalarNode && !slices.Contains(s.Required, n.Content[i].Value):
			var v any
			if err := value.Load(&v); err == nil && v != nil {
				property.Default = v
			}
		}
	}
}
