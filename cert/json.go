package cert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MalformedError says where a file breaks the format of docs/bundle.md and what was expected there.
type MalformedError struct {
	Entry string // entry of the archive; "" for the archive itself
	Field string // field or tensor inside the entry; "" for the entry itself
	Want  string
}

func (e *MalformedError) Error() string {
	parts := []string{"malformed bundle", e.Entry, e.Field, e.Want}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// malformed stops reading. The reader's functions end by panicking with *MalformedError, which Open returns.
func malformed(entry, field, format string, args ...any) {
	panic(&MalformedError{entry, field, fmt.Sprintf(format, args...)})
}

// value is a JSON value with its place. v is nil, bool, string, json.Number, []value or object.
type value struct {
	entry, path string
	v           any
}

type object struct {
	keys   []string // in the order of the file
	fields map[string]value
}

func (v value) fail(format string, args ...any) { malformed(v.entry, v.path, format, args...) }

// parseJSON reads one JSON value. Beyond the grammar it refuses what readers disagree about: duplicate keys, invalid
// UTF-8, unpaired surrogates, byte order marks, text after the value, deep nesting. Keys and numbers are judged by the
// methods of value. Commas and paths are limited because each value takes memory for itself and its path.
func parseJSON(entry string, data []byte) value {
	root := value{entry: entry}
	if !utf8.Valid(data) || !json.Valid(data) || bytes.Count(data, []byte(",")) > maxCommas || bytes.Count(data, []byte("{")) > maxObjects {
		root.fail("want JSON, with at most %d commas and %d opening braces", maxCommas, maxObjects)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return parseValue(d, root, 0)
}

// parseValue reads a value of valid JSON, so that the decoder cannot fail.
func parseValue(d *json.Decoder, at value, depth int) value {
	if depth > maxDepth || len(at.path) > maxText {
		at.fail("want at most %d levels of nesting, and keys below %d bytes together", maxDepth, maxText)
	}
	t, _ := d.Token()
	switch t {
	case json.Delim('{'):
		o := object{fields: map[string]value{}}
		for d.More() {
			key := parseValue(d, at, depth).text()
			child := value{entry: at.entry, path: strings.TrimPrefix(at.path+"."+key, ".")}
			if _, twice := o.fields[key]; twice {
				child.fail("the key occurs twice")
			}
			o.keys = append(o.keys, key)
			o.fields[key] = parseValue(d, child, depth+1)
		}
		d.Token()
		at.v = o
	case json.Delim('['):
		l := []value{}
		for d.More() {
			child := value{entry: at.entry, path: fmt.Sprintf("%s[%d]", at.path, len(l))}
			l = append(l, parseValue(d, child, depth+1))
		}
		d.Token()
		at.v = l
	default:
		at.v = t
	}
	return at
}

// object returns the fields of an object that has exactly these keys.
func (v value) object(keys ...string) map[string]value {
	o, ok := v.v.(object)
	if !ok {
		v.fail("want an object with the keys %s", strings.Join(keys, ", "))
	}
	for _, k := range o.keys {
		if !slices.Contains(keys, k) {
			o.fields[k].fail("unknown key; want %s", strings.Join(keys, ", "))
		}
	}
	for _, k := range keys {
		if _, ok := o.fields[k]; !ok {
			v.fail("the key %q is missing", k)
		}
	}
	return o.fields
}

// field returns the value of one key of an object.
func (v value) field(key string) value {
	o, _ := v.v.(object)
	x, ok := o.fields[key]
	if !ok {
		v.fail("want an object; the key %q is missing", key)
	}
	return x
}

// list returns a list whose length lies in [lo, hi].
func (v value) list(lo, hi int) []value {
	l, ok := v.v.([]value)
	if !ok || len(l) < lo || len(l) > hi {
		v.fail("want a list of %d to %d elements", lo, hi)
	}
	return l
}

func (v value) null() bool { return v.v == nil }

// Printable reports whether s may stand in a bundle: at most 128 bytes that a terminal prints as they are. U+FFFD is refused because the
// decoder puts it for unpaired surrogates.
func Printable(s string) bool {
	return len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
}

func (v value) text() string {
	s, ok := v.v.(string)
	if !ok || !Printable(s) {
		v.fail("want a string of printable characters, at most %d bytes", maxText)
	}
	return s
}

// choice returns one of these words.
func (v value) choice(words string) string {
	s := v.text()
	if !slices.Contains(strings.Fields(words), s) {
		v.fail("want one of %s", strings.ReplaceAll(words, " ", ", "))
	}
	return s
}

func (v value) boolean() bool {
	if v.v != true && v.v != false {
		v.fail("want true or false")
	}
	return v.v == true
}

// number returns a finite float64 that is written in its one legal spelling: the shortest decimal that reads back as
// the same float64, laid out as ECMAScript and encoding/json do. Negative zero has no legal spelling.
func (v value) number() float64 {
	n, ok := v.v.(json.Number)
	x, err := strconv.ParseFloat(string(n), 64)
	if !ok || err != nil {
		v.fail("want a number within the range of float64")
	}
	if s, _ := json.Marshal(x); string(s) != string(n) || n == "-0" {
		v.fail("want the shortest round-trip decimal %s, got %.40s", s, n)
	}
	return x
}

// integer returns a whole number in [lo, hi], written as plain decimal digits.
func (v value) integer(lo, hi uint64) uint64 {
	n, ok := v.v.(json.Number)
	x, err := strconv.ParseUint(string(n), 10, 64)
	if !ok || err != nil || x < lo || x > hi || strconv.FormatUint(x, 10) != string(n) {
		v.fail("want an integer from %d to %d", lo, hi)
	}
	return x
}

func (v value) size(lo, hi int) int { return int(v.integer(uint64(lo), uint64(hi))) }

// ratio returns p/q from "p/q" in lowest terms, q > 0.
func (v value) ratio() *big.Rat {
	s, ok := v.v.(string)
	num, den, _ := strings.Cut(s, "/")
	if ok && digits(strings.TrimPrefix(num, "-")) && digits(den) {
		if r, ok := new(big.Rat).SetString(s); ok && r.Num().String()+"/"+r.Denom().String() == s {
			return r
		}
	}
	v.fail(`want a ratio "p/q" in lowest terms, q > 0, at most %d digits each`, maxDigits)
	return nil
}

func digits(s string) bool {
	return s != "" && len(s) <= maxDigits && strings.Trim(s, "0123456789") == "" && (s[0] != '0' || s == "0") // "x/0" fails in SetString
}

// gather reads each element of a list.
func gather[T any](list []value, read func(value) T) []T {
	var out []T
	for _, e := range list {
		out = append(out, read(e))
	}
	return out
}

// numbers returns a list of exactly n numbers.
func (v value) numbers(n int) []float64 { return gather(v.list(n, n), value.number) }

// square returns an n x n matrix, written as a list of rows, in row-major order.
func (v value) square(n int) []float64 {
	return slices.Concat(gather(v.list(n, n), func(row value) []float64 { return row.numbers(n) })...)
}
