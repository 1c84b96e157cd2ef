package syndicate_test

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"broadsheet/syndicate"
)

// TestIDs holds the test vectors of docs/feeds.md. They never change: readers
// know articles by their ids.
func TestIDs(t *testing.T) {
	for _, tt := range []struct{ name, source, url, identity, want string }{
		{"a guid", "harbour", "https://harbour.example/feed.xml", "urn:x:1", "tag:harbour.example,2026:47dd05b7eaf092a35a83036028228952"},
		{"another address of the same host", "harbour", "http://Harbour.example.:8080/rss?x=1", "urn:x:1", "tag:harbour.example,2026:47dd05b7eaf092a35a83036028228952"},
		{"another source of the same host", "harbour-en", "https://harbour.example/en.xml", "urn:x:1", "tag:harbour.example,2026:2e4f681c17c3743449118839584f7019"},
		{"an address for want of a guid", "harbour", "https://harbour.example/feed.xml", "link\x00https://harbour.example/2", "tag:harbour.example,2026:6f7c6d4b7259e649112fc36cf99cf9c4"},
		{"a guid in Chinese", "gang", "https://港口.example/", "新闻-1", "tag:xn--6orv52d.example,2026:7027b7a0b592f05cbd126c7fbb54b351"},
		{"a file", "park", "file:///srv/list.txt", "新闻-1", "tag:localhost,2026:373e88d64405e773d6759e2c2a636a9a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := syndicate.NewID(tt.url, syndicate.NewKey(tt.source, tt.identity)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// tagURI is the grammar of RFC 4151, section 2.1, as far as our ids use it.
var tagURI = regexp.MustCompile(`^tag:[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*,2026:[0-9a-f]{32}$`)

func FuzzIDsAreTags(f *testing.F) {
	for _, address := range []string{
		"https://harbour.example/", "https://[2001:db8::1]:80/", "http://127.0.0.1:8080/", "http://港口.例子/新闻", "HTTPS://BÜCHER.example",
		"http://under_score.example/", "http://-x-.example", "http://..", "file:/x", "::", "", "http://a%20b/", "http://𠮷野家.example/", "http://xn--6orv52d.example",
	} {
		f.Add(address)
	}
	key := syndicate.NewKey("harbour", "1")
	f.Fuzz(func(t *testing.T, address string) {
		if id := syndicate.NewID(address, key); !tagURI.MatchString(id) {
			t.Errorf("%q: %s is no tag", address, id)
		}
	})
}

// TestHostsOfIDs holds names beyond ASCII to another implementation of RFC 3492.
func TestHostsOfIDs(t *testing.T) {
	for _, host := range []string{
		"港口.example", "江城产经.例子", "bücher.example", "a港b口c.example", "他们为什么不说中文.example", "𠮷野家.example",
		"почемужеонинеговорятпорусски.example", "3年b組金八先生.example", "ひとつ屋根の下2.example", "üü-ü.example",
	} {
		want, err := idna.Punycode.ToASCII(host)
		if err != nil {
			t.Fatal(err)
		}
		id := syndicate.NewID("https://"+host+"/", "k")
		if got, _, _ := strings.Cut(strings.TrimPrefix(id, "tag:"), ","); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
