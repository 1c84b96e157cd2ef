package app_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A beat is a subject with the words of its trade.
type beat struct {
	name             string
	english, chinese []string
}

var beats = []beat{
	{
		"finance",
		strings.Fields("bank loan bond yield credit lender deposit equity fund interest rate listing insurer venture capital dividend"),
		strings.Fields("银行 贷款 债券 利率 融资 基金 保险 授信 上市 信贷 股权 存款 担保 理财"),
	},
	{
		"industry",
		strings.Fields("factory chip battery plant assembly robot supplier workshop optical semiconductor vehicle output line equipment"),
		strings.Fields("工厂 芯片 电池 生产线 机器人 供应商 车间 光电子 半导体 整车 产能 装备 智能制造"),
	},
	{
		"infrastructure",
		strings.Fields("bridge metro railway port container terminal grid highway tunnel airport waterway station quay pipeline"),
		strings.Fields("大桥 地铁 铁路 港口 集装箱 码头 电网 高速公路 隧道 机场 航道 车站 管网"),
	},
	{
		"culture",
		strings.Fields("museum concert theatre novel painter festival library exhibition choir film poet gallery audience stage"),
		strings.Fields("博物馆 音乐会 剧院 小说 画家 艺术节 图书馆 展览 合唱团 电影 诗人 观众 舞台"),
	},
	{
		"weather",
		strings.Fields("rain storm flood drought forecast heat snow wind river temperature warning cloud frost humidity"),
		strings.Fields("降雨 暴风 洪水 干旱 预报 高温 降雪 大风 水位 气温 预警 云层 霜冻 湿度"),
	},
}

var (
	plainEnglish = strings.Fields(`the of and to in a is that for it as was with on be by at this had are but from have they which one
		were all their will when who more if no out so can what up about other into than its time only new some then first any now
		such made over our even most after also many before through where much should down work year because each those take day
		good how long very great still between under last never place same another while high might came off find states since
		against three few general during number again according spokesperson announced according officials expects quarter city
		district project company several around half nearly people market report plan month week signed opened agreed`)
	plainChinese = strings.Fields(`我们 他们 这个 进行 表示 认为 目前 已经 通过 由于 以及 其中 同时 可能 需要 问题 发展 情况 工作 研究 公司
		团队 用户 产品 今年 去年 报告 数据 技术 方面 结果 此外 因此 一个 多个 正在 提供 支持 发布 项目 企业 市民 记者 获悉 启动 推进 建设 预计
		完成 介绍 负责人 有关 部门 全市 区域 计划 合作 签约 服务 增长 同比 月份 本周 首次 进一步 加快 实现 重点`)
	chineseStops = []string{"，", "，", "，", "。", "；", "："}
	places       = []string{"武汉", "上海", "光谷", "Wuhan", "Rotterdam", "Shanghai"}
)

// A writer writes about a beat.
type writer struct {
	*rand.Rand
	chinese bool
	beat    beat
}

// pick prefers what stands early, as language does.
func (w writer) pick(words []string) string {
	x := w.Float64()
	return words[int(x*x*float64(len(words)))]
}

// word returns a word; one in 40 is an amount of money, one in 40 a place, and
// one in 12 a name that is hardly ever seen again.
func (w writer) word() string {
	trade, plain := w.beat.english, plainEnglish
	if w.chinese {
		trade, plain = w.beat.chinese, plainChinese
	}
	switch n := w.IntN(120); {
	case n < 3 && w.chinese:
		return fmt.Sprintf("%d.%d亿元", 1+w.IntN(90), w.IntN(10))
	case n < 3:
		return fmt.Sprintf("$%d.%d million", 1+w.IntN(90), w.IntN(10))
	case n < 6:
		return places[w.IntN(len(places))]
	case n < 16 && w.chinese:
		return string([]rune{rune(0x4E00 + w.IntN(3000)), rune(0x4E00 + w.IntN(3000))})
	case n < 16:
		return w.pick([]string{"Al", "Ber", "Cor", "Dun", "El", "Fer"}) + w.pick([]string{"an", "mor", "ti", "ling", "do"}) +
			w.pick([]string{"ford", "sen", "ska", "ville", "ton", "mann", "eri"})
	case n < 46:
		return w.pick(trade)
	}
	return w.pick(plain)
}

func (w writer) sentence(words int) string {
	var b strings.Builder
	for j := range words {
		word := w.word()
		switch {
		case w.chinese:
			b.WriteString(word)
			if j%6 == 5 && j < words-1 {
				b.WriteString(chineseStops[w.IntN(len(chineseStops))])
			}
		case j == 0:
			first, size := utf8.DecodeRuneInString(word)
			b.WriteString(string(unicode.ToUpper(first)) + word[size:])
		default:
			b.WriteString(" " + word)
			if j%9 == 8 && j < words-1 {
				b.WriteByte(',')
			}
		}
	}
	if w.chinese {
		return b.String() + "。"
	}
	return b.String() + ". "
}

// body returns HTML of at least so many bytes.
func (w writer) body(size int) string {
	var b strings.Builder
	for b.Len() < size {
		switch n := w.IntN(20); {
		case n < 14:
			b.WriteString("<p>" + w.sentence(8+w.IntN(14)) + w.sentence(8+w.IntN(14)))
			if w.IntN(2) == 0 {
				fmt.Fprintf(&b, `<a href="https://example.org/%d?ref=a&amp;x=%d" rel="nofollow">%s</a>`, w.IntN(1000), w.IntN(1000), w.sentence(3))
			}
			b.WriteString("</p>\n")
		case n < 16:
			fmt.Fprintf(&b, `<figure><img src="https://img.example.org/%d.jpg" alt="" width="640" height="360"/><figcaption>%s</figcaption></figure>`+"\n",
				w.IntN(1000), w.sentence(5))
		case n < 18:
			b.WriteString("<ul>")
			for range 3 {
				b.WriteString("<li><strong>" + w.sentence(2) + "</strong> " + w.sentence(6) + "</li>")
			}
			b.WriteString("</ul>\n")
		case n < 19:
			b.WriteString("<blockquote><p><em>" + w.sentence(12) + "</em></p></blockquote>\n")
		default:
			b.WriteString("<h3>" + w.sentence(4) + `</h3><script>count("x")</script><img src="https://t.example.org/p.gif" width="1" height="1"/>` + "\n")
		}
	}
	return b.String()
}
