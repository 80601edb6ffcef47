package cert

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// try runs a reader and returns the *MalformedError that it ended with, if any.
func try(read func()) (err *MalformedError) {
	defer func() {
		if e := recover(); e != nil {
			err = e.(*MalformedError)
		}
	}()
	read()
	return nil
}

func TestNumbersHaveOneSpelling(t *testing.T) {
	for _, s := range []string{"0", "1", "-1", "0.1", "1e-7", "1e+21", "123456789012345680000", "0.000001", "5e-324", "1.7976931348623157e+308"} {
		if err := try(func() { parseJSON("x", []byte(s)).number() }); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"-0", "-0.0", "1.0", "1e0", "1E5", "100000000000000000000000", "1e21", "0.10", "1e-07", "1e400", "-1e400", "1e-400", "2e-324",
		"0.1000000000000000055", "0.30000000000000004441", "true", "null", `"1"`, "[1]"} {
		if err := try(func() { parseJSON("x", []byte(s)).number() }); err == nil {
			t.Errorf("%s was read as a number", s)
		}
	}
	for _, s := range []string{"00", "1.", ".5", "+1", "NaN", "Infinity", "0x1", "1_0", "--1", "1 2", ""} {
		if err := try(func() { parseJSON("x", []byte(s)) }); err == nil {
			t.Errorf("%s was read as JSON", s)
		}
	}
}

func TestIntegersAreDigits(t *testing.T) {
	if got := parseJSON("x", []byte("18446744073709551615")).integer(0, math.MaxUint64); got != math.MaxUint64 {
		t.Errorf("got %d", got)
	}
	for _, s := range []string{"-1", "1.0", "1e1", "18446744073709551616", "65", "3", `"5"`, "null"} {
		if err := try(func() { parseJSON("x", []byte(s)).integer(4, 64) }); err == nil {
			t.Errorf("%s was read as an integer from 4 to 64", s)
		}
	}
}

func TestRatiosAreInLowestTerms(t *testing.T) {
	for _, s := range []string{"1/2", "3/1", "0/1", "-7/3", "1234567890123456789012345678901/10"} {
		if err := try(func() {
			if got := parseJSON("x", []byte(strconv.Quote(s))).ratio(); got.Num().String()+"/"+got.Denom().String() != s {
				t.Errorf("%s became %s", s, got)
			}
		}); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"2/4", "1", "1/", "/2", "1/0", "0/2", "1/-2", "-1/-2", "+1/2", " 1/2", "1/2 ", "01/2", "1/02", "0.5/1", "1e2/3", "-0/1", "1/2/3",
		"--1/2", "0x1/2", "1_1/2", "NaN", "", strings.Repeat("9", maxDigits+1) + "/1"} {
		if err := try(func() { parseJSON("x", []byte(strconv.Quote(s))).ratio() }); err == nil {
			t.Errorf("%.20q was read as a ratio", s)
		}
	}
	if err := try(func() { parseJSON("x", []byte("0.5")).ratio() }); err == nil {
		t.Error("a number was read as a ratio")
	}
}

