package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/syndicate"
)

func TestBold(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string
	}{
		{"江城港三号泊位", "江城港三号[泊位]"},
		{"銀行與PORT", "[銀行]與[PORT]"},
		{"nothing", "nothing"},
	} {
		got := strings.NewReplacer("\x1b[1m", "[", "\x1b[22m", "]").Replace(bold(tt.text, []string{"泊位", "银行", "port"}))
		if got != tt.want {
			t.Errorf("%s is %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestBoldOnTerminalsOnly(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if words := (&command{out: file}).boldWords("港口"); words != nil {
		t.Errorf("a file gets %q in bold", words)
	}
	if words := (&command{out: &strings.Builder{}}).boldWords("港口"); words != nil {
		t.Errorf("a pipe gets %q in bold", words)
	}
	if words := (&command{out: device}).boldWords("港口 -贷款"); len(words) != 1 || words[0] != "港口" {
		t.Errorf("a device gets %q in bold", words)
	}
	t.Setenv("NO_COLOR", "1")
	if words := (&command{out: device}).boldWords("港口"); words != nil {
		t.Errorf("NO_COLOR gets %q in bold", words)
	}
}

func TestFoundLine(t *testing.T) {
	page := make([]syndicate.Article, 2)
	for _, tt := range []struct {
		found syndicate.Found
		want  string
	}{
		{syndicate.Found{}, "0 articles"},
		{syndicate.Found{Articles: page, Total: 2}, "2 articles"},
		{syndicate.Found{Articles: page, Total: 7}, "2 of 7 articles; --limit shows more"},
		{syndicate.Found{Articles: page, Total: 1000, More: true}, "2 of at least 1000 articles; --limit shows more"},
		{syndicate.Found{Articles: page, Total: 2, More: true}, "2 of at least 2 articles; --limit shows more"},
	} {
		if got := foundLine(tt.found); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.found, got, tt.want)
		}
	}
}
