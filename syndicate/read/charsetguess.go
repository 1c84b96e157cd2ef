package read

import (
	"strings"
	"unicode"
)

// Characters that make up a good part of any text of a language. A wrong
// decoding of Han text yields rare characters, so a handful is enough.
const (
	commonHans = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处理世"
	commonHant = "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而方後多定行學法所民得經三之進著等部度家電力裡如水化高自二理起小物現實加量都兩體制機當使點從業本去把性好應開它合還因由其些然前外天政四日那社義事平形相全表間樣與關各重新線內數正心反你明看原又麼利比或但質氣第向道命此變條只沒結解問意建月公無系軍很情者最立代想已通並提直題黨程展五果料象員革位入常文總次品式活設及管特件長求老頭基資邊流路級少圖山統接知較將組見計別她手角期根論運農指幾九區強放決西被幹做必戰先回則任取據處理世颱風報院讀"
)

// A candidate is a charset that a document may be written in.
type candidate struct {
	label string
	lang  string          // a source of this language is likelier to use it
	score func(rune) int8 // what a character says for it
}

// candidates in the order in which ties are decided.
func candidates() []candidate {
	return []candidate{
		{"gb18030", "zh", hanScore(commonHans)},
		{"big5", "zh-Hant", hanScore(commonHant)},
		{"shift_jis", "ja", kanaScore},
		{"euc-jp", "ja", kanaScore},
		{"euc-kr", "ko", hangulScore},
		{"windows-1251", "ru", cyrillicScore},
		{"koi8-r", "ru", cyrillicScore},
		{"iso-8859-5", "ru", cyrillicScore},
		{"windows-1252", "fr", latinScore},
	}
}

// guessCharset returns the label of the charset that b, which is not UTF-8,
// most probably is written in, or "". Each charset's reading of the first
// 64 KiB is judged by how much it looks like text of its language.
func guessCharset(b []byte, language string) string {
	b = b[:min(len(b), 64<<10)]
	best, bestScore := "", 0.0
	for _, c := range candidates() {
		score := c.judge(b)
		if language != "" && strings.HasPrefix(language, c.lang) {
			score *= 1.2
		}
		if score > bestScore {
			best, bestScore = c.label, score
		}
	}
	return best
}

// judge returns how much b, read as c, looks like text: the mean score of its
// characters outside ASCII.
func (c candidate) judge(b []byte) float64 {
	enc := encodingOf(c.label)
	if enc == nil {
		return 0
	}
	sum, n := 0, 0
	for _, r := range string(convert(b, enc)) {
		if r < 0x80 {
			continue
		}
		n++
		if r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cc, r) {
			sum -= 20
			continue
		}
		sum += int(c.score(r))
	}
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

// hanScore scores Chinese: common characters, then punctuation, then others.
func hanScore(common string) func(rune) int8 {
	set := make(map[rune]bool, len(common)/3)
	for _, r := range common {
		set[r] = true
	}
	return func(r rune) int8 {
		switch {
		case set[r]:
			return 10
		case cjkPunctuation(r):
			return 6
		case r >= 0x4e00 && r <= 0x9fff:
			return 2
		}
		return -2
	}
}

// kanaScore scores Japanese, which no text is without kana.
func kanaScore(r rune) int8 {
	switch {
	case r >= 0x3041 && r <= 0x30ff:
		return 10
	case cjkPunctuation(r):
		return 6
	case r >= 0x4e00 && r <= 0x9fff:
		return 2
	case r >= 0xff61 && r <= 0xff9f: // half-width kana: what wrong readings are full of
		return -6
	}
	return -2
}

// hangulScore scores Korean.
func hangulScore(r rune) int8 {
	switch {
	case r >= 0xac00 && r <= 0xd7a3:
		return 7
	case cjkPunctuation(r):
		return 5
	}
	return -2
}

// cyrillicScore scores Russian: lower case outweighs upper case in any text,
// and tells KOI8-R from windows-1251.
func cyrillicScore(r rune) int8 {
	switch {
	case strings.ContainsRune("оеаинтсрвл", r):
		return 8
	case r >= 'а' && r <= 'я' || r == 'ё':
		return 4
	case r == '«' || r == '»' || r == '—' || r == '№':
		return 4
	case r >= 'А' && r <= 'Я':
		return 0
	}
	return -4
}

// latinScore scores the languages of western Europe.
func latinScore(r rune) int8 {
	switch {
	case strings.ContainsRune("éèêëàâäáãåæçñóòôöõøœíìîïúùûüßÉÀÇÖÜŒ", r):
		return 5
	case strings.ContainsRune("«»“”‘’–—…€°£·", r):
		return 4
	}
	return -3
}

// cjkPunctuation reports whether r is punctuation of East Asian text.
func cjkPunctuation(r rune) bool {
	return r >= 0x3000 && r <= 0x301f || strings.ContainsRune("，。！？；：（）“”‘’—…·￥", r)
}