func TestJSONRefusesWhatReadersDisagreeAbout(t *testing.T) {
	for _, s := range []string{`{"a":1,"a":1}`, `{"a":{"b":1,"b":2}}`, `{"a":1,"\u0061":2}`, "\ufeff{}", `{} {}`, `{}x`, `[1,]`, `{"a":1,}`, `{'a':1}`, `{a:1}`,
		"{\"a\":\"\xff\"}", "[\"a\tb\"]", "// c\n1", strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), strings.Repeat("[", 1e6), `{"\ud800":1}`} {
		if err := try(func() { parseJSON("x", []byte(s)) }); err == nil {
			t.Errorf("%.40q was read", s)
		}
	}
	v := parseJSON("entry", []byte(`{"a": [{"b": 1}], "t": "\ud800"}`))
	for _, c := range []struct {
		read func()
		want string
	}{
		{func() { v.object("a", "t", "c") }, `malformed bundle: entry: the key "c" is missing`},
		{func() { v.object("a") }, "malformed bundle: entry: t: unknown key; want a"},
		{func() { v.object("a", "t")["t"].text() }, "malformed bundle: entry: t: want a string of printable characters, at most 128 bytes"},
		{func() { v.object("a", "t")["a"].list(1, 1)[0].object("b")["b"].text() }, "malformed bundle: entry: a[0].b: want a string of printable characters, at most 128 bytes"},
		{func() { v.object("a", "t")["a"].list(2, 3) }, "malformed bundle: entry: a: want a list of 2 to 3 elements"},
	} {
		if err := try(c.read); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// render writes a parsed tree back, numbers and strings in their legal spelling.
func render(v value) string {
	switch x := v.v.(type) {
	case object:
		var parts []string
		for _, k := range x.keys {
			key, _ := json.Marshal(k)
			parts = append(parts, string(key)+":"+render(x.fields[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []value:
		var parts []string
		for _, e := range x {
			parts = append(parts, render(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	b, _ := json.Marshal(v.v)
	return string(b)
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,true],"b":{"c":"1/2"}}`, `[]`, `{"a":1,"a":2}`, `"\ud800"`, `1e400`, `-0`, "[[[[[[[[[[1]]]]]]]]]]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v value
		if try(func() { v = parseJSON("fuzz", data) }) != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what encoding/json refuses")
		}
		again := parseJSON("fuzz", []byte(render(v)))
		if !reflect.DeepEqual(v, again) {
			t.Fatalf("%s read back as %s", render(v), render(again))
		}
		var x float64
		if try(func() { x = v.number() }) == nil {
			if s, _ := json.Marshal(x); string(s) != strings.TrimSpace(string(data)) {
				t.Fatalf("%q was accepted for %s", data, s)
			}
		}
		if try(func() { v.ratio() }) == nil && len(strings.TrimSpace(string(data))) != len(v.ratio().String())+2 {
			t.Fatalf("%q was accepted for %s", data, v.ratio())
		}
	})
}

// tensorFile renders tensors with the shape [len], in the given order.
func tensorFile(tensors ...Tensor) []byte {
	var data []byte
	var lines []string
	for _, t := range tensors {
		from := len(data)
		data, _ = binary.Append(data, binary.LittleEndian, t.Data)
		name, _ := json.Marshal(t.Name)
		shape, _ := json.Marshal(t.Shape)
		lines = append(lines, fmt.Sprintf(`%s:{"data_offsets":[%d,%d],"dtype":"F64","shape":%s}`, name, from, len(data), shape))
	}
	return withHeader("{"+strings.Join(lines, ",")+"}", data)
}

func withHeader(header string, data []byte) []byte {
	for len(header)%8 != 0 {
		header += " "
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestTensorsAreReadStrictly(t *testing.T) {
	a, b := Tensor{"a", []int{2}, []float64{1, math.Copysign(0, -1)}}, Tensor{"b", []int{1, 2}, []float64{3, 4}}
	got := readTensors(tensorFile(a, b))
	if !reflect.DeepEqual(got, []Tensor{a, b}) {
		t.Errorf("got %v", got)
	}
	half := withHeader(`{"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}`, []byte{0, 0, 0, 0x3f})
	if got := readTensors(half); got[0].Data[0] != 0.5 {
		t.Errorf("float32 0.5 became %v", got)
	}
	good := string(tensorFile(a, b))
	replace := func(old, new string) []byte {
		n := binary.LittleEndian.Uint64([]byte(good))
		return withHeader(strings.TrimSpace(strings.Replace(good[8:8+n], old, new, 1)), []byte(good[8+n:]))
	}
	for name, data := range map[string][]byte{
		"empty": {}, "short": []byte(good[:7]), "no data": []byte(good[:8+binary.LittleEndian.Uint64([]byte(good))]), "truncated": []byte(good[:len(good)-1]), "longer": []byte(good + "x"),
		"unsorted": tensorFile(b, a), "twice": tensorFile(a, a), "nan": tensorFile(Tensor{"a", []int{1}, []float64{math.NaN()}}),
		"inf": tensorFile(Tensor{"a", []int{1}, []float64{math.Inf(-1)}}), "float32 inf": withHeader(`{"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}`, []byte{0, 0, 0x80, 0x7f}),
		"dtype": replace(`"F64"`, `"F16"`), "offset": replace("[0,16]", "[8,16]"), "gap": replace("[16,32]", "[24,32]"), "overlap": replace("[16,32]", "[0,32]"),
		"end": replace("[16,32]", "[16,40]"), "beyond": replace("[16,32]", "[16,1099511627776]"), "shape": replace("[1,2]", "[1,3]"), "zero": replace("[1,2]", "[0,2]"),
		"scalar": replace("[1,2]", "[]"), "three axes": replace("[1,2]", "[1,1,2]"), "negative": replace("[1,2]", "[-1,-2]"), "huge": replace("[1,2]", "[67108864,67108864]"),
		"float offset": replace("[0,16]", "[0.0,16]"), "metadata": replace("{", `{"__metadata__":{"format":"pt"},`), "extra key": replace(`"dtype"`, `"note":1,"dtype"`),
		"list": withHeader("[]", nil), "length not 8": append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, "{}"...), "length huge": append(slices.Repeat([]byte{255}, 8), "{}      "...),
	} {
		err := try(func() { readTensors(data) })
		if err == nil || err.Entry != weightsEntry {
			t.Errorf("%s: got %v, want malformed weights", name, err)
		}
		if e, ok := errors.AsType[*MalformedError](error(err)); !ok || e.Want == "" {
			t.Errorf("%s: the error does not say what was expected", name)
		}
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add(tensorFile(Tensor{"a", []int{2}, []float64{1, 2}}, Tensor{"b", []int{1, 1}, []float64{-3}}))
	f.Add(tensorFile())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var got []Tensor
		if try(func() { got = readTensors(data) }) != nil {
			return
		}
		for i, x := range got {
			if i > 0 && got[i-1].Name >= x.Name {
				t.Fatal("tensors are not sorted")
			}
			if slices.ContainsFunc(x.Data, func(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }) {
				t.Fatal("a number is not finite")
			}
		}
		if again := readTensors(tensorFile(got...)); len(again) != len(got) || len(got) > 0 && !reflect.DeepEqual(got, again) {
			t.Fatal("the tensors do not read back")
		}
	})
}
