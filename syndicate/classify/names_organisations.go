package classify

import (
	"strings"
	"unicode/utf8"
)

func bankName(name string) bool { return strings.HasSuffix(name, "行") }

// An organisationWord ends the name of an organisation that begins with a
// place. Only a public one tells that the news is about that place: 武汉市财政局
// is an office of 武汉, 南京银行 has branches everywhere.
type organisationWord struct {
	text   string
	public bool
}

var organisationWords = []organisationWord{
	{"分行营管部", false},
	{"股份有限公司", false},
	{"有限责任公司", false},
	{"有限公司", false},
	{"委员会", true},
	{"管委会", true},
	{"研究院", false},
	{"研究所", false},
	{"交易所", false},
	{"办公室", true},
	{"检察院", true},
	{"总公司", false},
	{"农商行", false},
	{"银行", false},
	{"集团", false},
	{"公司", false},
	{"大学", false},
	{"学院", false},
	{"医院", false},
	{"协会", false},
	{"商会", false},
	{"法院", true},
	{"政府", true},
	{"海关", true},
	{"分行", false},
	{"支行", false},
	{"总局", true},
	{"证券", false},
	{"厅", true},
	{"局", true},
}

// organisationStops are words that no name of an organisation holds.
const organisationStops = "的了与和及由在向对将为是等从以据被把让使到至通过推召举获称说有这其并也还就都又很某求，、。；：！？,;:!?()（）“”\"《》〈〉 \t\n　0123456789"

// maxOrganisation is how long the part after a place may be, in characters,
// maxOffice that after 国务院.
const (
	maxOrganisation = 12
	maxOffice       = 20
)

// organisationPart returns where an organisation that begins with a place
// ending at end ends, 武汉 + 市财政局, and whether it is an office of the place; end when
// there is none.
func (n *naming) organisationPart(end, most int) (to int, public bool) {
	rest := n.folded[end:]
	for count := 0; count < most && len(rest) >= 3 && rest[0] >= 0xE4 && rest[0] <= 0xE9; count++ {
		for i := range organisationWords {
			if rest[1] != organisationWords[i].text[1] || rest[2] != organisationWords[i].text[2] {
				continue
			}
			w := &organisationWords[i]
			if !hasPrefix(rest, w.text) {
				continue
			}
			stop := len(n.folded) - len(rest) + len(w.text)
			if notOrganisation(n.folded[:stop-len(w.text)], w.text, n.folded[stop:]) {
				continue
			}
			return n.fullOrganisation(stop), w.public
		}
		r, size := utf8.DecodeRune(rest)
		if strings.ContainsRune(organisationStops, r) && !(r == '由' && lastRune(n.folded[:len(n.folded)-len(rest)]) == '自') || verb(rest) {
			return end, false
		}
		rest = rest[size:]
	}
	return end, false
}

// fullOrganisation returns where a name goes on to that could end already:
// 集团股份有限公司, 银行武汉分行.
func (n *naming) fullOrganisation(stop int) int {
	for _, w := range []string{"股份有限公司", "有限责任公司", "有限公司", "总公司", "公司", "总行"} {
		if hasPrefix(n.folded[stop:], w) {
			return stop + len(w)
		}
	}
	return stop
}

// verbs end the search for an organisation's name.
var verbs = []string{
	"成立", "正式", "设立", "首个", "首家", "引进", "支持", "服务", "企业", "项目", "多家", "联合", "出台", "发布", "打造", "新增", "举行", "启动", "开展", "推进", "一家",
	"国家", "当地", "我国", "部分", "重点", "上市", "投资", "建设", "落户", "签约", "工厂", "全国", "两家", "知名", "完成", "实现",
}

// verb reports whether text begins with a word that ends the search for an
// organisation's name.
func verb(text []byte) bool {
	for _, w := range verbs {
		if hasPrefix(text, w) {
			return true
		}
	}
	return false
}

// notOrganisation reports whether a word that could end an organisation's name
// is part of another word: 布局, 大学生, 银行业.
func notOrganisation(before []byte, w string, after []byte) bool {
	next, _ := utf8.DecodeRune(after)
	prev, _ := utf8.DecodeLastRune(before)
	switch w {
	case "局":
		if prev == '政' {
			before = before[:len(before)-len("政")]
			prev, _ = utf8.DecodeLastRune(before)
			return !strings.ContainsRune("财民行邮", prev)
		}
		return strings.ContainsRune("格全布大结开当战时困僵破终变新棋", prev) || strings.ContainsRune("面势部限地", next)
	case "厅":
		return strings.ContainsRune("大餐客展门舞前中会", prev)
	case "大学":
		return next == '生' || next == '城' || next == '之' || next == '联'
	case "银行":
		return next == '业' || next == '股' || next == '间' || next == '卡' || strings.ContainsRune("贷体机信账存承系柜网利授等", next) || strings.ContainsRune("家多批各类型大小", prev)
	case "证券":
		return next == '业' || next == '市' || next == '化' || next == '交' || next == '投'
	case "公司", "集团":
		return strings.ContainsRune("家多批各上个分子跨", prev) || next == '债' || next == '军'
	case "政府":
		return next == '性' || next == '债' || next == '采' || prev == '方' || prev == '地' || prev == '级'
	case "协会", "学院", "医院":
		return strings.ContainsRune("家多批各所", prev)
	}
	return false
}
