package config_test

import (
	"testing"
	"time"

	"broadsheet/internal/config"
)

// A relay that is known is used as its operators want it, unless the file says
// otherwise.
func TestPresets(t *testing.T) {
	for _, tt := range []struct {
		smtp        string
		connections int
		rate        float64
	}{
		{"host: smtp.office365.com", 3, 0.5},
		{"host: smtp.office365.com, connections: 5", 5, 0.5},
		{"host: smtp.office365.com, rate: 0", 3, 0},
		{"host: email-smtp.eu-west-1.amazonaws.com", 20, 0},
		{"host: mail.example.com", 8, 0},
		{"host: mail.example.com, connections: 2, rate: 7", 2, 7},
	} {
		cfg, err := config.Parse("config.yaml", []byte("mail: { transport: smtp, smtp: { "+tt.smtp+" } }\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if s := cfg.Mail.SMTP; s.Connections != tt.connections || s.Rate != tt.rate {
			t.Errorf("%s: %d connections, %v a second", tt.smtp, s.Connections, s.Rate)
		}
	}
}

func TestTheWarmUpBeginsAtMidnightOfTheSite(t *testing.T) {
	cfg, err := config.Parse("config.yaml", []byte("site: { timezone: Asia/Shanghai }\nmail: { warm_up: \"2026-12-01\" }\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC); !cfg.Deliver.WarmUp.Equal(want) {
		t.Errorf("it begins %v, want %v", cfg.Deliver.WarmUp, want)
	}
}
