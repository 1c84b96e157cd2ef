package syndicate

import (
	"net/url"
	"strings"
)

// A Place is a place that articles name, with a page and a feed of its own.
type Place struct {
	Name    string  // what its addresses and lists call it, unique: 武汉, 硚口区, 南京鼓楼区
	English string  // "" when it has no English name
	In      []Place // what it lies in, the nearest first; without In themselves
	Query   Query   // the articles that name it, or a place in it
}

// PlacePrefix begins the name of every feed of a place.
const PlacePrefix = "place-"

// Title returns the name of p for readers of a language.
func (p Place) Title(lang string) string {
	if p.English != "" && !strings.HasPrefix(Fold(lang), "zh") {
		return p.English
	}
	return p.Name
}

// FeedName returns the name of the feed of p.
func (p Place) FeedName() string { return PlacePrefix + p.Name }

// Path returns the path of the page of p.
func (p Place) Path() string { return "/places/" + url.PathEscape(p.Name) }
