package classify

import "strings"

// englishUnits are the units of English sentences, folded.
var englishUnits = map[string]unit{
	"%": {"ratio", 0.01, measure}, "pct": {"ratio", 0.01, measure}, "percent": {"ratio", 0.01, measure}, "per cent": {"ratio", 0.01, measure},
	"percentage point": {"pp", 1, measure}, "percentage points": {"pp", 1, measure}, "pct points": {"pp", 1, measure}, "pct point": {"pp", 1, measure},
	"basis point": {"bp", 1, measure}, "basis points": {"bp", 1, measure}, "bps": {"bp", 1, measure},
	"point": {"index", 1, point}, "points": {"index", 1, point}, "times": {"times", 1, measure}, "fold": {"times", 1, measure},

	"dlr": {"USD", 1, measure}, "dlrs": {"USD", 1, measure}, "dollar": {"USD", 1, measure}, "dollars": {"USD", 1, measure},
	"us dollars": {"USD", 1, measure}, "u.s. dlrs": {"USD", 1, measure}, "cts": {"USD", 0.01, measure}, "cents": {"USD", 0.01, measure},
	"stg": {"GBP", 1, measure}, "pounds": {"GBP", 1, measure}, "pounds sterling": {"GBP", 1, measure}, "pence": {"GBP", 0.01, measure},
	"euro": {"EUR", 1, measure}, "euros": {"EUR", 1, measure}, "yen": {"JPY", 1, measure}, "yuan": {"元", 1, measure}, "rmb": {"元", 1, measure},
	"mark": {"DEM", 1, measure}, "marks": {"DEM", 1, measure}, "francs": {"FRF", 1, measure}, "rupees": {"INR", 1, measure}, "pesos": {"MXN", 1, measure}, "kroner": {"NOK", 1, measure}, "reais": {"BRL", 1, measure}, "dirhams": {"AED", 1, measure},
	"hk dlrs": {"HKD", 1, measure}, "canadian dlrs": {"CAD", 1, measure}, "australian dlrs": {"AUD", 1, measure}, "hong kong dollars": {"HKD", 1, measure},
	"australian dollars": {"AUD", 1, measure}, "canadian dollars": {"CAD", 1, measure}, "won": {"KRW", 1, cubic}, "roubles": {"RUB", 1, measure},

	"km": {"m", 1e3, measure}, "kilometre": {"m", 1e3, measure}, "kilometres": {"m", 1e3, measure}, "kilometer": {"m", 1e3, measure}, "kilometers": {"m", 1e3, measure},
	"mile": {"m", 1609.344, measure}, "miles": {"m", 1609.344, measure}, "nautical miles": {"m", 1852, measure},
	"metre": {"m", 1, measure}, "metres": {"m", 1, measure}, "meter": {"m", 1, measure}, "meters": {"m", 1, measure}, "m": {"m", 1, measure},
	"cm": {"m", 1e-2, measure}, "mm": {"m", 1e-3, measure}, "nm": {"m", 1e-9, measure}, "inch": {"m", 0.0254, measure}, "inches": {"m", 0.0254, measure},
	"foot": {"m", 0.3048, measure}, "feet": {"m", 0.3048, measure}, "ft": {"m", 0.3048, measure}, "yards": {"m", 0.9144, measure},
	"square metres": {"m2", 1, measure}, "square meters": {"m2", 1, measure}, "square feet": {"m2", 0.09290304, measure},
	"square kilometres": {"m2", 1e6, measure}, "square kilometers": {"m2", 1e6, measure}, "square km": {"m2", 1e6, measure}, "sq km": {"m2", 1e6, measure}, "sq m": {"m2", 1, measure}, "sq metres": {"m2", 1, measure}, "sq meters": {"m2", 1, measure},
	"sq ft": {"m2", 0.09290304, measure}, "sq feet": {"m2", 0.09290304, measure}, "sq miles": {"m2", 2589988.11, measure},
	"square miles": {"m2", 2589988.11, measure}, "acre": {"m2", 4046.8564, measure}, "acres": {"m2", 4046.8564, measure},
	"hectare": {"m2", 1e4, measure}, "hectares": {"m2", 1e4, measure},
	"cubic metre": {"m3", 1, measure}, "cubic metres": {"m3", 1, measure}, "cubic meters": {"m3", 1, measure}, "cubic feet": {"m3", 0.028316847, measure},
	"litres": {"m3", 1e-3, measure}, "liters": {"m3", 1e-3, measure}, "gallons": {"m3", 3.785411784e-3, measure},
	"km/h": {"kmh", 1, measure}, "kph": {"kmh", 1, measure}, "mph": {"kmh", 1.609344, measure}, "miles per hour": {"kmh", 1.609344, measure},
	"kilometres per hour": {"kmh", 1, measure}, "kilometers per hour": {"kmh", 1, measure}, "miles an hour": {"kmh", 1.609344, measure},
	"tonne": {"t", 1, measure}, "tonnes": {"t", 1, measure}, "ton": {"t", 1, measure}, "tons": {"t", 1, measure}, "metric tons": {"t", 1, measure},
	"kg": {"t", 1e-3, measure}, "kilograms": {"t", 1e-3, measure}, "kilos": {"t", 1e-3, measure}, "lbs": {"t", 4.5359237e-4, measure},
	"ounces": {"t", 2.8349523e-5, measure}, "grams": {"t", 1e-6, measure},
	"bpd": {"bpd", 1, measure}, "barrels per day": {"bpd", 1, measure}, "barrels a day": {"bpd", 1, measure}, "barrels daily": {"bpd", 1, measure},
	"mw": {"kW", 1e3, measure}, "megawatt": {"kW", 1e3, measure}, "megawatts": {"kW", 1e3, measure}, "gw": {"kW", 1e6, measure},
	"gigawatt": {"kW", 1e6, measure}, "gigawatts": {"kW", 1e6, measure}, "kw": {"kW", 1, measure}, "kilowatts": {"kW", 1, measure}, "kilowatt": {"kW", 1, measure},
	"kwh": {"kWh", 1, measure}, "kilowatt-hours": {"kWh", 1, measure}, "mwh": {"kWh", 1e3, measure}, "gwh": {"kWh", 1e6, measure}, "twh": {"kWh", 1e9, measure},
	"megawatt hours": {"kWh", 1e3, measure}, "gigawatt hours": {"kWh", 1e6, measure}, "megawatt-hours": {"kWh", 1e3, measure}, "gigawatt-hours": {"kWh", 1e6, measure}, "terawatt hours": {"kWh", 1e9, measure}, "terawatt-hours": {"kWh", 1e9, measure}, "kilowatt hours": {"kWh", 1, measure},
	"volts": {"V", 1, measure}, "kv": {"V", 1e3, measure}, "teu": {"TEU", 1, measure}, "teus": {"TEU", 1, measure},
	"degrees celsius": {"C", 1, measure}, "°": {"C", 1, measure}, "℃": {"C", 1, measure},

	"year": {"year", 1, years}, "years": {"year", 1, years}, "month": {"month", 1, span}, "months": {"month", 1, span}, "mths": {"month", 1, span}, "week": {"day", 7, span},
	"weeks": {"day", 7, span}, "day": {"day", 1, span}, "days": {"day", 1, span}, "working days": {"day", 1, span}, "hour": {"minute", 60, span},
	"hours": {"minute", 60, span}, "minute": {"minute", 1, span}, "minutes": {"minute", 1, span}, "seconds": {"minute", 1.0 / 60, span},
	"decades": {"year", 10, years}, "hrs": {"minute", 60, span}, "mins": {"minute", 1, span},
}

