package classify

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// companyWords end names of organisations that begin with no known place or
// organisation: 江石精密股份有限公司.
var companyWords = []struct {
	text  string
	least int // characters before it
	most  int
}{
	{"有限公司", 2, 16},
	{"有限责任公司", 2, 16},
	{"集团", 2, 4},
	{"办公室", 4, 10},
	{"研究院", 2, 8},
}

// beforeNames are words that a name comes after.
var beforeNames = slices.Concat(verbs, []string{
	"携手", "牵手", "旗下", "来自", "关于", "通过", "以及", "位于", "收购", "控股", "入股", "参股", "助力", "推动", "包括", "其中", "获得", "邀请", "走访", "考察", "负责人",
	"合作", "伙伴", "龙头", "企业家", "巨头", "制造商", "运营商", "开发商", "供应商", "客户", "记者", "根据", "记者从", "公司", "集团", "银行", "董事长", "总经理", "该市", "我市", "牵头",
	"省属", "央企", "国企", "民企", "原", "家", "名", "位", "个", "项", "所", "座", "其", "该", "本", "各", "某", "由", "与", "和", "及", "向", "对", "为", "在", "到", "从", "以", "让", "将", "是", "有",
})

// generalNames are what is before the words of companyWords without being a
// name.
var generalNames = wordSet("上市 民营 国有 大型 中小 小型 外资 合资 跨国 科技 保险 证券 基金 担保 物流 房地产 建筑 关联 全资 控股 龙头 本地 外国 股份制 商业 政策性 国际 国内 农村 城市 有关 相关 " +
	"小额贷款 融资担保 互联网 高科技 工程 贸易 医药 汽车 能源 电力 制造 农商 村镇 合作 投资 股份 责任 犯罪 利益 企业 产业 中央 世界 民间 地方 外贸 外国 中资 主要 各大 大企业 食品 钢铁 重点 " +
	"国家重点 省级重点 全国重点 重点 联合 新型 省级 国家 国家级 国家工程 市级 县级 科学 医学 虚拟 数字 中试 开放 联合重点 开发 政策 领导 领导小组 市政府 省政府 区政府 县政府 项目建设 政府 " +
	"开发性 投资性 住房 储蓄 私人 网上 手机 电子 血液 干细胞 种子 数据 时间 食物 题 血 精子 资源 水 土地 中小 手机 直销 独立法人")

// companies adds organisations that what they end in gives away and that
// nothing before it does.
func (n *naming) companies() {
	for i := range companyWords {
		w := &companyWords[i]
		for at := 0; ; {
			next := bytes.Index(n.folded[at:], []byte(w.text))
			if next < 0 {
				break
			}
			at += next
			end := at + len(w.text)
			if start := n.companyStart(at, w.least, w.most); start < at && !notOrganisation(n.folded[:at], w.text, n.folded[end:]) {
				n.addOrganisation(n.text[start:n.fullOrganisation(end)])
			}
			at = end
		}
	}
}

// companyStart returns where the name begins that goes on to end, or end when
// that cannot be told.
func (n *naming) companyStart(end, least, most int) int {
	start, count := end, 0
	for count < most {
		r, size := utf8.DecodeLastRune(n.folded[:start])
		if r < hanFirst || r > 0x9FFF || strings.ContainsRune(organisationStops, r) || n.taken(start-size) {
			break
		}
		start -= size
		count++
	}
	if count == most { // where it begins is not in sight
		if r, _ := utf8.DecodeLastRune(n.folded[:start]); r >= hanFirst && r <= 0x9FFF && !strings.ContainsRune(organisationStops, r) {
			if start = n.afterWords(start, end); start == end || start < 0 {
				return end
			}
		}
	}
	if after := n.afterWords(start, end); after >= 0 {
		start = after
	}
	text := string(n.folded[start:end])
	for _, w := range []string{"股份", "集团"} {
		text = strings.TrimSuffix(text, w)
	}
	if utf8.RuneCountInString(text) < least || generalNames[text] {
		return end
	}
	return start
}

// afterWords returns where the last word of beforeNames between start and end
// ends, or -1.
func (n *naming) afterWords(start, end int) int {
	last := -1
	part := n.folded[start:end]
	for _, w := range beforeNames {
		if len(w) <= len("家") { // one character counts at the beginning only: 国家电网
			if hasPrefix(part, w) {
				last = max(last, start+len(w))
			}
			continue
		}
		if at := bytes.LastIndex(part, []byte(w)); at >= 0 && at+len(w) < len(part) {
			last = max(last, start+at+len(w))
		}
	}
	return last
}

// taken reports whether the character at a place belongs to a name already.
func (n *naming) taken(at int) bool {
	i, _ := slices.BinarySearchFunc(n.spans, at, func(s stretch, at int) int {
		if s.end <= at {
			return -1
		}
		return 1
	})
	return i < len(n.spans) && n.spans[i].start <= at
}

// A stretch is a part of the text.
type stretch struct{ start, end int }

// addOrganisation adds an organisation, or the fuller form of one that is
// there: 武汉市财政局 for 武汉财政局.
func (n *naming) addOrganisation(name string) {
	if name == "" || slices.Contains(n.organisations, name) {
		return
	}
	for i, other := range n.organisations {
		if withoutRank(name) != withoutRank(other) {
			continue
		}
		if len(name) > len(other) {
			n.organisations[i] = name
		}
		return
	}
	if len(n.organisations) < maxNames {
		n.organisations = append(n.organisations, name)
	}
}

// withoutRank leaves out the first 市 or 省 of a name that stands inside it.
func withoutRank(name string) string {
	for _, rank := range []string{"市", "省"} {
		if before, after, ok := strings.Cut(name, rank); ok && len(before) >= len("武汉") && len(before) <= len("鄂尔多斯") && after != "" {
			return before + after
		}
	}
	return name
}
