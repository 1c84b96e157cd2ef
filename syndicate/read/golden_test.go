package read_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"broadsheet/syndicate"
	"broadsheet/syndicate/read"
)

var update = flag.Bool("update", false, "write what is read to the golden files")

// shanghai is the zone of the sample sources.
func shanghai(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for dir, kind := range map[string]syndicate.Kind{"feeds": syndicate.KindFeed, "listings": syndicate.KindListing} {
		readGolden(t, dir, read.Input{Kind: kind, Location: shanghai(t), URL: "https://news.example/feeds/main.xml"})
	}
}

// readGolden reads each sample of a folder as the body of in, and compares what
// is read with its golden file.
func readGolden(t *testing.T, dir string, in read.Input) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in %s: %v", dir, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := in
			in.Body = body
			res, err := read.Read(context.Background(), in)
			compare(t, file+".golden", printed(t, read.NewOutput(in, res, err)))
		})
	}
}

// printed returns an output as the command prints it, indented.
func printed(t *testing.T, out read.Output) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
