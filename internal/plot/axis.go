package plot

import (
	"math"
	"strconv"
	"strings"
)

// Axis describes one axis. The label reads "Name [Unit]". Min = Max = 0 fits the data.
type Axis struct {
	Name, Unit string
	Log        bool
	Min, Max   float64
}

// label joins name and unit; exp is the power of ten taken out of the tick labels.
func (a Axis) label(exp int) string {
	unit := a.Unit
	if exp != 0 {
		unit = strings.TrimSpace("10" + superscript(exp) + " " + unit)
	}
	if unit == "" {
		return a.Name
	}
	return a.Name + " [" + unit + "]"
}

// TimeUnit returns the unit in which a stretch of so many seconds reads best and how many of it make one second.
func TimeUnit(seconds float64) (unit string, perSecond float64) {
	switch {
	case !(seconds > 0) || seconds < 2e-3:
		return "µs", 1e6
	case seconds < 2:
		return "ms", 1e3
	case seconds < 2e4:
		return "s", 1
	case seconds < 1e6:
		return "h", 1.0 / 3600
	}
	return "d", 1.0 / 86400
}

// scale maps data to pixels from p0 (at lo) to p1 (at hi).
type scale struct {
	log    bool
	lo, hi float64 // data, or their decimal logarithms when log
	p0, p1 float64
}

func (s scale) at(v float64) float64 {
	if s.log {
		v = math.Log10(v) // NaN or -Inf where v is not positive: a missing sample
	}
	return s.p0 + (v-s.lo)/(s.hi-s.lo)*(s.p1-s.p0)
}

// logSpan is the most decades a logarithmic axis shows below its largest value: less is rounding noise.
const logSpan = 14

// fit returns the scale of an axis for data in [lo, hi], with a margin of pad of the span on both sides; positive is the
// smallest positive value. ok is false when there is nothing to show.
func (a Axis) fit(lo, hi, positive, pad float64) (s scale, ok bool) {
	if a.Min != 0 || a.Max != 0 {
		lo, hi, positive, pad = a.Min, a.Max, a.Min, 0
	}
	s.log = a.Log
	if a.Log {
		if !(hi > 0) || !(positive > 0) {
			return s, false
		}
		s.lo, s.hi = math.Log10(positive), math.Log10(hi)
		s.lo = max(s.lo, s.hi-logSpan)
	} else {
		s.lo, s.hi = lo, hi
	}
	if s.lo > s.hi || !finite(s.lo) || !finite(s.hi) || !finite(s.hi-s.lo) {
		return s, false
	}
	if s.hi-s.lo <= 1e-12*max(math.Abs(s.lo), math.Abs(s.hi)) { // constant up to rounding
		d := 0.1 * math.Abs(s.hi)
		if d == 0 || a.Log {
			d = 0.5
		}
		s.lo, s.hi = s.lo-d, s.hi+d
	}
	d := pad * (s.hi - s.lo)
	s.lo, s.hi = s.lo-d, s.hi+d
	return s, true
}

// tick is a labelled position on an axis; label "" draws the grid line only.
type tick struct {
	at    float64 // data
	label string
}

// ticks returns about so many ticks and the power of ten taken out of their labels.
func (s scale) ticks(about int) ([]tick, int) {
	if s.log {
		return s.logTicks(about), 0
	}
	step := niceStep((s.hi - s.lo) / float64(max(about, 1)))
	for n := max(about, 1); math.Floor(s.hi/step)-math.Ceil(s.lo/step) < 1 && n < 16; n++ { // one label gives no scale
		step = niceStep((s.hi - s.lo) / float64(n+1))
	}
	exp := 0
	if p := int(math.Floor(math.Log10(max(math.Abs(s.lo), math.Abs(s.hi))))); p >= 5 || p <= -3 {
		exp = 3 * int(math.Floor(float64(p)/3))
	}
	decimals := max(0, exp-int(math.Floor(math.Log10(step)+1e-9)))
	var out []tick
	for i := math.Ceil(s.lo/step - 1e-9); i <= math.Floor(s.hi/step+1e-9); i++ {
		v := float64(i * step)
		out = append(out, tick{v, decimal(v/math.Pow(10, float64(exp)), decimals)})
	}
	return out, exp
}

// niceStep is the smallest of 1, 2, 5 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= v*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// logTicks labels powers of ten, every few of them when there are many, with 2 and 5 between where there are few.
func (s scale) logTicks(about int) []tick {
	first, last := int(math.Floor(s.lo)), int(math.Ceil(s.hi))
	stride := max(1, int(math.Ceil((s.hi-s.lo)/float64(max(about, 1)))))
	sparse := s.hi-s.lo < 1.7
	var out []tick
	for p := first; p <= last; p++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow(10, float64(p))
			if l := math.Log10(v); l < s.lo-1e-9 || l > s.hi+1e-9 {
				continue
			}
			switch {
			case sparse && (m == 1 || m == 2 || m == 5):
				out = append(out, tick{v, short(v)})
			case m == 1 && p%stride == 0:
				out = append(out, tick{v, power(p)})
			case stride == 1:
				out = append(out, tick{v, ""})
			}
		}
	}
	return out
}

func power(p int) string {
	if p == 0 {
		return "1"
	}
	return "10" + superscript(p)
}

// short writes one significant digit times a power of ten the short way.
func short(v float64) string {
	if v >= 1e-3 && v < 1e5 {
		return strconv.FormatFloat(v, 'f', max(0, -int(math.Floor(math.Log10(v)+1e-9))), 64)
	}
	p := int(math.Floor(math.Log10(v) + 1e-9))
	return strconv.Itoa(int(math.Round(v/math.Pow(10, float64(p))))) + "·" + power(p)
}

// decimal writes v with a real minus sign and no negative zero.
func decimal(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', min(decimals, 12), 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.Replace(s, "-", "−", 1)
}

// superscript writes a whole number in raised digits.
func superscript(p int) string {
	const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return '⁻'
		}
		return []rune(digits)[r-'0']
	}, strconv.Itoa(p))
}
