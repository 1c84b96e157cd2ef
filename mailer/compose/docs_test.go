package compose_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"broadsheet/mailer/compose"
)

// fields adds the names of all fields that a template can reach from a type.
func fields(typ reflect.Type, names map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		fields(typ.Elem(), names)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			names[f.Name] = true
			fields(f.Type, names)
		}
	}
}

func TestTemplatesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	// Tables alone tell what a field is; the prose may name it too.
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`[^`\n]*`").FindAllString(string(data), -1) {
		for _, name := range regexp.MustCompile(`\.([A-Z][A-Za-z]*)`).FindAllStringSubmatch(m, -1) {
			told[name[1]] = true
		}
	}
	names := map[string]bool{}
	fields(reflect.TypeFor[compose.View](), names)
	for name := range names {
		if !told[name] {
			t.Errorf("docs/templates.md does not tell of .%s", name)
		}
	}
	for name := range told {
		if !names[name] {
			t.Errorf("docs/templates.md tells of .%s, which there is not", name)
		}
	}
	// One of many types may have a field of a name that another lacks a word on.
	for _, typ := range []reflect.Type{
		reflect.TypeFor[compose.View](), reflect.TypeFor[compose.HeadlineView](), reflect.TypeFor[compose.SectionView](), reflect.TypeFor[compose.ItemView](),
		reflect.TypeFor[compose.ChartView](), reflect.TypeFor[compose.ChartRowView](), reflect.TypeFor[compose.NoticeView](),
	} {
		heading := map[string]string{
			"View": "## What both", "HeadlineView": "### A headline", "SectionView": "### A section", "ItemView": "### An article",
			"ChartView": "### The chart", "ChartRowView": "### The chart", "NoticeView": "### A notice",
		}[typ.Name()]
		_, section, ok := strings.Cut(string(data), heading)
		if !ok {
			t.Fatalf("there is no %q", heading)
		}
		section, _, _ = strings.Cut(section, "\n##")
		for i := range typ.NumField() {
			if name := typ.Field(i).Name; !regexp.MustCompile("`[^`\n]*\\." + name + "\\b[^`\n]*`").MatchString(section) {
				t.Errorf("%q does not tell of .%s", heading, name)
			}
		}
	}
	for _, name := range compose.Functions() {
		if !regexp.MustCompile("(?m)^\\| `" + name + "[ `]").Match(data) {
			t.Errorf("docs/templates.md does not tell of the function %s", name)
		}
	}
}