// moneySigns are the currencies that a sign before the number stands for.
var moneySigns = map[rune]string{'$': "USD", '£': "GBP", '€': "EUR", '¥': "JPY", '￥': "JPY", '₹': "INR", '₩': "KRW"}

// moneyPrefixes are what can stand before a number instead, folded.
var moneyPrefixes = []struct{ prefix, code string }{
	{"us$", "USD"},
	{"us $", "USD"},
	{"u.s.$", "USD"},
	{"a$", "AUD"},
	{"hk$", "HKD"},
	{"c$", "CAD"},
	{"nz$", "NZD"},
	{"s$", "SGD"},
	{"nt$", "TWD"},
	{"usd", "USD"},
	{"eur", "EUR"},
	{"gbp", "GBP"},
	{"jpy", "JPY"},
	{"rmb", "元"},
	{"cny", "元"},
	{"inr", "INR"},
	{"rs.", "INR"},
	{"rs", "INR"},
}

// numberWords are the numbers that English writes out.
var numberWords = map[string]float64{
	"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
	"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "one": 1,
}

// articleNumbers are the words that make a number of a scale: half a million.
var articleNumbers = []struct {
	words string
	value float64
}{
	{"half a ", 0.5},
	{"a quarter of a ", 0.25},
	{"three-quarters of a ", 0.75},
	{"a ", 1},
}

