package cert_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// expectation is what the contract says of an edited file.
type expectation int

const (
	malformed expectation = iota // the file breaks the format: it must not open
	refused                      // it must not be proved; malformed will do
	silent                       // the contract leaves it open; the claim itself is untouched and true
)

// fileEdit breaks the form of a file. s is the certificate the draft was rendered from; it stays true, so a file edit
// that applies never needs the oracle.
type fileEdit struct {
	name  string
	want  expectation
	apply func(g *rand.Rand, d *draft) bool
}

// spot is a place in a JSON tree: its value and how to replace it.
type spot struct {
	key   string
	value any
	set   func(any)
}

func spots(key string, v any, set func(any), visit func(spot)) {
	visit(spot{key, v, set})
	switch v := v.(type) {
	case jObject:
		for i := range v {
			spots(v[i].key, v[i].value, func(x any) { v[i].value = x }, visit)
		}
	case []any:
		for i := range v {
			spots(key, v[i], func(x any) { v[i] = x }, visit)
		}
	}
}

// find picks a random spot of the manifest or the certificate that passes.
func find(g *rand.Rand, d *draft, pass func(spot) bool) (spot, bool) {
	var all []spot
	visit := func(s spot) {
		if pass(s) {
			all = append(all, s)
		}
	}
	if g.IntN(3) == 0 {
		spots("", d.man, func(x any) { d.man = x.(jObject) }, visit)
	} else {
		spots("", d.crt, func(x any) { d.crt = x.(jObject) }, visit)
	}
	if len(all) == 0 {
		return spot{}, false
	}
	return all[g.IntN(len(all))], true
}

func isObject(s spot) bool { o, ok := s.value.(jObject); return ok && len(o) > 0 }
func isNumber(s spot) bool { _, ok := s.value.(jNumber); return ok }
func isList(s spot) bool   { l, ok := s.value.([]any); return ok && len(l) > 0 }
func isRatio(s spot) bool {
	t, ok := s.value.(string)
	return ok && strings.Contains(t, "/") && !strings.Contains(t, "plumb")
}
func isWitnessList(s spot) bool {
	return isList(s) && slices.Contains([]string{"M", "Lambda", "T", "Ty", "Td", "kappa2", "layers", "filter", "eta", "zeta", "units"}, s.key)
}

// atNumber replaces a number by literal text.
func atNumber(text ...string) func(*rand.Rand, *draft) bool {
	return func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isNumber)
		if ok {
			s.set(jNumber(text[g.IntN(len(text))]))
		}
		return ok
	}
}

// respelled replaces a number by the same value in another spelling.
func respelled(g *rand.Rand, d *draft) bool {
	s, ok := find(g, d, isNumber)
	if !ok {
		return false
	}
	t := string(s.value.(jNumber))
	plain := !strings.ContainsAny(t, ".eE")
	switch {
	case plain:
		t = []string{t + ".0", t + "e0", t + "E+00", t + ".000"}[g.IntN(4)]
	case !strings.ContainsAny(t, "eE"):
		t = []string{t + "0", t + "e0", t + "00000000000000000000001"}[g.IntN(3)]
	default:
		return false
	}
	s.set(jNumber(t))
	return true
}

// invalidNumber replaces a number by text that JSON does not allow.
func invalidNumber(g *rand.Rand, d *draft) bool {
	s, ok := find(g, d, isNumber)
	if !ok {
		return false
	}
	t := string(s.value.(jNumber))
	s.set(jNumber([]string{"+" + t, "0" + t, "00", "." + t, t + ".", "0x1p-1", "1_0", t + "f", "- 1", "--1", "1e", t + " " + t}[g.IntN(12)]))
	return true
}

func atRatio(f func(g *rand.Rand, p, q string) string) func(*rand.Rand, *draft) bool {
	return func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isRatio)
		if ok {
			p, q, _ := strings.Cut(s.value.(string), "/")
			s.set(f(g, p, q))
		}
		return ok
	}
}

