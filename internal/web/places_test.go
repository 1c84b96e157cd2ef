package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/web"
	"broadsheet/syndicate"
)

// An atlas knows three places: a district, its city and its province.
type atlas struct{}

func (atlas) Place(name string, near []string) (syndicate.Place, bool) {
	of := func(name, english, official string) syndicate.Place {
		return syndicate.Place{Name: name, English: english, Query: syndicate.Query{
			Text: "place:" + official, Root: syndicate.Field{Name: "place", Value: official},
		}}
	}
	hubei, wuhan, district := of("湖北", "Hubei", "湖北省"), of("武汉", "Wuhan", "武汉市"), of("青山区", "", "青山区")
	switch name {
	case "湖北":
		return hubei, true
	case "武汉", "武汉市", "Wuhan":
		wuhan.In = []syndicate.Place{hubei}
		return wuhan, true
	case "武汉青山区":
		district.Name, district.In = "武汉青山区", []syndicate.Place{wuhan, hubei}
		return district, true
	case "青山区":
		if strings.Contains(strings.Join(near, " "), "武汉市") {
			return atlas{}.Place("武汉青山区", nil)
		}
		return district, true
	}
	return syndicate.Place{}, false
}

// placed serves an article that names a district of Wuhan.
func placed(t *testing.T) (http.Handler, syndicate.Article) {
	t.Helper()
	p := sample()
	a := p.articles[0]
	a.Places, a.Within = []string{"青山区", "鹤洲"}, []string{"武汉市", "Wuhan", "湖北省", "Hubei"}
	p.articles = []syndicate.Article{a, p.articles[1]}
	feeds := publisher(p)
	feeds.Places = atlas{}
	return handlerOf(t, site(), web.Parts{
		Articles: p, Feeds: feeds, Editions: p, Places: atlas{}, Now: func() time.Time { return now },
	}), a
}

func TestPlacePages(t *testing.T) {
	h, a := placed(t)
	for _, name := range []string{"武汉青山区", "武汉", "湖北"} {
		for _, lang := range []string{"zh-Hans", "en"} {
			target := "/places/" + url.PathEscape(name)
			w := ask(h, target, "Cookie: lang="+lang)
			if w.Code != http.StatusOK {
				t.Fatalf("%s answers %d", name, w.Code)
			}
			page := w.Body.String()
			sound(t, page, lang)
			if !strings.Contains(page, "/articles/"+a.Key) {
				t.Errorf("the page of %s does not have the article", name)
			}
			if feed := "/feeds/place-" + url.PathEscape(name) + ".atom"; strings.Count(page, feed) != 2 {
				t.Errorf("the page of %s names its feed %s %d times, want once for people and once for readers", name, feed, strings.Count(page, feed))
			}
		}
	}
	page := ask(h, "/places/"+url.PathEscape("武汉青山区"), "Cookie: lang=en").Body.String()
	for _, want := range []string{">Wuhan</a>", ">Hubei</a>", "<h1>武汉青山区</h1>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

func TestPlacesByOtherNames(t *testing.T) {
	h, _ := placed(t)
	w := ask(h, "/places/Wuhan?lang=en&page=2")
	if want := "/places/" + url.PathEscape("武汉") + "?lang=en&page=2"; w.Code != http.StatusFound || w.Header().Get("Location") != want {
		t.Errorf("another name answers %d, %s; want %s", w.Code, w.Header().Get("Location"), want)
	}
	for _, target := range []string{
		"/places/Nowhere", "/places/", "/places/%FF", "/places/" + url.PathEscape("武汉") + "?page=0", "/places/" + url.PathEscape("武汉") + "/x",
		"/feeds/place-Nowhere.rss", "/feeds/place-.rss", "/feeds/place-Nowhere.style.css",
	} {
		if w := ask(h, target); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", target, w.Code)
		}
	}
	// Without a gazetteer there are no places, and nothing breaks.
	if w := ask(handler(t, sample()), "/places/Wuhan"); w.Code != http.StatusNotFound {
		t.Errorf("without places: %d", w.Code)
	}
}

func TestPlaceFeeds(t *testing.T) {
	h, a := placed(t)
	for _, format := range []string{"rss", "atom", "json"} {
		own := ask(h, "/feeds/place-"+url.PathEscape("武汉")+"."+format)
		if own.Code != http.StatusOK || !strings.Contains(own.Body.String(), a.Key) {
			t.Errorf("%s answers %d, without the article: %.300s", format, own.Code, own.Body)
		}
		if self := "https://paper.example/feeds/place-" + url.PathEscape("武汉") + "." + format; !strings.Contains(own.Body.String(), self) {
			t.Errorf("%s does not name itself %s", format, self)
		}
		if other := ask(h, "/feeds/place-Wuhan."+format); other.Body.String() != own.Body.String() {
			t.Errorf("%s by another name is another feed", format)
		}
	}
	style := ask(h, "/feeds/place-"+url.PathEscape("武汉")+".style.css")
	if page := "https://paper.example/places/" + url.PathEscape("武汉"); style.Code != http.StatusOK || !strings.Contains(style.Body.String(), page) {
		t.Errorf("the style sheet answers %d and does not lead to %s", style.Code, page)
	}
}

func TestArticlesLeadToTheirPlaces(t *testing.T) {
	h, a := placed(t)
	page := ask(h, "/articles/"+a.Key).Body.String()
	if want := `<a href="/places/` + url.PathEscape("武汉青山区") + `">青山区</a>`; !strings.Contains(page, want) {
		t.Errorf("the article does not have %s", want)
	}
	if strings.Contains(page, url.PathEscape("鹤洲")) || !strings.Contains(page, "鹤洲") {
		t.Error("a place without a page is not shown as text alone")
	}
}
