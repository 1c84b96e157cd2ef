package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"broadsheet/syndicate"
)

// labels are what a line of credits begins with, before a colon or a stroke.
var labels = []string{
	"责任编辑", "责编", "编辑", "值班编辑", "主编", "来源", "稿源", "信息来源", "文章来源", "本文来源", "作者", "记者", "本报记者", "见习记者", "实习生", "通讯员", "摄影", "摄",
	"供图", "图片", "图片来源", "图源", "图", "文", "文图", "文/图", "原标题", "原题", "校对", "审核", "审校", "监制", "制作", "出品", "策划", "统筹", "视频", "配图", "题图",
	"关键词", "标签", "新闻热线", "投稿邮箱", "联系电话", "电话", "传真", "邮箱", "微信", "微博", "编审", "初审", "复审", "终审",
}

// asides are phrases of what asks readers for something, or tells them their
// rights; no news says them in so short a sentence.
var asides = []string{
	"点击查看", "点击阅读", "点击进入", "点击订阅", "点击关注", "点击下载", "点击这里", "点击此处", "点击上方", "点击下方", "点击图片", "点击链接", "扫码", "扫描二维码", "扫一扫", "长按识别", "长按二维码",
	"关注我们", "关注公众号", "关注微信", "微信公众号", "欢迎订阅", "欢迎关注", "欢迎投稿", "订阅本", "未经授权", "不得转载", "版权所有", "转载请", "免责声明", "不代表本", "仅供参考", "阅读原文", "查看原文",
	"下载客户端", "下载app", "更多精彩", "更多资讯", "更多内容", "分享到", "上一篇", "下一篇", "返回首页", "返回列表", "打印本页", "关闭窗口", "特别声明", "图文无关", "侵权",

	"sign up for", "sign up to", "subscribe to", "subscribe now", "our newsletter", "click here", "click to", "follow us", "all rights reserved", "terms of use", "terms and conditions",
	"download our app", "download the app", "read more:", "read also:", "related:", "advertisement", "share this article", "get the latest", "this article first appeared",
	"this article was originally", "this story was originally", "has been republished", "reporting by ", "editing by ", "writing by ", "additional reporting", "photo credit", "photo:",
	"image credit", "image:", "photograph:", "getty images", "copyright ©", "copyright (c)", "not be reproduced", "enter your email", "privacy policy", "listen to this article",
}

// maxAside is how long a sentence may be that is dropped for such a phrase, in
// characters.
const maxAside = 120

// boilerplate reports whether a sentence is none of the news: credits, calls
// to subscribe, rights.
func boilerplate(s string) bool {
	s = strings.TrimLeft(s, "（(【[ 　*·•▲△■|>-—_")
	if s == "" {
		return true
	}
	for _, l := range labels {
		if rest, ok := strings.CutPrefix(s, l); ok {
			rest = strings.TrimLeft(rest, " 　")
			if r, _ := utf8.DecodeRuneInString(rest); strings.ContainsRune("：:/丨|／", r) || rest == "" {
				return true
			}
		}
	}
	if runeLen(s) > maxAside {
		return false
	}
	s = strings.ToLower(s)
	for _, a := range asides {
		if strings.Contains(s, a) {
			return true
		}
	}
	return false
}

// news returns a sentence without what stands before and after its news: the
// prefix of a series, a dateline, the name of the reporter.
func news(s string) string {
	for {
		t := cutSeries(s)
		t = cutDateline(t)
		t = cutChineseDateline(t)
		t = cutReporter(t)
		if t == s {
			return t
		}
		s = t
	}
}

// maxSeries is how long the prefix of a series may be, in characters.
const maxSeries = 12

// cutSeries cuts the prefix of a series off: 【快讯】.
func cutSeries(s string) string {
	rest, ok := strings.CutPrefix(s, "【")
	if !ok {
		return s
	}
	prefix, rest, ok := strings.Cut(rest, "】")
	if rest = strings.TrimSpace(rest); !ok || runeLen(prefix) > maxSeries {
		return s
	}
	return rest
}

