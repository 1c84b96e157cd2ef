package classify_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"broadsheet/syndicate"
)

func TestGist(t *testing.T) {
	c := newClassifier(t, nil)
	long := strings.Repeat("江城南岸的码头工人起得很早", 12)
	for _, x := range []struct{ why, title, text, want string }{
		{"the lead, then the main figure", "码头竣工", "南岸码头昨天竣工。岸边人很多。工程总投资26亿元。天气晴好。", "南岸码头昨天竣工。工程总投资26亿元。"},
		{"money before what is counted", "码头竣工", "南岸码头昨天竣工。来了300人。工程总投资26亿元。", "南岸码头昨天竣工。工程总投资26亿元。"},
		{"the lead where nothing is counted", "码头竣工", "南岸码头昨天竣工。岸边人很多。天气晴好。", "南岸码头昨天竣工。岸边人很多。"},
		{"no heads", "码头竣工", "一、最新消息 南岸码头昨天竣工。 二、投资 共花26亿元。", "南岸码头昨天竣工。共花26亿元。"},
		{"not the title again", "码头竣工。", "码头竣工。\n南岸码头昨天竣工。", "南岸码头昨天竣工。"},
		{"whole sentences only", "码头竣工", "南岸码头昨天竣工。图为码头", "南岸码头昨天竣工。"},
		{"one sentence too long", "码头", strings.Repeat("码头竣工人多船多", 8) + "," + long + "。", strings.Repeat("码头竣工人多船多", 8) + "……"},
		{"no room for a second one", "码头", strings.Repeat("江城码头的人起得早", 12) + "。共花26亿元。" + long + "。", strings.Repeat("江城码头的人起得早", 12) + "。共花26亿元。"},
		{"no sentence at all", "码头", "南岸码头竣工", "南岸码头竣工"},
		{"English", "Yard opens", "The yard opened on Monday. It rained. It cost $26 million to build.", "The yard opened on Monday. It cost $26 million to build."},
		{"English abbreviations", "Yard opens", "Mr. Lee of the U.S. opened the yard.", "Mr. Lee of the U.S. opened the yard."},
		{"nothing", "码头", "", ""},
		{"no reporter, no credits", "码头", "本报讯（记者 张三 通讯员 李四）南岸码头昨天竣工。共花26亿元。责任编辑：王五。", "南岸码头昨天竣工。共花26亿元。"},
		{"no dateline", "码头", "新华社江城11月3日电（记者张三）南岸码头3日竣工。（完）", "南岸码头3日竣工。"},
		{"a call is no dateline", "码头", "他给本报来电说船到了。", "他给本报来电说船到了。"},
		{"no calls to readers", "码头", "来源：江城日报\n扫描二维码关注我们。\n南岸码头昨天竣工。点击查看更多。", "南岸码头昨天竣工。"},
		{"readers in the news", "码头", "点击率三天内增长两成。关注民生是会议的主题。", "点击率三天内增长两成。关注民生是会议的主题。"},
		{"no prefix of a series", "码头", "【快讯】南岸码头昨天竣工。", "南岸码头昨天竣工。"},
		{"a quotation of two sentences", "码头", "“谢谢大家。我们很高兴。”码头经理说。", "“谢谢大家。我们很高兴。”码头经理说。"},
		{"a quotation that never closes", "码头", "“谢谢大家。南岸码头昨天竣工。", "南岸码头昨天竣工。"},
		{"a date begins the second one", "码头", "南岸码头昨天竣工。3月末船来了。", "南岸码头昨天竣工。3月末船来了。"},
		{"an English dateline", "Yard", "LONDON, Nov 3 (Reuters) - The yard opened. Sign up for our newsletter. It cost $26 million.", "The yard opened. It cost $26 million."},
		{"another", "Yard", "NEW DELHI, AUG 29: The yard opened.", "The yard opened."},
		{"an acronym is no dateline", "Yard", "NASA - the agency - opened a yard.", "NASA - the agency - opened a yard."},
		{"credits at the end", "Yard", "The yard opened. Reporting by Ann Lee; editing by Bo Fox.", "The yard opened."},
		{"an English quotation", "Yard", "\"We open today. It is a good day,\" said Lee. It cost $26 million.", "\"We open today. It is a good day,\" said Lee. It cost $26 million."},
	} {
		got := c.Classify(&syndicate.Article{Title: x.title, Text: x.text}, nil).Gist
		if got != x.want {
			t.Errorf("%s: %q, want %q", x.why, got, x.want)
		}
		if n := utf8.RuneCountInString(got); n > 122 {
			t.Errorf("%s: %d characters", x.why, n)
		}
	}
	if got := c.Classify(&syndicate.Article{Title: "码头", Summary: "南岸码头竣工。"}, nil).Gist; got != "南岸码头竣工。" {
		t.Errorf("of a summary alone: %q", got)
	}
}
