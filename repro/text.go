package repro

import (
	"math"
	"strconv"
	"strings"
)

// text writes a figure with four significant digits, – for an unknown one. A figure below 1 is never rounded up to 1.
func text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	return minus(plain(v, 4))
}

// plain writes v with so many significant digits, more where it lies closer to 1 than they tell, and without exponent where
// that reads well.
func plain(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'g', digits, 64)
	if back, _ := strconv.ParseFloat(s, 64); back == 1 && v != 1 && digits < 15 {
		return plain(v, digits+1)
	}
	if math.Abs(v) >= 1e4 && math.Abs(v) < 1e7 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return s
}

// upperText writes a proved upper bound with four significant digits, never below it.
func upperText(v float64) string {
	if !finite(v) || v <= 0 {
		return text(v)
	}
	step := math.Pow(10, math.Floor(math.Log10(v))-3)
	for k := math.Ceil(v / step); ; k++ {
		s := plain(k*step, 4)
		if back, _ := strconv.ParseFloat(s, 64); back >= v {
			return s
		}
	}
}

func fixed(v float64, decimals int) string {
	if !finite(v) {
		return text(v)
	}
	return minus(strconv.FormatFloat(v, 'f', decimals, 64))
}

// rateText rounds a proved rate up, with enough digits to tell it from 1.
func rateText(r float64) string {
	if !finite(r) {
		return text(r)
	}
	for n := 4; n <= 15; n++ {
		s := math.Pow(10, float64(n))
		if up := math.Ceil(r*s) / s; up < 1 || r >= 1 {
			return strconv.FormatFloat(up, 'f', n, 64)
		}
	}
	return strconv.FormatFloat(r, 'g', -1, 64)
}

func secondsText(s float64) string {
	return strings.TrimSpace(strconv.FormatFloat(s, 'g', 4, 64) + " s")
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func minus(s string) string { return strings.Replace(s, "-", "−", 1) }
