package repro

import (
	"math"
	"strconv"
	"strings"
)

// Text writes a figure with four significant digits, – for an unknown one.
func Text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	return minus(strconv.FormatFloat(v, 'g', 4, 64))
}

func fixed(v float64, decimals int) string {
	if !finite(v) {
		return Text(v)
	}
	return minus(strconv.FormatFloat(v, 'f', decimals, 64))
}

// rateText rounds a proved rate up, with enough digits to tell it from 1.
func rateText(r float64) string {
	if !finite(r) {
		return Text(r)
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
