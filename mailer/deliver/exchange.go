package deliver

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// A Resolver asks the DNS who takes the mail of a domain; *net.Resolver does.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// exchangers are the owners of mail servers that take mail for other people's
// domains, with the provider that counts it as its own.
var exchangers = map[string]string{
	"google.com": "gmail.com", "googlemail.com": "gmail.com",
	"outlook.com": "outlook.com", "mx.microsoft": "outlook.com",
	"yahoodns.net": "yahoo.com",
	"icloud.com":   "icloud.com",
	"qq.com":       "qq.com", // Tencent's for companies, too
	"netease.com":  "163.com", "163.com": "163.com",
	"aliyun.com": "aliyun.com", "mxhichina.com": "aliyun.com",
	"sina.com.cn": "sina.com", "sina.net": "sina.com",
	"mail.ru":       "mail.ru",
	"yandex.net":    "yandex.ru",
	"yandex.ru":     "yandex.ru",
	"protonmail.ch": "proton.me",
	"zoho.com":      "zoho.com",
}

const (
	mxFor     = time.Hour        // that an answer counts
	mxAgain   = 10 * time.Minute // that a failure does
	mxTimeout = 10 * time.Second
	mxAtOnce  = 8      // questions
	mxMost    = 20_000 // answers, then all are forgotten
)

// An exchange is who takes the mail of a domain, as far as known.
type exchange struct {
	group string // "" while the question is open
	until time.Time
}

// exchangeOf returns who takes the mail of a domain that is none of the large
// providers', and the domain itself as long as that is not known. It does not
// wait: who is not known is asked for in the background. The caller holds mu.
func (p *Pacer) exchangeOf(domain string, now time.Time) string {
	if _, large := providers[domain]; large || p.Resolver == nil || reserved(domain) {
		return domain
	}
	x, known := p.exchanges[domain]
	switch {
	case known && x.group == "":
		return domain
	case known && now.Before(x.until):
		return x.group
	case p.asking >= mxAtOnce:
	default:
		if p.exchanges == nil || len(p.exchanges) >= mxMost {
			p.exchanges = map[string]exchange{}
		}
		p.exchanges[domain] = exchange{}
		p.asking++
		go p.ask(domain, now)
	}
	if known {
		return x.group
	}
	return domain
}

// ask finds out who takes the mail of a domain. What the domain has come to be
// told holds for its whole group from then on.
func (p *Pacer) ask(domain string, now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), mxTimeout)
	defer cancel()
	servers, err := p.Resolver.LookupMX(ctx, domain+".")
	x := exchange{group: domain, until: now.Add(mxFor)}
	if err != nil {
		x.until = now.Add(mxAgain)
	}
	if len(servers) > 0 {
		first := slices.MinFunc(servers, func(a, b *net.MX) int { return int(a.Pref) - int(b.Pref) })
		if host := strings.Trim(strings.ToLower(first.Host), "."); host != "" {
			x.group = ownerOf(host)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking--
	p.exchanges[domain] = x
	if l := p.lanes[domain]; l != nil && x.group != domain {
		if group := p.lanes[x.group]; group != nil {
			p.lanes[domain] = group
		} else {
			p.lanes[x.group] = l
		}
	}
}

// ownerOf returns the provider whose server a host is: one that is known, or
// the domain that the host belongs to.
func ownerOf(host string) string {
	labels := strings.Split(host, ".")
	n := min(2, len(labels))
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && len(labels[len(labels)-2]) <= 3 { // as in example.co.uk
		n = 3
	}
	owner := strings.Join(labels[len(labels)-n:], ".")
	if name, ok := exchangers[owner]; ok {
		return name
	}
	return Destination(owner)
}

// reserved reports whether a domain is one that nobody has (RFC 2606, RFC
// 6761), or none at all.
func reserved(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	switch last {
	case "test", "example", "invalid", "localhost", "local", domain:
		return true
	}
	return domain == "example.com" || domain == "example.net" || domain == "example.org" || strings.HasPrefix(domain, "[")
}
