package doctor_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"broadsheet/mailer/doctor"
)

// An echo is a DNS whose every answer is the record that is being checked.
type echo struct{ record string }

func (e echo) LookupTXT(context.Context, string) ([]string, error) { return []string{e.record}, nil }

func (e echo) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("2001:db8::9")}, nil
}

func (e echo) LookupAddr(context.Context, string) ([]string, error) { return nil, nil }

func (e echo) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mx.test."}}, nil
}

// FuzzSPF checks by records as anybody may write them.
func FuzzSPF(f *testing.F) {
	for _, s := range []string{
		"v=spf1 -all", "v=spf1 a/24//64 mx/8 -all", "v=spf1 include:x redirect=y", "v=spf1 ip4:1.2.3.4/33 ip6:::/0 ~all", "v=spf1 exists:%{i}.x ptr +all",
		"v=spf1 - + ~ ? : / // =", "v=spf1 a:/ a:b/-1 mx:///", "v=spf1 redirect=", "v=spf1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, record string) {
		if fields := strings.Fields(record); len(fields) == 0 {
			return // no such record is found
		}
		for _, ip := range []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), {}} {
			d := &doctor.Doctor{Resolver: echo{record}}
			fs := d.JudgeSPF(t.Context(), "bounce@paper.test", record, ip)
			if len(fs) != 1 || fs[0].Check != "spf" || fs[0].Text == "" {
				t.Errorf("%q: %+v", record, fs)
			}
		}
	})
}
