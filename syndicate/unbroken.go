package syndicate

import (
	"strings"
	"unicode/utf8"
)

// unitWords are what stays on one line with the number before it, longest
// first where one begins another.
var unitWords = byFirstRune(strings.Fields("个百分点 百分点 个基点 基点 个工作日 个小时 个月 个季度 个 平方公里 平方千米 平方米 平米 公里/小时 公里 公顷 公斤 千瓦时 千瓦 千伏 千米 千克 " +
	"兆瓦时 兆瓦 吉瓦时 吉瓦 瓦 毫米 厘米 微米 纳米 米 海里 亩 立方米 立方 升 吨 克 斤 标准箱 标箱 摄氏度 ℃ 度 美元 欧元 港元 日元 英镑 澳元 韩元 元 块 " +
	"人次 人 辆次 辆 架次 架 户次 户 列 艘 小时 分钟 分 秒 工作日 天 年 月 日 时 号 岁 周 倍 成 折 番 点 % ％ ‰ " +
	"家 项 座 台 根 场 次 颗 股 套 处 条 种 批 份 件 款 笔 单 名 位 口 间 幢 栋 层 只 棵 块 支 张 期 部 所 届 席 箱 桶 头 平方 万亿 亿 万"))

func byFirstRune(words []string) map[rune][]string {
	out := map[rune][]string{}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out[r] = append(out[r], w)
	}
	return out
}

// Unbroken returns where in s a number and its unit stand that should stay on
// one line, as byte offsets of beginning and end, in order: 14万平方米, 11.6%,
// 7月23日. A line may end between year and month. Numbers without a unit, and
// those apart from it by a space, are left to the browser.
//
// It serves display in HTML only. Plain text is never given word joiners: who
// copies a number must get what was written.
func Unbroken(s string) [][2]int {
	var out [][2]int
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !digit(r) && !wideDigit(r) {
			i += n
			continue
		}
		end := afterNumber(s, i)
		stop := afterUnit(s, end)
		if strings.HasSuffix(s[end:stop], "月") { // 7月23日
			if day := afterNumber(s, stop); day > stop && (strings.HasPrefix(s[day:], "日") || strings.HasPrefix(s[day:], "号")) {
				stop = day + len("日")
			}
		}
		if stop > end {
			out = append(out, [2]int{signBefore(s, i), stop})
		}
		i = stop
	}
	return out
}

// afterNumber returns where the digits at i end, with what divides them.
func afterNumber(s string, i int) int {
	end := i
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case digit(r) || wideDigit(r):
			end = i
		case end == i-n && strings.ContainsRune(".,，．:", r):
		default:
			return end
		}
	}
	return end
}

// afterUnit returns where the scale and unit at i end, i when there is none.
func afterUnit(s string, i int) int {
	for range 3 { // 万 and 多 and the like
		r, n := utf8.DecodeRuneInString(s[i:])
		if !strings.ContainsRune("百千万亿余多", r) || strings.HasPrefix(s[i:], "千瓦") || strings.HasPrefix(s[i:], "千米") || strings.HasPrefix(s[i:], "百分点") {
			break
		}
		i += n
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	for _, w := range unitWords[r] {
		if strings.HasPrefix(s[i:], w) {
			return i + len(w)
		}
	}
	return i
}

// signBefore returns where the sign before a number at i begins.
func signBefore(s string, i int) int {
	if r, n := utf8.DecodeLastRuneInString(s[:i]); strings.ContainsRune("$€£¥￥+±−", r) {
		return i - n
	}
	return i
}
