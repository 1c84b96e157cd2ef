package read

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// languageTag returns a declared language as BCP 47 writes it, or "" when it
// is none: en_US becomes en-US.
func languageTag(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ",")
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	if s == "" || len(s) > 35 {
		return ""
	}
	for _, c := range []byte(s) {
		if c != '-' && (!nameByte(c) || c == '.' || c == ':') {
			return ""
		}
	}
	return s
}

// articleLanguage returns the language of an article in the form the rest of
// the program uses: zh-Hans, zh-Hant, en, or another BCP 47 tag.
//
// The declared one is believed unless the script says it cannot be: software
// declares en-us for every site its owner never configured.
func articleLanguage(declared, fallback, text string) string {
	s := scripts(text)
	for _, l := range [...]string{declared, fallback} {
		if l = ourLanguage(l, s); l != "" && s.allows(l) {
			return l
		}
	}
	return s.language()
}

// ourLanguage returns the form of a declared language that we use. Chinese
// without a script gets that of its region, or of the text.
func ourLanguage(tag string, s scriptCount) string {
	if tag == "" {
		return ""
	}
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	base, _ := t.Base()
	switch base.String() {
	case "zh", "cmn", "yue":
		_, script, region := t.Raw()
		switch where := region.String(); {
		case script.String() == "Hant", where == "TW", where == "HK", where == "MO":
			return "zh-Hant"
		case script.String() == "Hans", where == "CN", where == "SG", where == "MY":
			return "zh-Hans"
		}
		return s.chinese()
	case "en":
		return "en"
	case "und":
		return ""
	}
	return t.String()
}

// A scriptCount says which scripts a text is in.
type scriptCount struct {
	han, kana, hangul, cyrillic, latin, other int
	simplified, traditional                   int // Han characters that only one of the two has
}

// scriptSample is how many letters are enough to know a text's script.
const scriptSample = 2000

// scripts counts the letters of the beginning of a text.
func scripts(text string) scriptCount {
	var s scriptCount
	n := 0
	for _, r := range text {
		if n++; n > scriptSample {
			break
		}
		switch {
		case r < 0x80:
			if r|0x20 >= 'a' && r|0x20 <= 'z' {
				s.latin++
			}
		case r >= 0x4e00 && r <= 0x9fff:
			s.han++
			switch characterForm(r) {
			case simplifiedOnly:
				s.simplified++
			case traditionalOnly:
				s.traditional++
			}
		case r >= 0x3041 && r <= 0x30ff:
			s.kana++
		case r >= 0xac00 && r <= 0xd7a3:
			s.hangul++
		case r >= 0x400 && r <= 0x4ff:
			s.cyrillic++
		case unicode.Is(unicode.Latin, r):
			s.latin++
		case unicode.IsLetter(r):
			s.other++
		}
	}
	return s
}

// allows reports whether a text in these scripts may be in the language. It
// says no only where there is no doubt.
func (s scriptCount) allows(lang string) bool {
	eastern := s.han + s.kana + s.hangul
	switch {
	case strings.HasPrefix(lang, "zh"):
		return s.kana*10 <= s.han+9 && (s.han > 0 || s.latin < 20)
	case strings.HasPrefix(lang, "ja"):
		return s.kana > 0 || s.latin+s.han < 40
	case strings.HasPrefix(lang, "ko"):
		return s.hangul > 0 || s.latin+s.han < 40
	case lang == "en":
		return eastern*3 <= s.latin+3 && s.cyrillic <= s.latin+3
	}
	return eastern*3 <= s.latin+s.cyrillic+s.other+3
}

// language guesses from the scripts alone; "" when nothing can be told.
func (s scriptCount) language() string {
	// A Han character says as much as a short word of Latin letters.
	switch eastern := s.han + s.kana + s.hangul; {
	case eastern == 0 && s.latin == 0 && s.cyrillic == 0:
		return ""
	case eastern*3 < s.latin || eastern < s.cyrillic:
		if s.cyrillic > s.latin {
			return "ru"
		}
		return "en"
	case s.kana*10 > s.han:
		return "ja"
	case s.hangul > s.han:
		return "ko"
	}
	return s.chinese()
}

// chinese tells the two scripts of Chinese apart.
func (s scriptCount) chinese() string {
	if s.traditional > s.simplified {
		return "zh-Hant"
	}
	return "zh-Hans"
}

// The forms of a Han character.
type charForm uint8

const (
	sharedForm charForm = iota
	simplifiedOnly
	traditionalOnly
)

// characterForm returns the form of a character, for the commonest two hundred
// that differ.
func characterForm(r rune) charForm { return charForms[r] }

var charForms = func() map[rune]charForm {
	m := make(map[rune]charForm)
	for _, r := range "们这会来时对国个为业发产经实际动关开门问间长车马见说话认识该谁论试语读让记计设访证评词请课调谈议订讯训写书买卖东乐乡习乱争亏亚亲亿仅从仓仪价众优伟传伤伦伪体余侧俭债倾偿储儿党兰兴养兽冲决况净减凤凭凯击创别刘则刚剂剑剧劝办务劳势华协单卫厂厅历压厌县参双变叶号听启员响园围图团圆圣场坏块坚坛坝坟垄备复够头夹奋奖妇妈娱婴孙学宁宝宪宫宽宾对寻导寿将尔尘尝层属岁岂岗岛岭帅师带帮库应庆废" {
		m[r] = simplifiedOnly
	}
	for _, r := range "們這會來時對國個為業發產經實際動關開門問間長車馬見說話認識該誰論試語讀讓記計設訪證評詞請課調談議訂訊訓寫書買賣東樂鄉習亂爭虧亞親億僅從倉儀價眾優偉傳傷倫偽體餘側儉債傾償儲兒黨蘭興養獸衝決況淨減鳳憑凱擊創別劉則剛劑劍劇勸辦務勞勢華協單衛廠廳歷壓厭縣參雙變葉號聽啟員響園圍圖團圓聖場壞塊堅壇壩墳壟備復夠頭夾奮獎婦媽娛嬰孫學寧寶憲宮寬賓尋導壽將爾塵嘗層屬歲豈崗島嶺帥師帶幫庫應慶廢臺灣與學" {
		if m[r] == simplifiedOnly { // the same in both, such as 余
			delete(m, r)
			continue
		}
		m[r] = traditionalOnly
	}
	return m
}()
