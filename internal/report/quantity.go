package report

import (
	"math"
	"strconv"
	"strings"
)

const unknown = "–"

// digits writes v with so many significant digits, without exponent where that reads well.
func digits(v float64, n int) string {
	switch {
	case math.IsNaN(v):
		return unknown
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	case v == 0:
		return "0"
	}
	// The exponent after rounding: 9.996 with three digits is 10.0.
	s := strconv.FormatFloat(v, 'e', n-1, 64)
	mantissa, e, _ := strings.Cut(s, "e")
	p, _ := strconv.Atoi(e) // FormatFloat writes a whole exponent
	if p < -3 || p > 6 {
		return minus(mantissa) + "·10" + superscript(p)
	}
	return minus(strconv.FormatFloat(v, 'f', max(0, n-1-p), 64))
}

func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

func superscript(p int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return '⁻'
		}
		return digits[r-'0']
	}, strconv.Itoa(p))
}

// upper writes a proved upper bound v with n significant digits, rounded up, so that what is printed is proved too.
func upper(v float64, n int) string { return digits(directed(v, n, math.Ceil), n) }

// lower writes a lower bound, rounded down.
func lower(v float64, n int) string { return digits(directed(v, n, math.Floor), n) }

func directed(v float64, n int, round func(float64) float64) float64 {
	if !finite(v) || v == 0 {
		return v
	}
	p := n - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	if p >= 0 {
		s := math.Pow(10, float64(p))
		return round(v*s) / s
	}
	s := math.Pow(10, float64(-p))
	return round(v/s) * s
}

// rate writes a contraction rate below 1, rounded up to six decimals, or to as many as keep it below 1.
func rate(r float64) string {
	if r < 0.01 {
		return upper(r, 3)
	}
	for n := 6; n <= 15; n++ {
		s := math.Pow(10, float64(n))
		if up := math.Ceil(r*s) / s; up < 1 || r >= 1 {
			return strconv.FormatFloat(up, 'f', n, 64)
		}
	}
	return strconv.FormatFloat(r, 'g', -1, 64)
}

// siUnits are the units that take a prefix without misunderstanding.
const siUnits = " V A m N W Pa Hz rad s J T N·m Nm "

// prefix returns the factor and the unit in which figures around v, the smallest of a column, read well.
func prefix(v float64, unit string) (factor float64, scaled string) {
	v = math.Abs(v)
	if !strings.Contains(siUnits, " "+unit+" ") || unit == "" || !(v > 0) || v >= 0.02 {
		return 1, unit
	}
	switch {
	case v >= 2e-5:
		return 1e3, "m" + unit
	case v >= 2e-8:
		return 1e6, "µ" + unit
	}
	return 1e9, "n" + unit
}

// quantity writes one figure with its unit.
func quantity(v float64, unit string) string {
	f, u := prefix(v, unit)
	return strings.TrimSpace(digits(v*f, 3) + " " + u)
}

// count writes a whole number with thousands separated by commas.
func count(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return minus(s)
}

// duration writes a time in seconds.
func duration(s float64) string {
	switch {
	case !finite(s):
		return unknown
	case s >= 2*86400:
		return trimmed(s/86400) + " d"
	case s >= 3*3600:
		return trimmed(s/3600) + " h"
	case s >= 600:
		return trimmed(s/60) + " min"
	}
	f, unit := prefix(s, "s")
	return trimmed(s*f) + " " + unit
}

// trimmed writes three significant digits without the zeros at the end of the fraction.
func trimmed(v float64) string {
	s := digits(v, 3)
	if strings.Contains(s, ".") && !strings.Contains(s, "·") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// samples writes a number of samples and the time they take.
func samples(k int, ts float64) string {
	s := count(k) + " samples"
	if k == 1 {
		s = "1 sample"
	}
	if ts > 0 {
		s += " (" + duration(float64(k)*ts) + ")"
	}
	return s
}

// plural writes a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
