package dataset

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// agree compares with strconv.ParseFloat bit for bit; what we call missing, strconv need not know.
func agree(t *testing.T, s string) {
	t.Helper()
	if missing([]byte(s)) {
		return
	}
	want, err := strconv.ParseFloat(s, 64)
	got, ok := parseNumber([]byte(s), '.')
	if ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("%q: %v (%v), strconv says %v (%v)", s, got, ok, want, err)
	}
	if !strings.ContainsAny(s, ".,") {
		return
	}
	comma := strings.NewReplacer(".", ",", ",", ";").Replace(s)
	if g, k := parseNumber([]byte(comma), ','); k != ok || k && math.Float64bits(g) != math.Float64bits(got) {
		t.Errorf("%q with a decimal comma: %v (%v), want %v (%v)", comma, g, k, got, ok)
	}
}

// TestNumbersExact compares with strconv on numbers of every length and size, and on the edges of the fast path.
func TestNumbersExact(t *testing.T) {
	for _, s := range []string{"0", "-0", "+0.0", "1.", ".5", ".", "-", "+", "e5", "1e", "1e+", "1e5", "1E-5", "1e22", "1e23", "1e-22", "1e-23", "9007199254740992",
		"9007199254740993", "90071992547409.93", "0.1", "0.30000000000000004", "1e309", "-1e309", "5e-324", "2e-324", "1e-400", "0e999", "0e99999", "0x1p-2", "1_000",
		"Inf", "-infinity", "+nan", "12345678901234567890", "0.000000000000000000000001", "1e00005", "1e-00005", "--1", "1.2.3", "1 2", "1e5.0", "١", "1\x00"} {
		agree(t, s)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		v := math.Float64frombits(r.Uint64())
		switch r.IntN(4) {
		case 0:
			v = (r.Float64() - 0.5) * 100
		case 1:
			v = r.NormFloat64()
		case 2:
			v = float64(r.IntN(1 << 20))
		}
		if math.IsNaN(v) {
			continue
		}
		agree(t, strconv.FormatFloat(v, "efg"[r.IntN(3)], r.IntN(22)-1, 64))
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"-12.5e-3", "9007199254740993e-22", "0x1p-2", "1,5", "nan"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.ContainsAny(s, ",") {
			agree(t, s)
		}
	})
}