// badRatio spells a ratio in a way other than "p/q" in lowest terms with q > 0.
func badRatio(g *rand.Rand, p, q string) string {
	return []string{p + "0/" + q + "0", p, p + "/", "/" + q, p + "/0", "-" + p + "/-" + q, p + "/-" + q, "+" + p + "/" + q, "0" + p + "/" + q,
		p + "/0" + q, " " + p + "/" + q, p + "/" + q + " ", p + " / " + q, p + ".0/" + q, "0x1/0x2", p + "/" + q + "/1", "1e0/2", "1_0/11",
		p + "//" + q, "NaN", "Inf", "inf/1", "", p + "/" + q + "\n", "\uff11/" + q, p + "\u2044" + q}[g.IntN(26)]
}

// atText rewrites the text of one of the two documents.
func atText(f func(g *rand.Rand, text string) string) func(*rand.Rand, *draft) bool {
	return func(g *rand.Rand, d *draft) bool {
		if g.IntN(2) == 0 {
			d.manText = f(g, jText(d.man, "%HASH%"))
		} else {
			d.crtText = f(g, jText(d.crt, "%HASH%"))
		}
		return true
	}
}

// oneOf replaces text by one of several.
func oneOf(format ...string) func(g *rand.Rand, text string) string {
	return func(g *rand.Rand, text string) string {
		return strings.ReplaceAll(format[g.IntN(len(format))], "@", strings.TrimSuffix(text, "\n"))
	}
}

func withKey(o jObject, i int, p jPair) jObject {
	return slices.Insert(slices.Clone(o), i, p)
}

