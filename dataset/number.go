package dataset

import (
	"math"
	"strconv"
)

// pow10 are the powers of ten that float64 holds exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

const (
	exactMantissa = 1 << 53 // integers up to here are exact in float64
	maxDigits     = 19      // decimal digits that always fit a uint64
)

// scanNumber reads a decimal number at b[i:] and returns it with the index after it. It takes only numbers whose value
// follows with one correctly rounded operation (Clinger 1990: mantissa up to 2^53, power of ten up to 22), so the
// result is exactly strconv.ParseFloat's; for everything else it returns ok = false and the caller asks strconv.
func scanNumber(b []byte, i int, decimal byte) (v float64, next int, ok bool) {
	n := len(b)
	negative := false
	if i < n && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	var m uint64
	start := i
	for i < n && b[i]-'0' <= 9 {
		m = m*10 + uint64(b[i]-'0')
		i++
	}
	digits, exp := i-start, 0
	if i < n && b[i] == decimal {
		i++
		frac := i
		for i < n && b[i]-'0' <= 9 {
			m = m*10 + uint64(b[i]-'0')
			i++
		}
		exp = frac - i
		digits -= exp
	}
	if digits == 0 || digits > maxDigits || m > exactMantissa {
		return 0, i, false
	}
	if i < n && b[i]|0x20 == 'e' {
		i++
		down := false
		if i < n && (b[i] == '-' || b[i] == '+') {
			down = b[i] == '-'
			i++
		}
		e, first := 0, i
		for i < n && b[i]-'0' <= 9 && i-first < 4 {
			e = e*10 + int(b[i]-'0')
			i++
		}
		if i == first {
			return 0, i, false
		}
		if down {
			e = -e
		}
		exp += e
	}
	switch {
	case exp == 0 || m == 0:
		v = float64(m)
	case exp > 0 && exp < len(pow10):
		v = float64(m) * pow10[exp]
	case exp < 0 && -exp < len(pow10):
		v = float64(m) / pow10[-exp]
	default:
		return 0, i, false
	}
	if negative {
		v = -v
	}
	return v, i, true
}

// missing reports whether a trimmed cell stands for a missing value: empty, NaN, NA, N/A or null in any case.
func missing(cell []byte) bool {
	var low [4]byte
	if len(cell) > len(low) {
		return false
	}
	for i, c := range cell {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	switch string(low[:len(cell)]) {
	case "", "nan", "na", "n/a", "null":
		return true
	}
	return false
}

// parseNumber reads a trimmed cell: NaN where missing, else what strconv.ParseFloat says, with the given decimal sign.
func parseNumber(cell []byte, decimal byte) (float64, bool) {
	if missing(cell) {
		return math.NaN(), true
	}
	if v, next, ok := scanNumber(cell, 0, decimal); ok && next == len(cell) {
		return v, true
	}
	if decimal != '.' {
		point := make([]byte, len(cell))
		for i, c := range cell {
			switch c {
			case decimal:
				c = '.'
			case '.':
				return 0, false // a thousands separator or the wrong decimal sign; never guess
			}
			point[i] = c
		}
		cell = point
	}
	v, err := strconv.ParseFloat(string(cell), 64)
	return v, err == nil
}

// trim cuts spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
