package classify

import (
	"strings"
	"unicode/utf8"
)

// stages is a set of what may become of a thing, one bit each.
type stages uint32

// A stageWord is a word that says that a thing has come to a stage.
type stageWord struct {
	word  string
	stage stages
}

// chineseStages and englishStages are groups of words that say the same stage.
// The first group are words of what is only planned.
var (
	chineseStages = stageTable(
		"征求意见 拟建 拟规划 公开征集 草案",
		"招标",
		"中标",
		"开工 动工 奠基 破土 始发 启动建设",
		"过半",
		"封顶",
		"合龙",
		"贯通 打通",
		"铺轨",
		"联调联试 试运行 校飞 试飞 飞行校验 静态验收",
		"竣工 完工 建成",
		"通车 开通 通水 送电 投运 投产 启用 投入使用 投用 正式运营 开始运营 开通运营 首航",
		"获批 批复 过会 获得批准 批准 同意 点头 审议通过 表决通过 会议通过 核准",
		"否决 被否 退回 未通过 驳回 未获批准 叫停",
		"挂牌 登陆科创 登陆创业 登陆主板 登陆港 首日",
		"终止 取消 暂停",
		"下线",
		"签署协议 签约",
		"交割 完成收购",
		"揭牌 封关",
		"停航 停运 停产 停工",
		"恢复",
	)
	englishStages = stageTable(
		"considers considering studying weighs may-get proposed proposal proposes mulls expected-to will-discuss economists-polled expect-the",
		"broke-ground ground-breaking starts-building construction-began work-starts starts-work construction-of",
		"opened opens inaugurated inaugurates opening starts-production started-production launches launched begun-making puts-on-sale began-using",
		"approved approves approval clears cleared backs go-ahead green-light",
		"rejected rejects blocked blocks vetoes vetoed throws-out overturned",
		"completes completed completion",
		"reopens reopened",
		"agreed-to-acquire to-acquire agrees-to-buy agreed-to-buy agrees-to-merge agreed-to-merge takeover to-be-bought",
		"call-off calls-off called-off",
		"files-for filed-for seeks-court seeks-bankruptcy",
		"emerged-from exits emerges-from",
		"halts halted has-stopped stopped-work suspends suspended",
		"resumes resumed",
		"lifts-ban lifted-a-ban lifted-the-ban allowed-back",
		"has-banned bans",
		"refloated freed",
		"closure closed shut stopped-from",
		"delays delayed postpones postponed would-not-reach",
	)
	// nextTo are stages that the same telling may name for one event.
	compatible = []stages{
		stageOf(chineseStages, "建成") | stageOf(chineseStages, "通车"),
		stageOf(chineseStages, "贯通") | stageOf(chineseStages, "合龙"),
		stageOf(chineseStages, "下线") | stageOf(chineseStages, "投产"),
	}
)

func stageTable(groups ...string) []stageWord {
	var out []stageWord
	for i, g := range groups {
		for _, w := range strings.Fields(g) {
			out = append(out, stageWord{strings.ReplaceAll(w, "-", " "), 1 << i})
		}
	}
	return out
}

func stageOf(table []stageWord, word string) stages {
	for _, w := range table {
		if w.word == word {
			return w.stage
		}
	}
	return 0
}

// before and after a stage's word: that it is still to come, or long past.
var (
	notYet   = []string{"预计", "将", "计划", "力争", "有望", "拟", "年底", "明年", "年后", "待", "望", "即将", "具备", "未来", "下一步", "组织"}
	longPast = []string{"后", "以来", "前", "条件", "申请", "两年", "三年", "十年", "多年"}
)

// readStages finds the stages and the direction of an account.
func (a *account) readStages() {
	table := englishStages
	if a.han {
		table = chineseStages
	}
	text := strings.ReplaceAll(a.text, "-", " ")
	for _, w := range table {
		for from := 0; ; {
			i := strings.Index(text[from:], w.word)
			if i < 0 {
				break
			}
			at, end := from+i, from+i+len(w.word)
			if a.han && !a.otherwhen(at, end) || !a.han && !strings.HasSuffix(text[:at], "subject to ") {
				a.stages |= w.stage
				if end <= len(a.head) {
					a.headStages |= w.stage
				}
				break
			}
			from = end
		}
	}
	a.preview = containsAny(a.head, previewWords)
	a.heading = headingOf(a.head, a.han)
	if a.heading == level {
		a.heading = headingOf(a.text, a.han)
	}
}

// otherwhen reports whether what stands at text[at:end] is still to come or
// long past.
func (a *account) otherwhen(at, end int) bool {
	clause := a.text[:at]
	if i := strings.LastIndexAny(clause, ",。;:!?\n "); i >= 0 {
		_, n := utf8.DecodeRuneInString(clause[i:])
		clause = clause[i+n:]
	}
	if n := utf8.RuneCountInString(clause); n > 12 {
		clause = string([]rune(clause)[n-12:])
	}
	return containsAny(clause, notYet) || hasAnySuffix(clause, []string{"未", "不", "没", "没有"}) || hasAnyPrefix(a.text[end:], longPast)
}

func hasAnyPrefix(s string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// previewWords stand in titles that look forward.
var previewWords = []string{
	"将", "拟", "有望", "预计", "即将", "明日", "下周",
	"weighs", "expected", "considers", "may ", "ahead of", "likely", "could", "set to", "proposed", "next week", "mulls", "eyes ",
}

func hasAnySuffix(s string, words []string) bool {
	for _, w := range words {
		if strings.HasSuffix(s, w) {
			return true
		}
	}
	return false
}

// A direction is where things go by what an article says.
type direction int8

const (
	level direction = iota // nowhere, or both ways
	up
	down
)

var (
	storyUpHan   = []string{"上涨", "增长", "上升", "上调", "回升", "提高", "走高", "收涨", "飙升", "攀升", "扩大", "大涨", "走强", "每吨涨", "加息", "涨超", "反弹", "预增", "涨"}
	storyDownHan = []string{"下跌", "下降", "下滑", "下调", "回落", "降低", "走低", "收跌", "减少", "收窄", "大跌", "走弱", "每吨降", "降息", "降准", "跌超", "亏损", "预亏", "失守", "降至", "又降", "跌"}
	storyUp      = concepts["rise"]
	storyDown    = concepts["fall"]
)

func headingOf(text string, han bool) direction {
	isUp, isDown := false, false
	if han {
		isUp, isDown = containsAny(text, storyUpHan), containsAny(text, storyDownHan)
	} else {
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == ',' || r == '.' || r == ':' }) {
			switch concept(stem(w)) {
			case storyUp:
				isUp = true
			case storyDown, "cut":
				isDown = true
			}
		}
	}
	switch {
	case isUp && !isDown:
		return up
	case isDown && !isUp:
		return down
	}
	return level
}

// sameStage reports whether two sets of stages can be of one event.
func sameStage(a, b stages) bool {
	if a == 0 || b == 0 || a&b != 0 {
		return true
	}
	for _, c := range compatible {
		if a&c != 0 && b&c != 0 {
			return true
		}
	}
	return false
}