var jsonEdits = []fileEdit{
	{"JSON: duplicate key, same value", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := s.value.(jObject)
			i := g.IntN(len(o))
			s.set(withKey(o, i, o[i]))
		}
		return ok
	}},
	{"JSON: duplicate key, other value", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := s.value.(jObject)
			i := g.IntN(len(o))
			p := jPair{o[i].key, []any{nil, "1/2", jNumber("1"), []any{}, jObject{}}[g.IntN(5)]}
			s.set(withKey(o, g.IntN(len(o)+1), p))
		}
		return ok
	}},
	{"JSON: duplicate key in another case", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := s.value.(jObject)
			i := g.IntN(len(o))
			s.set(withKey(o, len(o), jPair{strings.ToUpper(o[i].key), o[i].value}))
			return strings.ToUpper(o[i].key) != o[i].key
		}
		return ok
	}},
	{"JSON: key in another case", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := s.value.(jObject)
			i := g.IntN(len(o))
			k := strings.ToUpper(o[i].key)
			if k == o[i].key {
				k = strings.ToLower(k)
			}
			ok = k != o[i].key
			o[i].key = k
		}
		return ok
	}},
	{"JSON: unknown key", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := s.value.(jObject)
			s.set(withKey(o, g.IntN(len(o)+1), jPair{[]string{"comment", "", "rate ", "Proved", "scale"}[g.IntN(5)], jNumber("1")}))
		}
		return ok
	}},
	{"JSON: missing key", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isObject)
		if ok {
			o := slices.Clone(s.value.(jObject))
			i := g.IntN(len(o))
			s.set(slices.Delete(o, i, i+1))
		}
		return ok
	}},
	{"JSON: wrong type", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool { return s.key != "" && s.value != nil })
		if ok {
			with := []any{true, "x", jNumber("1"), []any{}, jObject{}, []any{[]any{}}}
			switch s.value.(type) {
			case bool:
				with = with[1:]
			case string, jHash:
				with = slices.Delete(with, 1, 2)
			case jNumber:
				with = slices.Delete(with, 2, 3)
			case []any:
				with = with[:3]
			case jObject:
				with = with[:3]
			}
			s.set(with[g.IntN(len(with))])
		}
		return ok
	}},
	{"JSON: null", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool {
			return s.value != nil && s.key != "gain" && s.key != "T" && s.key != "low" && s.key != "high" && s.key != ""
		})
		if ok {
			s.set(nil)
		}
		return ok
	}},
	{"JSON: NaN or infinity", malformed, atNumber("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", "\"NaN\"")},
	{"JSON: overflow", malformed, atNumber("1e400", "-1e400", "1e309", "1.8e308", "1e999999999999", "179769313486231580793728971405301e276")},
	{"JSON: underflow", malformed, atNumber("1e-400", "-1e-999999999", "2e-324")},
	{"JSON: not the shortest spelling", malformed, respelled},
	{"JSON: invalid number", malformed, invalidNumber},
	{"JSON: negative zero", refused, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool {
			return isNumber(s) && (s.key == "Lambda" || s.key == "T" || s.key == "Td" || s.key == "Ty" || s.key == "eta" || s.key == "zeta")
		})
		if ok {
			s.set(jNumber("-0"))
		}
		return ok
	}},
	{"JSON: ratio badly spelled", malformed, atRatio(badRatio)},
	{"JSON: list shortened", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isWitnessList)
		if ok {
			l := s.value.([]any)
			s.set(l[:g.IntN(len(l))])
		}
		return ok
	}},
	{"JSON: list lengthened", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, isWitnessList)
		if ok {
			l := s.value.([]any)
			s.set(append(slices.Clone(l), l[g.IntN(len(l))]))
		}
		return ok
	}},
	{"JSON: members lost or doubled", malformed, func(g *rand.Rand, d *draft) bool {
		for _, o := range []jObject{d.man, d.crt}[g.IntN(2):] {
			for i := range o {
				if o[i].key != "members" {
					continue
				}
				l := o[i].value.([]any)
				if g.IntN(2) == 0 {
					l = append(slices.Clone(l), l[0])
				} else {
					l = l[1:]
				}
				o[i].value = l
				return true
			}
		}
		return false
	}},
	{"JSON: size in manifest changed", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool {
			return slices.Contains([]string{"states", "hidden", "layers", "gate", "width", "units"}, s.key) && isNumber(s)
		})
		if ok {
			old := string(s.value.(jNumber))
			s.set(jNumber([]string{old + "0", old + "1", "-" + old, old + ".5", "4294967296", "99999999999999999999", "1e18"}[g.IntN(7)]))
			return old != "0"
		}
		return ok
	}},
	{"JSON: window longer than the encoder's past", silent, func(g *rand.Rand, d *draft) bool {
		for i := range d.man {
			if d.man[i].key == "window" {
				d.man[i].value = d.man[i].value.(jNumber) + "0"
			}
		}
		return true
	}},
	{"JSON: window shorter than the encoder's past", malformed, func(g *rand.Rand, d *draft) bool {
		for i := range d.man {
			if d.man[i].key == "window" {
				d.man[i].value = map[any]any{jNumber("2"): jNumber("1"), jNumber("3"): jNumber("2"), jNumber("1"): jNumber("0")}[d.man[i].value]
			}
		}
		return true
	}},
	{"JSON: not a document", malformed, atText(oneOf(" ", "null", "[]", "[@]", "{}", "\ufeff@", "@@", "@,", "@ x", "@\x00", "// c\n@", "/**/@", "{@}", "\"a\"", "1", "@\n{}"))},
	{"JSON: truncated", malformed, atText(func(g *rand.Rand, t string) string { return t[:1+g.IntN(len(t)-3)] })},
	{"JSON: trailing comma", malformed, atText(func(g *rand.Rand, t string) string {
		if i := strings.LastIndex(t, "}"); g.IntN(2) == 0 {
			return t[:i] + "," + t[i:]
		}
		return strings.Replace(t, "]", ",]", 1)
	})},
	{"JSON: quotes and escapes", malformed, atText(func(g *rand.Rand, t string) string {
		bad := []string{`'rate'`, `"rate`, "\"ra\xffte\"", "\"rate\\x\"", "\"rate\\ud800\"", "\"rate\t\"", `rate`}[g.IntN(7)]
		return strings.Replace(strings.Replace(t, `"rate"`, bad, 1), `"window"`, strings.Replace(bad, "rate", "window", 1), 1)
	})},
	{"JSON: escaped duplicate key", malformed, atText(func(g *rand.Rand, t string) string {
		t = strings.Replace(t, `"rate":`, `"r\u0061te": "1/100", "rate":`, 1)
		return strings.Replace(t, `"window":`, `"w\u0069ndow": 1, "window":`, 1)
	})},
	{"JSON: deep nesting", malformed, atText(func(g *rand.Rand, t string) string {
		deep := strings.Repeat("[", 200000)
		if g.IntN(2) == 0 {
			deep = strings.Repeat(`{"a":`, 100000)
		}
		return strings.Replace(t, `"members": `, `"members": `+deep, 1)
	})},
	{"JSON: format or claim unknown", malformed, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool { return s.key == "format" || s.key == "claim" || s.key == "kind" })
		if ok {
			t := s.value.(string)
			s.set([]string{t + " ", strings.ToUpper(t), "", t + "\x00", "stable", t + "/2", "unconstrained"}[g.IntN(7)])
		}
		return ok
	}},
	{"JSON: other claim over the same witness", refused, func(g *rand.Rand, d *draft) bool {
		for i := range d.crt {
			if d.crt[i].key == "claim" {
				old := d.crt[i].value
				d.crt[i].value = []string{"contraction", "iss", "bounded", "delta-iss"}[g.IntN(4)]
				if (old == "delta-iss") != (d.crt[i].value == "delta-iss") {
					return true
				}
				// an iss witness without lure members is also one of boundedness, a contraction witness also one of iss
				return old == "iss" && d.crt[i].value == "contraction" || old == "bounded" && d.crt[i].value != old
			}
		}
		return false
	}},
	{"JSON: kind changed", refused, func(g *rand.Rand, d *draft) bool {
		s, ok := find(g, d, func(s spot) bool { return s.key == "kind" })
		if ok {
			k := []string{"lure", "gated", "ssm", "linear", "lstm", "gru"}[g.IntN(6)]
			ok = s.value != k
			s.set(k)
		}
		return ok
	}},
	{"JSON: layout changed", silent, atText(func(g *rand.Rand, t string) string {
		return []string{strings.ReplaceAll(t, "\n", ""), strings.ReplaceAll(t, "\n", "\r\n"), t + "\n", strings.TrimSuffix(t, "\n")}[g.IntN(4)]
	})},
}