// cutReporter cuts brackets off that name reporters, at either end:
// （记者 张三）.
func cutReporter(s string) string {
	for _, pair := range []struct{ open, shut string }{{"（", "）"}, {"(", ")"}} {
		if rest, ok := strings.CutPrefix(s, pair.open); ok {
			if names, text, ok := strings.Cut(rest, pair.shut); ok && reporters(names) {
				return strings.TrimSpace(text)
			}
		}
		if rest, ok := strings.CutSuffix(s, pair.shut); ok {
			if i := strings.LastIndex(rest, pair.open); i >= 0 && reporters(rest[i+len(pair.open):]) {
				return strings.TrimSpace(rest[:i])
			}
		}
	}
	return s
}

func reporters(names string) bool {
	if runeLen(names) > 40 {
		return false
	}
	for _, w := range []string{"记者", "通讯员", "编辑", "实习生", "完", "作者", "摄影", "Reporting by", "Editing by"} {
		if strings.HasPrefix(names, w) || strings.Contains(names, w+" ") || strings.Contains(names, w+"：") {
			return true
		}
	}
	return false
}

// cutChineseDateline cuts the dateline of a Chinese agency or paper off:
// 新华社武汉11月3日电（记者 张三）, 本报讯.
func cutChineseDateline(s string) string {
	n := 0
	for i, r := range s {
		if n++; n > 30 || strings.ContainsRune("，。；！？、“", r) {
			return s
		}
		if r != '讯' && r != '电' {
			continue
		}
		head, rest := s[:i], s[i+len("讯"):]
		next, size := utf8.DecodeRuneInString(rest)
		if size > 0 && !strings.ContainsRune(" 　（(：:】", next) || !dated(head) {
			continue
		}
		rest = strings.TrimLeft(rest, " 　：:】")
		return strings.TrimSpace(cutReporter(rest))
	}
	return s
}

// dated reports whether a text names who reports: an agency, a paper, a
// station, or a day.
func dated(head string) bool {
	for _, w := range []string{"社", "网", "报", "台", "日", "财经", "体育", "快", "刊", "端"} {
		if strings.Contains(head, w) {
			return true
		}
	}
	return false
}

// maxDateline is how long a dateline may be, in bytes.
const maxDateline = 60

// cutDateline cuts an English dateline off: LONDON, Nov 3 (Reuters) -.
func cutDateline(s string) string {
	for _, dash := range []string{" - ", " -- ", " – ", " — ", ")--", ")-- ", ") -", "-- ", ": "} {
		head, _, ok := strings.Cut((s + " ")[:min(len(s)+1, maxDateline)], dash)
		if !ok || !dateline(head) || dash == ": " && !strings.ContainsAny(head, "0123456789") {
			continue
		}
		rest := strings.TrimLeft(s[min(len(s), len(head)+len(dash)):], " -–—")
		c, _ := utf8.DecodeRuneInString(rest)
		begins := unicode.IsUpper(c) || unicode.IsDigit(c) || strings.ContainsRune("\"“$€£", c)
		if strings.Contains(head, "(") || begins && (strings.ContainsAny(head, "0123456789") || !strings.Contains(rest, strings.TrimSpace(dash))) {
			return rest
		}
	}
	return s
}

// dateline reports whether the words before a dash are a place in capitals,
// with nothing but a state, a day and an agency after it.
func dateline(head string) bool {
	head = strings.TrimSpace(head)
	first, _, _ := strings.Cut(head, " ")
	first = strings.TrimRight(first, ",")
	if len(first) < 3 || strings.ToUpper(first) != first || !unicode.IsUpper(rune(first[0])) {
		return false
	}
	inside := false
	told := strings.ContainsAny(head, "(0123456789")
	for _, w := range strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ", ",", " ").Replace(head)) {
		lower := strings.ToLower(strings.TrimRight(w, "."))
		switch {
		case w == "(":
			inside = true
		case inside || strings.ToUpper(w) == w:
		case len(w) <= 12 && unicode.IsUpper(rune(w[0])) && (told || monthName(lower) || strings.HasSuffix(w, ".")):
		default:
			return false
		}
	}
	return true
}

func monthName(w string) bool {
	for _, m := range months {
		if w == m || w == "may" {
			return true
		}
	}
	return false
}

// sentenceText returns what a summary says of the sentences text[start:end],
// "" for nothing.
func sentenceText(d *document, start, end int) string {
	text := d.text[start:end]
	if text == d.title || boilerplate(text) {
		return ""
	}
	text = news(text)
	if text == d.title || boilerplate(text) || !syndicate.Balanced(text) {
		return ""
	}
	return text
}
