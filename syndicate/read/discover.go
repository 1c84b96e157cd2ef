package read

import (
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// maxDiscovered is how many feeds of a page are named at most.
const maxDiscovered = 20

// feedTypes are the media types of feeds.
var feedTypes = nameSet("", "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/x-rss+xml", "text/rss+xml", "text/atom+xml")

// feedPath is the path of an address that is a feed's on most sites.
var feedPath = regexp.MustCompile(`(?i)(?:^|/)(?:feeds?|rss2?|atom|rdf)(?:\.(?:xml|php|aspx?|json|rdf))?/?$|/(?:feed|rss|atom|index|news|all)\.(?:xml|rss|atom|rdf)$|/feed\.json$|\.(?:rss|atom)$|/(?:feed|rss)/[\w-]+/?$`)

// feedWord is the text of a link that leads to a feed.
var feedWord = regexp.MustCompile(`(?i)\b(?:rss|atom|json) ?(?:feed|2\.0)?\b|rss\s*订阅`)

// Discover returns the feeds that a web page names, the likeliest first: those
// of its link elements (Rel "alternate"), in the order of the page but those
// of comments last, then links to addresses that look like a feed's (Rel "").
// Addresses are absolute, and http or https. The body is in the charset that
// it or contentType says; what is no HTML names nothing.
func Discover(body []byte, contentType, baseURL string) []Link {
	if mediaType, _, err := mime.ParseMediaType(contentType); err == nil && mediaType != "" && !strings.Contains(mediaType, "html") && !strings.Contains(mediaType, "xml") && mediaType != "text/plain" && mediaType != "application/octet-stream" {
		return nil
	}
	in := Input{Body: body, ContentType: contentType, URL: baseURL}.withDefaults()
	p, err := parsePage(in)
	if err != nil {
		return nil
	}
	return discover(p.root, p.base)
}

// discover is Discover for a page that is parsed.
func discover(root *html.Node, base *url.URL) []Link {
	var named, comments, guessed []Link
	seen := map[string]bool{}
	take := func(list *[]Link, l Link) {
		if webAddress(l.Href) && !seen[l.Href] && len(*list) < maxDiscovered {
			seen[l.Href] = true
			*list = append(*list, l)
		}
	}
	walk(root, func(n *html.Node) bool {
		switch n.Data {
		case "link":
			l, ok := alternate(n, base)
			if !ok {
				break
			}
			if strings.Contains(l.Href, "/comments/") || strings.Contains(strings.ToLower(l.Title), "comment") || strings.Contains(l.Title, "评论") {
				take(&comments, l)
			} else {
				take(&named, l)
			}
		case "a":
			href := absolute(base, attrOf(n, "href"))
			if u, err := url.Parse(href); err == nil && href != "" && (feedPath.MatchString(u.Path) || feedWord.MatchString(textOf(n, 60)) && u.Path != "" && displayWidth(textOf(n, 60)) <= 20) {
				take(&guessed, Link{Href: href, Title: firstOf(textOf(n, 100), squeeze(attrOf(n, "title")))})
			}
		}
		return true
	})
	all := append(append(named, comments...), guessed...)
	return all[:min(len(all), maxDiscovered)]
}

// alternate reads a link element that names a feed.
func alternate(n *html.Node, base *url.URL) (Link, bool) {
	rel := " " + strings.ToLower(strings.Join(strings.Fields(attrOf(n, "rel")), " ")) + " "
	if !strings.Contains(rel, " alternate ") && !strings.Contains(rel, " feed ") || strings.Contains(rel, " stylesheet ") {
		return Link{}, false
	}
	typ, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(attrOf(n, "type"))), ";")
	typ = strings.TrimSpace(typ)
	href := absolute(base, attrOf(n, "href"))
	switch {
	case inSet(feedTypes, typ), strings.Contains(rel, " feed "):
	case typ == "application/json" && strings.Contains(strings.ToLower(href+attrOf(n, "title")), "feed") && !strings.Contains(href, "/wp-json/"):
	case (typ == "text/xml" || typ == "application/xml") && !hasAttr(n, "hreflang"):
	default:
		return Link{}, false
	}
	return Link{Rel: "alternate", Href: href, Type: typ, Hreflang: attrOf(n, "hreflang"), Title: squeeze(attrOf(n, "title"))}, href != ""
}

// notFeedButPage is notFeed for web pages: many name their feed.
func notFeedButPage(text []byte, in Input) error {
	what := "not a feed: this is an HTML page"
	if title := pageTitle(text); title != "" {
		what += fmt.Sprintf(" with the title %q", title)
	}
	root, _ := parseHTML(text[:min(len(text), maxPage)])
	base := documentBase(in)
	if n := firstElementNamed(root, "base"); n != nil && attrOf(n, "href") != "" {
		base = resolveBase(base, attrOf(n, "href"))
	}
	feeds := discover(root, base)
	switch {
	case len(feeds) == 0:
		return fmt.Errorf("%s; use the address of its feed, or kind: page", what)
	case feeds[0].Rel == "":
		return fmt.Errorf("%s; it links to %s, which looks like a feed; try that, or kind: page", what, feeds[0].Href)
	case len(feeds) == 1 || feeds[1].Rel == "":
		return fmt.Errorf("%s; it names the feed %s; use that", what, feeds[0].Href)
	}
	var others []string
	for _, f := range feeds[1:] {
		if f.Rel != "" && len(others) < 3 {
			others = append(others, f.Href)
		}
	}
	return fmt.Errorf("%s; it names the feed %s; use that, or %s", what, feeds[0].Href, strings.Join(others, " or "))
}