func otherHash(d *draft) string {
	sum := sha256.Sum256(append(d.safetensors(), 0))
	return hex.EncodeToString(sum[:])
}

var hashEdits = []fileEdit{
	{"hash: weights changed, hash kept", refused, func(g *rand.Rand, d *draft) bool {
		sum := sha256.Sum256(d.safetensors())
		old := hex.EncodeToString(sum[:])
		t := &d.tensors[g.IntN(len(d.tensors))]
		t.data = slices.Clone(t.data)
		t.data[g.IntN(len(t.data))] ^= 1 << g.IntN(8)
		both := g.IntN(3)
		replaceHash(&d.man, old, both != 1)
		replaceHash(&d.crt, old, both != 2)
		return true
	}},
	{"hash: wrong in one place", malformed, func(g *rand.Rand, d *draft) bool {
		h := []string{otherHash(d), "", strings.Repeat("0", 64), strings.Repeat("f", 63), "sha256:" + otherHash(d)}[g.IntN(5)]
		if g.IntN(2) == 0 {
			replaceHash(&d.man, h, true)
		} else {
			replaceHash(&d.crt, h, true)
		}
		return true
	}},
}

func replaceHash(o *jObject, h string, do bool) {
	for i := range *o {
		if do && (*o)[i].key == "weights_sha256" {
			(*o)[i].value = h
		}
	}
}

// pickTensor returns a random tensor of the draft.
func pickTensor(g *rand.Rand, d *draft) *rawTensor { return &d.tensors[g.IntN(len(d.tensors))] }

func atTensor(f func(g *rand.Rand, t *rawTensor) bool) func(*rand.Rand, *draft) bool {
	return func(g *rand.Rand, d *draft) bool {
		ok := f(g, pickTensor(g, d))
		slices.SortStableFunc(d.tensors, func(a, b rawTensor) int { return strings.Compare(a.name, b.name) })
		return ok
	}
}

func word(values ...float64) func(g *rand.Rand, t *rawTensor) bool {
	return func(g *rand.Rand, t *rawTensor) bool {
		t.data = slices.Clone(t.data)
		binary.LittleEndian.PutUint64(t.data[8*g.IntN(len(t.data)/8):], math.Float64bits(values[g.IntN(len(values))]))
		return true
	}
}
