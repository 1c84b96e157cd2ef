package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/store"
	"broadsheet/internal/store/pgtest"
	"broadsheet/mailer"
)

// A copy has everything there was, while others write, and is for one user.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Config{Database: "sqlite:" + filepath.Join(dir, "p.db")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	add := func(to string) {
		t.Helper()
		_, err := s.SaveSubscribers(t.Context(), []mailer.Subscriber{{Email: to, Status: mailer.Active, Digests: []string{"d"}}}, false)
		if err != nil {
			t.Fatal(err)
		}
	}
	add("a@example.com")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // somebody who writes all the time
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := s.Setting(context.Background(), time.Now().String(), func() string { return "x" }); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	file := filepath.Join(dir, "copy.db")
	err = s.Backup(t.Context(), file)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	add("b@example.com")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if size, err := s.Size(t.Context()); err != nil || size < info.Size()/2 {
		t.Errorf("size %d of a copy of %d, %v", size, info.Size(), err)
	}
	c, err := store.Open(t.Context(), store.Config{Database: "sqlite:" + file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if subs, err := c.Subscribers(t.Context(), store.SubscriberFilter{}); err != nil || len(subs) != 1 || subs[0].Email != "a@example.com" {
		t.Errorf("the copy has %+v, %v", subs, err)
	}
	if err := s.Backup(t.Context(), file); err == nil || !strings.Contains(err.Error(), "exists; name a file that does not") {
		t.Errorf("over another file: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "none", "copy.db")); err == nil {
		t.Error("into no folder: no error")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	half := filepath.Join(dir, "half.db")
	if err := s.Backup(ended, half); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left of it: %v", err)
	}
}

func TestBackupOfPostgres(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{Database: pgtest.URL(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); !errors.Is(err, store.ErrNoBackup) {
		t.Errorf("error %v", err)
	}
	if size, err := s.Size(t.Context()); size != 0 || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
}
