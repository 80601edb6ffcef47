package plot

import (
	"math"
	"strings"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		about  int
		labels string
		exp    int
	}{
		{0, 10, 5, "0 2 4 6 8 10", 0},
		{-1, 1, 4, "−1.0 −0.5 0.0 0.5 1.0", 0},
		{-0.2, 1.1, 1, "0 1", 0},
		{0, 0.002, 4, "0.0 0.5 1.0 1.5 2.0", -3},
		{0, 4e6, 4, "0 1 2 3 4", 6},
		{1000.001, 1000.003, 2, "1000.001 1000.002 1000.003", 0},
	} {
		got, exp := scale{lo: c.lo, hi: c.hi}.ticks(c.about)
		var labels []string
		for _, k := range got {
			labels = append(labels, k.label)
		}
		if s := strings.Join(labels, " "); s != c.labels || exp != c.exp {
			t.Errorf("[%g, %g]: %q, exponent %d; want %q, %d", c.lo, c.hi, s, exp, c.labels, c.exp)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		about  int
		labels string
	}{
		{-3, 1, 6, "10⁻³ 10⁻² 10⁻¹ 1 10¹"},
		{-12, 0, 4, "10⁻¹² 10⁻⁹ 10⁻⁶ 10⁻³ 1"},
		{-1, 0, 6, "0.1 0.2 0.5 1"},
		{-5, -4, 6, "1·10⁻⁵ 2·10⁻⁵ 5·10⁻⁵ 1·10⁻⁴"},
	} {
		got, _ := scale{log: true, lo: c.lo, hi: c.hi}.ticks(c.about)
		var labels []string
		for _, k := range got {
			if k.label != "" {
				labels = append(labels, k.label)
			}
		}
		if s := strings.Join(labels, " "); s != c.labels {
			t.Errorf("10^[%g, %g]: %q, want %q", c.lo, c.hi, s, c.labels)
		}
	}
}

func TestTimeUnit(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		unit    string
		in      float64 // the stretch in that unit
	}{{1e-4, "µs", 100}, {0.5, "ms", 500}, {4096, "s", 4096}, {36000, "h", 10}, {864000 * 3, "d", 30}} {
		unit, per := TimeUnit(c.seconds)
		if unit != c.unit || math.Abs(c.seconds*per-c.in) > 1e-9*c.in { // two roundings
			t.Errorf("%g s: %g %s, want %g %s", c.seconds, c.seconds*per, unit, c.in, c.unit)
		}
	}
	if unit, _ := TimeUnit(math.NaN()); unit == "" {
		t.Error("no unit for an unknown stretch")
	}
}

func TestLabel(t *testing.T) {
	for _, c := range []struct {
		axis Axis
		exp  int
		want string
	}{
		{Axis{Name: "level", Unit: "V"}, 0, "level [V]"},
		{Axis{Name: "level", Unit: "V"}, -3, "level [10⁻³ V]"},
		{Axis{Name: "count"}, 6, "count [10⁶]"},
		{Axis{Name: "count"}, 0, "count"},
	} {
		if got := c.axis.label(c.exp); got != c.want {
			t.Errorf("%+v: %q, want %q", c.axis, got, c.want)
		}
	}
}
