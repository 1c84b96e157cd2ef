package config_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml "go.yaml.in/yaml/v4"

	"broadsheet/internal/config"
)

const shipped = "../../config.yaml"

// The shipped configuration is the defaults and samples, nothing else: who
// takes the samples out has what an empty file gives.
func TestShippedConfigurationIsTheDefaultsAndSamples(t *testing.T) {
	cfg, err := config.Load(shipped)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range cfg.Sources {
		names = append(names, "source "+s.Name)
	}
	for _, s := range cfg.Themes {
		names = append(names, "theme "+s.ID)
	}
	for _, s := range cfg.Feeds {
		names = append(names, "feed "+s.Name)
	}
	for _, s := range cfg.Digests {
		names = append(names, "digest "+s.Name)
	}
	for _, s := range cfg.Places {
		names = append(names, "place "+s.Name)
	}
	want := []string{
		"source portal", "source harbour", "source markets",
		"theme finance", "theme industry", "theme infrastructure",
		"feed ports", "digest weekly", "place 江城", "place 鹤洲港",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	for _, s := range cfg.Sources {
		if !strings.HasPrefix(s.URL, "file:") {
			t.Errorf("the sample %s needs a network: %s", s.Name, s.URL)
		}
	}
	cfg.Sources, cfg.Themes, cfg.Feeds, cfg.Digests, cfg.Places = nil, nil, nil, nil, nil
	if diff := cmp.Diff(config.Default(), *cfg, same); diff != "" {
		t.Errorf("the rest (-default +shipped):\n%s", diff)
	}
}

// Of the entries of lists, too, the shipped values are the defaults.
func TestShippedEntriesHaveTheDefaults(t *testing.T) {
	const bare = `
themes: { a: { terms: [x] }, b: { terms: [y] }, c: { terms: [z] } }
sources: [{ name: portal, url: file:x }]
feeds: [{ name: ports, query: x }]
digests: [{ name: weekly, schedule: "0 8 * * MON" }]
`
	plain, err := config.Parse("config.yaml", []byte(bare), variables)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for i := range cfg.Themes {
		if got, want := cfg.Themes[i].Threshold, plain.Themes[i].Threshold; got != want {
			t.Errorf("threshold of %s = %v, the default is %v", cfg.Themes[i].ID, got, want)
		}
	}
	if got, want := cfg.Feeds[0].Limit, plain.Feeds[0].Limit; got != want {
		t.Errorf("limit = %d, the default is %d", got, want)
	}
	got, want := cfg.Digests[0], plain.Digests[0]
	got.Title, got.Themes, got.To = want.Title, want.Themes, want.To
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("digest (-default +shipped):\n%s", diff)
	}
	source, bareSource := cfg.Sources[0], plain.Sources[0]
	if source.Every != bareSource.Every || source.FullText != bareSource.FullText || source.Page != bareSource.Page || source.Match != nil {
		t.Errorf("source = %+v, the default is %+v", source, bareSource)
	}
}

func shippedTree(t *testing.T) (*yaml.Node, []string) {
	t.Helper()
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0], strings.Split(string(data), "\n")
}

// Keys are written as the schema writes them: lists are [], themes are .ID.
func keys(n *yaml.Node, path string, visit func(path string, key *yaml.Node)) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			keys(c, path+"[]", visit)
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			child := path + "." + n.Content[i].Value
			if path == ".themes" {
				child = path + ".ID"
			}
			visit(child, n.Content[i])
			keys(n.Content[i+1], child, visit)
		}
	}
}

func TestEveryShippedSettingHasItsComment(t *testing.T) {
	tree, lines := shippedTree(t)
	comment := regexp.MustCompile(`\S\s+# \S`)
	seen := map[string]bool{}
	keys(tree, "", func(path string, key *yaml.Node) {
		first := !seen[path]
		seen[path] = true
		switch path {
		case ".site", ".polling", ".mail", ".mail.smtp", ".admin", ".themes.ID.terms[].term", ".themes.ID.terms[].weight",
			".themes.ID.title.zh-Hans", ".themes.ID.title.en":
			return // blocks, and parts of a commented line
		}
		if first && !comment.MatchString(lines[key.Line-1]) {
			t.Errorf("config.yaml:%d: %s has no comment", key.Line, path)
		}
	})
}

