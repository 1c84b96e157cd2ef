package storetest

import (
	"fmt"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/syndicate"
)

var servedTests = map[string]func(*testing.T, *store.Store){
	"the last one counts": servedLast,
	"many at once":        servedMany,
	"the old is forgotten": func(t *testing.T, s *store.Store) {
		s.Now = func() time.Time { return noon }
		must(t, s.SaveServed(t.Context(), []syndicate.Served{{Feed: "old", ETag: "a", Modified: noon}}))
		s.Now = func() time.Time { return noon.Add(100 * 24 * time.Hour) }
		must(t, s.SaveServed(t.Context(), []syndicate.Served{{Feed: "new", ETag: "b", Modified: noon}}))
		wantServed(t, s, "old", syndicate.Served{})
		wantServed(t, s, "new", syndicate.Served{Feed: "new", ETag: "b", Modified: noon})
	},
}

func wantServed(t *testing.T, s *store.Store, feed string, want syndicate.Served) {
	t.Helper()
	got, err := s.LastServed(t.Context(), feed)
	must(t, err)
	if got != want {
		t.Errorf("%s: %+v, want %+v", feed, got, want)
	}
}

func servedLast(t *testing.T, s *store.Store) {
	wantServed(t, s, "a", syndicate.Served{})
	one := syndicate.Served{Feed: "a", ETag: `"1"`, Modified: noon}
	two := syndicate.Served{Feed: "a", ETag: `"2"`, Modified: noon.Add(time.Second)}
	for _, f := range []syndicate.Served{one, two, one} { // the last one is another process's, which is late
		must(t, s.SaveServed(t.Context(), []syndicate.Served{f}))
	}
	wantServed(t, s, "a", two)
}

func servedMany(t *testing.T, s *store.Store) {
	fs := make([]syndicate.Served, 1234)
	for i := range fs {
		fs[i] = syndicate.Served{Feed: fmt.Sprint(i), ETag: "x", Modified: noon.Add(time.Duration(i) * time.Second)}
	}
	must(t, s.SaveServed(t.Context(), fs))
	wantServed(t, s, "1233", fs[1233])
	must(t, s.SaveServed(t.Context(), nil))
}
