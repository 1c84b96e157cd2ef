package deliver

import "strings"

// providers are the large mailbox providers with the domains whose mail they
// take: each counts what comes to all of its domains together.
var providers = map[string][]string{
	"gmail.com":   {"gmail.com", "googlemail.com"},
	"outlook.com": {"outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "windowslive.com"},
	"yahoo.com":   {"yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aim.com", "verizon.net", "netscape.net", "att.net", "sbcglobal.net", "bellsouth.net"},
	"icloud.com":  {"icloud.com", "me.com", "mac.com"},
	"qq.com":      {"qq.com", "foxmail.com", "vip.qq.com"},
	"163.com":     {"163.com", "126.com", "yeah.net", "188.com", "vip.163.com", "vip.126.com"},
	"sina.com":    {"sina.com", "sina.cn", "vip.sina.com"},
	"sohu.com":    {"sohu.com", "vip.sohu.com"},
	"aliyun.com":  {"aliyun.com", "alimail.com"},
	"139.com":     {"139.com"},
	"gmx.net":     {"gmx.net", "gmx.de", "gmx.com", "gmx.at", "gmx.ch", "web.de", "mail.com"},
	"mail.ru":     {"mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"},
	"yandex.ru":   {"yandex.ru", "yandex.com", "ya.ru", "yandex.kz", "yandex.by", "narod.ru"},
	"proton.me":   {"proton.me", "protonmail.com", "protonmail.ch", "pm.me"},
	"comcast.net": {"comcast.net"},
	"orange.fr":   {"orange.fr", "wanadoo.fr"},
	"naver.com":   {"naver.com"},
}

// byDomain is providers the other way round.
var byDomain = func() map[string]string {
	m := map[string]string{}
	for name, domains := range providers {
		for _, d := range domains {
			m[d] = name
		}
	}
	return m
}()

// families are providers with the same name under many countries' domains,
// such as hotmail.co.uk and yahoo.com.hk.
var families = map[string]string{"hotmail": "outlook.com", "outlook": "outlook.com", "live": "outlook.com", "yahoo": "yahoo.com"}

// Destination returns the mailbox provider that takes the mail of a domain, by
// the name of its best known domain, or the domain itself when it is none of
// the large ones. It may be given as an address without a name.
func Destination(domain string) string {
	domain = domain[strings.LastIndexByte(domain, '@')+1:]
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	if name, ok := byDomain[domain]; ok {
		return name
	}
	first, rest, _ := strings.Cut(domain, ".")
	if name, ok := families[first]; ok && country(rest) {
		return name
	}
	return domain
}

// country reports whether a suffix is a country's, such as de, co.jp and
// com.hk.
func country(suffix string) bool {
	first, rest, two := strings.Cut(suffix, ".")
	if two {
		return len(rest) == 2 && (first == "co" || first == "com")
	}
	return len(first) == 2
}
