package doctor_test

import (
	"net/netip"
	"strings"
	"testing"

	"broadsheet/mailer/doctor"
	"broadsheet/mailer/doctor/dnstest"
)

var (
	four = netip.MustParseAddr("192.0.2.3")
	six  = netip.MustParseAddr("2001:db8::cb01")
)

// TestMacros has the examples of RFC 7208, section 7.4, and more: the sender is
// strong-bad@email.example.com.
func TestMacros(t *testing.T) {
	for _, tt := range []struct {
		spec string
		ip   netip.Addr
		want string
	}{
		{"%{s}", four, "strong-bad@email.example.com"},
		{"%{o}", four, "email.example.com"},
		{"%{d}", four, "email.example.com"},
		{"%{d4}", four, "email.example.com"},
		{"%{d3}", four, "email.example.com"},
		{"%{d2}", four, "example.com"},
		{"%{d1}", four, "com"},
		{"%{dr}", four, "com.example.email"},
		{"%{d2r}", four, "example.email"},
		{"%{l}", four, "strong-bad"},
		{"%{l-}", four, "strong.bad"},
		{"%{lr}", four, "strong-bad"},
		{"%{lr-}", four, "bad.strong"},
		{"%{l1r-}", four, "strong"},
		{"%{ir}.%{v}._spf.%{d2}", four, "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", four, "bad.strong.lp._spf.example.com"},
		{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", four, "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", four, "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", four, "example.com.trusted-domains.example.net"},
		{"%{ir}.%{v}._spf.%{d2}", six, "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"},

		{"%{i}.x", four, "192.0.2.3.x"},
		{"%{p}", four, "unknown"},
		{"a%%b%_c%-d", four, "a%b c%20d"},
		{"%{S}.x", four, "strong-bad%40email.example.com.x"},
		{"%{D1R}", four, "email"},
		{"%{d100}", four, "email.example.com"},
		{"%{s+,/_=-@}", four, "macro"},
		{strings.Repeat("%{d}.", 20), four, strings.TrimSuffix(strings.Repeat("email.example.com.", 14), ".")},
		{"%{h}.x", four, "not known"},
		{"%{i}.x", netip.Addr{}, "not known"},
		{"%{v}.x", netip.Addr{}, "not known"},
		{"%{d0}", four, "macro"},
		{"%{c}", four, "macro"},
		{"%{}", four, "macro"},
		{"%{d", four, "macro"},
		{"%{dx}", four, "macro"},
		{"%{d2rr}", four, "macro"},
		{"%d", four, "macro"},
		{"50%", four, "macro"},
	} {
		name, known, err := doctor.ExpandSPF(tt.spec, "strong-bad", "email.example.com", tt.ip)
		switch {
		case err != nil:
			if !strings.Contains(err.Error(), "macro") {
				t.Errorf("%s: error %v", tt.spec, err)
			}
			name = "macro"
		case !known:
			name = "not known"
		}
		if name != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.spec, tt.ip, name, tt.want)
		}
	}
}

// TestRecordsWithMacros checks whole records, and the limits of RFC 7208,
// section 4.6.4.
func TestRecordsWithMacros(t *testing.T) {
	dns := dnstest.Serve(t, dnstest.Zone{
		"3.2.0.192.in-addr._spf.example.com":                    {"A 127.0.0.2"},
		"only.six.example.com":                                  {"AAAA ::1"},
		"example.com._allow.example.net":                        {"TXT v=spf1 exists:%{ir}.%{v}._spf.%{d5} -all", "A 192.0.2.3"},
		"3.2.0.192.in-addr._spf.example.com._allow.example.net": {"A 127.0.0.2"},
		"email.example.com":                                     {"A 192.0.2.3"},
		"loop.email.example.com":                                {"TXT v=spf1 redirect=loop.%{o}"},
		"many.example.com": {
			"MX a.example.com", "MX b.example.com", "MX c.example.com", "MX d.example.com", "MX e.example.com", "MX f.example.com",
			"MX g.example.com", "MX h.example.com", "MX i.example.com", "MX j.example.com", "MX k.example.com",
		},
	})
	const pass, fail = "ok: email.example.com allows 192.0.2.3 to send for it", "warning: email.example.com does not allow 192.0.2.3 (fail)"
	for record, want := range map[string]string{
		"v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all":                    pass,
		"v=spf1 exists:%{i}._spf.%{d2} -all":                          fail,
		"v=spf1 exists:only.six.%{d2} -all":                           fail, // exists asks for A alone
		"v=spf1 -exists:%{ir}.%{v}._spf.%{d2} +ip4:192.0.2.3 -all":    fail,
		"v=spf1 include:%{d2}._allow.example.net -all":                pass,
		"v=spf1 redirect=%{d2}._allow.example.net":                    pass,
		"v=spf1 a:%{o} -all":                                          pass,
		"v=spf1 a:%{o/}/28 -all":                                      pass,
		"v=spf1 exists:%{h}.example.com a -all":                       pass, // what cannot be known matches nothing
		"v=spf1 exists:%{x}.example.com -all":                         "fault: email.example.com: its SPF record has the macro %{x}, which there is not",
		"v=spf1 a:no1.%{d} mx:no2.%{d} a -all":                        pass,
		"v=spf1 a:no1.%{d} mx:no2.%{d} exists:no3.%{d} a -all":        "fault: email.example.com: its SPF record asks the DNS more than 2 times for what there is not (at no3.email.example.com), and receivers give up",
		"v=spf1 redirect=loop.%{o}":                                   "fault: email.example.com: its SPF record asks the DNS more than 10 times (at redirect=loop.%{o}), and receivers give up",
		"v=spf1 mx:many.example.com -all":                             "fault: email.example.com: its SPF record has mx:many.example.com with more than 10 servers, and receivers give up",
		"v=spf1" + strings.Repeat(" exists:%{ir}.%{v}.x.%{d}", 11):    "fault: email.example.com: its SPF record asks the DNS more than 2 times",
		"v=spf1" + strings.Repeat(" -exists:%{h}.%{d}", 11) + " +all": "fault: email.example.com: its SPF record asks the DNS more than 10 times",
	} {
		d := &doctor.Doctor{Resolver: dns.Resolver()}
		if got := of(d.JudgeSPF(t.Context(), "strong-bad@email.example.com", record, four), "spf"); !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n got  %s\n want %s", record, got, want)
		}
	}
}