func schema(t *testing.T) map[string]any {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(config.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// schemaKeys visits every key of the schema.
func schemaKeys(s map[string]any, path string, visit func(path string, key map[string]any)) {
	child := func(name string) (map[string]any, bool) { m, ok := s[name].(map[string]any); return m, ok }
	if props, ok := child("properties"); ok {
		for name, p := range props {
			visit(path+"."+name, p.(map[string]any))
			schemaKeys(p.(map[string]any), path+"."+name, visit)
		}
	}
	if items, ok := child("items"); ok {
		schemaKeys(items, path+"[]", visit)
	}
	if extra, ok := child("additionalProperties"); ok && extra["properties"] != nil {
		schemaKeys(extra, path+".ID", visit)
	}
	if forms, ok := s["oneOf"].([]any); ok {
		for _, form := range forms {
			schemaKeys(form.(map[string]any), path, visit)
		}
	}
}

func TestSchemaFileIsUpToDate(t *testing.T) {
	golden(t, "schema.json", config.Schema())
	_, lines := shippedTree(t)
	if want := "# yaml-language-server: $schema=internal/config/schema.json"; lines[0] != want {
		t.Errorf("the first line of config.yaml is %q, want %q", lines[0], want)
	}
}

func TestSchemaKnowsEveryKeyAndSaysWhatItMeans(t *testing.T) {
	known := map[string]bool{}
	schemaKeys(schema(t), "", func(path string, key map[string]any) {
		known[path] = true
		if text, ok := key["description"].(string); !ok || !strings.HasSuffix(text, ".") {
			t.Errorf("%s: the schema does not say what it means: %v", path, key["description"])
		}
		if key["type"] == nil && key["oneOf"] == nil {
			t.Errorf("%s has no type", path)
		}
		if key["type"] == "object" && key["additionalProperties"] == nil {
			t.Errorf("%s takes any key", path)
		}
	})
	used := map[string]bool{}
	tree, _ := shippedTree(t)
	keys(tree, "", func(path string, key *yaml.Node) {
		used[path] = true
		if !known[path] && path != ".themes.ID" && !strings.Contains(path, ".title.") {
			t.Errorf("config.yaml:%d: %s is not in the schema", key.Line, path)
		}
	})
	for path := range known {
		if !used[path] && !strings.HasPrefix(path, ".sources[].page.") && !strings.HasPrefix(path, ".mail.dkim[].") {
			t.Errorf("%s is not in config.yaml", path)
		}
	}
}

func TestSchemaSaysWhatConfigurationsMayHold(t *testing.T) {
	s := schema(t)
	at := func(path ...string) map[string]any {
		m := s
		for _, p := range path {
			next, ok := m[p].(map[string]any)
			if !ok {
				t.Fatalf("%v: there is no %s", path, p)
			}
			m = next
		}
		return m
	}
	transport := at("properties", "mail", "properties", "transport")
	if !cmp.Equal(transport["enum"], []any{"directory", "smtp"}) || transport["default"] != "directory" {
		t.Errorf("transport: %v", transport)
	}
	if url := at("properties", "site", "properties", "url"); url["format"] != "uri" {
		t.Errorf("site.url: %v", url)
	}
	source := at("properties", "sources", "items")
	required, ok := source["required"].([]any)
	if !ok || len(required) != 2 || !slices.Contains(required, any("name")) || !slices.Contains(required, any("url")) {
		t.Errorf("sources[]: required = %v", source["required"])
	}
	if source["additionalProperties"] != false {
		t.Error("sources[] takes any key")
	}
	every := at("properties", "polling", "properties", "every")
	pattern := regexp.MustCompile(every["pattern"].(string))
	for text, want := range map[string]bool{"1h30m": true, "7d": true, "0s": true, "${EVERY}": true, "60": false, "hourly": false} {
		if got := pattern.MatchString(text); got != want {
			t.Errorf("the schema's pattern of durations matches %q: %v, want %v", text, got, want)
		}
	}
}
