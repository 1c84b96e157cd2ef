package syndicate_test

import (
	"testing"
	"unicode/utf8"

	"broadsheet/syndicate"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"case", "Loan LOAN", "loan loan"},
		{"case past ASCII", "ÉCOLE Ж", "école ж"},
		{"width", "ＡＢＣ１２３％，　ｘ", "abc123%, x"},
		{"traditional characters", "貸款與銀行、鐵路開工", "贷款与银行、铁路开工"},
		{"variants", "後臺 裏面 羣眾 強勢", "后台 里面 群众 强势"},
		{"simplified text stays", "贷款与银行、铁路开工", "贷款与银行、铁路开工"},
		{"characters that both scripts have stay", "著名 像 覆盖", "著名 像 覆盖"},
		{"kana and emoji stay", "カメラ🚢", "カメラ🚢"},
		{"empty", "", ""},
	} {
		if got := syndicate.Fold(c.in); got != c.want {
			t.Errorf("%s: Fold(%q) = %q, want %q", c.why, c.in, got, c.want)
		}
	}
}

func TestFoldRuneIsFinal(t *testing.T) {
	changed := 0
	for r := rune(0); r <= 0x1FFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := syndicate.FoldRune(r)
		if again := syndicate.FoldRune(folded); again != folded {
			t.Fatalf("FoldRune(%q) = %q, which folds to %q", r, folded, again)
		}
		if r >= 0x4E00 && r <= 0x9FFF {
			if folded != r {
				changed++
			}
			if utf8.RuneLen(folded) != 3 {
				t.Fatalf("FoldRune(%q) = %q is not as long", r, folded)
			}
		}
	}
	if changed < 2500 {
		t.Errorf("%d traditional characters fold, want 2500 or more", changed)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("鐵路 ＡＢＣ Loan")
	f.Fuzz(func(t *testing.T, s string) {
		folded := syndicate.Fold(s)
		if utf8.RuneCountInString(folded) != utf8.RuneCountInString(s) {
			t.Fatalf("Fold(%q) = %q: another number of runes", s, folded)
		}
		if again := syndicate.Fold(folded); again != folded {
			t.Fatalf("Fold is not final: %q, %q", folded, again)
		}
	})
}

func BenchmarkFoldRune(b *testing.B) {
	text := []rune("江城南岸的新碼頭上周完成驗收 the first ship carried 300 boxes")
	b.SetBytes(int64(len(string(text))))
	for b.Loop() {
		for _, r := range text {
			_ = syndicate.FoldRune(r)
		}
	}
}
