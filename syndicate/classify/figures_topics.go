package classify

import "strings"

// A topic is something a sentence can be about that tells what its numbers
// mean.
type topic int

const (
	heatTopic topic = iota
	powerTopic
	angleTopic
	indexTopic
	percentTopic
	pennyTopic
	moneyTopic
	offerTopic
	staffTopic

	topicCount
)

// topics are the words that make a sentence be about something, folded.
var topics = [topicCount][]string{
	heatTopic:    {"气温", "零下", "温度", "高温", "低温", "水温", "体温", "升温", "降温", "室温", "degree", "temperature", "heat", "weather", "cold"},
	powerTopic:   {"电"},
	angleTopic:   {"北纬", "南纬", "东经", "西经", "角"},
	indexTopic:   {"指数", "沪指", "股指", "index", "nikkei", "ftse", "dow ", "sensex", "hang seng", "stoxx", "nasdaq", "s&p", "industrial average", "composite"},
	percentTopic: {"%", "percent", "per cent", "pct"},
	pennyTopic:   {"share", "pence", "pound", "£"},
	moneyTopic:   {"dlrs", "cts", "$"},
	offerTopic:   {"subscribed"},
	staffTopic:   {"employ", "attendance", "workforce", "headcount", "spectators", "crowd", "population"},
}

// about reports whether a word of the topic stands anywhere in the sentence.
// The sentence is searched once a topic.
func (r *reader) about(t topic) bool {
	if r.told[t] == 0 {
		if r.folded == "" {
			r.folded = string(r.runes)
		}
		r.told[t] = -1
		for _, w := range topics[t] {
			if strings.Contains(r.folded, w) {
				r.told[t] = 1
				break
			}
		}
	}
	return r.told[t] > 0
}