// scaleWords are the words that scale a number.
var scaleWords = map[string]float64{
	"dozen": 12, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "lakh": 1e5, "crore": 1e7, "crores": 1e7,
	"mln": 1e6, "bln": 1e9, "trln": 1e12, "mn": 1e6, "bn": 1e9, "tn": 1e12, "trn": 1e12, "m": 1e6, "k": 1e3, "b": 1e9,
}

// bigWords are those of them that an article may stand before.
var bigWords = map[string]bool{"dozen": true, "hundred": true, "thousand": true, "million": true, "billion": true, "trillion": true}

// hints are the beginnings of words by which a sentence without digits may
// state a figure.
var hints = []string{"half", "third", "quarter", "doubl", "tripl", "trebl", "quadrupl", "twice", "fold", "dozen", "hundred", "thousand", "illion", "fifth", "tenth"}

// wordNumber reports whether a sentence may hold a number written out.
func wordNumber(s string) bool {
	s = strings.ToLower(s)
	for w := range numberWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	for _, w := range hints {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

var months = []string{
	"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
	"jan", "feb", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "jan.", "feb.", "aug.", "sept.", "oct.", "nov.", "dec.",
}

var weekdays = wordSet("monday tuesday wednesday thursday friday saturday sunday")

// nameWords are words whose number is part of a name, wherever they stand.
var nameWords = wordSet("fortune forbes ftse s&p nikkei dax cac nasdaq russell stoxx group gate flight route highway interstate windows boeing airbus article " +
	"section chapter unit no no. room hall platform line phase type model class level version volume page figure table channel bus box act formula grade tier " +
	"aged number nos building catch euro")

// personEndings are the endings of nouns for those who do something.
var personEndings = []string{"ers", "ors", "ists", "ians", "ees"}

// notPersons are plurals that end so and name things or firms.
var notPersons = wordSet("containers computers centers centres orders trailers tankers numbers papers newspapers towers quarters letters carriers boilers covers " +
	"offers powers layers servers scooters motors reactors tractors sectors factors doors floors colors errors monitors processors transistors semiconductors " +
	"generators conductors elevators meters chambers rivers freighters bombers fighters helicopters steamers liners cruisers lenders retailers carmakers " +
	"automakers makers insurers suppliers producers exporters importers manufacturers operators contractors distributors carriers brokers publishers growers " +
	"trees fees committees guarantees degrees knees lists members' posters stickers chargers freezers printers scanners routers sensors detectors corridors " +
	"harbors anchors vectors donors' customers' matters barriers borders clusters counters filters folders headquarters hangers ladders lasers locomotors mergers " +
	"offenders' partners powders properties quavers registers rollers screws sealers shelters shutters smartmeters speakers stoppers tenders theaters timers " +
	"transfers transformers transponders turbochargers vapors visors vouchers walkers' waters wafers winners' years others parameters adapters drawers bunkers " +
	"bidders acquirers emitters polluters refiners shippers smelters steelmakers chipmakers drugmakers airliners jetliners copiers burners coolers heaters mixers")

// englishNouns are words after a number that name people, plurals without s,
// and (with no unit) words that end the search for what it counts.
var englishNouns = nounTable(
	"people workers employees fans passengers students residents staff patients soldiers customers subscribers users miners farmers "+
		"voters victims men women children tourists visitors players commuters migrants refugees teachers nurses doctors immigrants shareholders "+
		"donors technicians engineers members troops police officers pupils spectators runners readers viewers travellers travelers families' "+
		"killed dead injured hurt wounded deaths hostages prisoners executives managers directors scientists volunteers pilots guards agents clients guests graduates apprentices recruits athletes inmates parents babies girls boys adults citizens "+
		"civilians suspects tenants delegates candidates households' pensioners people's teenagers persons",
	"aircraft sheep fish cattle homes",
	"of to in and the for from at per by or a an on with as than more out after before since last is was were are has have had will would "+
		"his her its their this that which who percent pct years days months hours weeks us times vs against over under about into yes "+
		"across always perhaps unless because but if when while said says plus minus till until this's news business process series's next first second "+
		"goes does gets gives makes takes comes rises falls shows sees",
)

func nounTable(persons, things, stops string) map[string]unit {
	t := map[string]unit{}
	for _, w := range strings.Fields(persons) {
		t[w] = unit{"person", 1, classifier}
	}
	for _, w := range strings.Fields(things) {
		t[w] = unit{"count", 1, classifier}
	}
	for _, w := range strings.Fields(stops) {
		t[w] = unit{}
	}
	return t
}
