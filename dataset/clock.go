package dataset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// clock watches the time stamps of a record and finds its sampling time. The first gaps are held back until their
// median, which one bad gap does not move, says what a gap should be; from then on every gap is judged as it comes.
type clock struct {
	given     float64 // sampling time the user states; 0 when the stamps decide
	tolerance float64 // relative
	held      []gap
	nominal   float64
	last      float64
	fresh     bool // the next stamp begins an experiment
	span      float64
	gaps      int
	worst     gap // of the present experiment
}

type gap struct {
	size, stamp  float64 // seconds; the later stamp
	line, sample int     // of the later stamp
	deviation    float64 // relative
}

const (
	heldGaps        = 256
	givenTolerance  = 0.5  // a stated sampling time overrides coarse stamps, but no lost or doubled sample
	givenMean       = 0.01 // and must agree with them in the mean
	stampRoundings  = 4    // units in the last place of a stamp that a gap may be off by rounding
	roundTolerance  = 1e-6 // a mean gap this close to a round number is that number; clocks are not better
	roundDigitsMost = 5
)

func newClock(o Options) *clock {
	c := &clock{given: o.Ts, tolerance: o.jitter(), fresh: true}
	if o.Ts > 0 {
		c.nominal = o.Ts
		if o.Jitter == 0 {
			c.tolerance = givenTolerance
		}
	}
	return c
}

// begin starts an experiment.
func (c *clock) begin() { c.fresh, c.worst = true, gap{} }

// add takes the next stamp in seconds. A non-empty problem and fix say what is wrong, at the line returned.
func (c *clock) add(t float64, line, sample int) (at int, problem, fix string) {
	if c.fresh {
		c.fresh, c.last = false, t
		return 0, "", ""
	}
	g := gap{size: t - c.last, stamp: t, line: line, sample: sample}
	c.last = t
	if g.size <= 0 {
		word := "goes back"
		if g.size == 0 {
			word = "repeats"
		}
		return line, fmt.Sprintf("time %.9g s %s after %.9g s; every time stamp must be later than the one before", t, word, t-g.size),
			"Sort the rows, remove doubled ones, or mark separate recordings in a column named experiment"
	}
	c.span += g.size
	c.gaps++
	if c.nominal == 0 {
		c.held = append(c.held, g)
		if len(c.held) < heldGaps {
			return 0, "", ""
		}
		return c.release()
	}
	return c.judge(g)
}

// release judges the gaps held back.
func (c *clock) release() (at int, problem, fix string) {
	if len(c.held) == 0 {
		return 0, "", ""
	}
	sizes := make([]float64, len(c.held))
	for i, g := range c.held {
		sizes[i] = g.size
	}
	slices.Sort(sizes)
	c.nominal = sizes[len(sizes)/2]
	for _, g := range c.held {
		if at, problem, fix = c.judge(g); problem != "" {
			return at, problem, fix
		}
	}
	c.held = nil
	return 0, "", ""
}

func (c *clock) judge(g gap) (at int, problem, fix string) {
	off := math.Abs(g.size - c.nominal)
	g.deviation = off / c.nominal
	if g.deviation > c.worst.deviation {
		c.worst = g
	}
	if off <= c.tolerance*c.nominal+stampRoundings*0x1p-52*math.Abs(g.stamp) {
		return 0, "", ""
	}
	stated, or := "", ""
	if c.given > 0 {
		stated, or = " as stated", ", or correct the stated sampling time"
	}
	problem = fmt.Sprintf("time step of %.6g s before time %.9g s, expected %.6g s%s within %.3g %% (off by %.3g %%)", g.size, g.stamp, c.nominal, stated, 100*c.tolerance, 100*g.deviation)
	if lost := math.Round(g.size/c.nominal) - 1; lost >= 1 && math.Abs(g.size/c.nominal-lost-1) < 0.1 {
		return g.line, problem + fmt.Sprintf("; rows missing before it: about %.0f", lost),
			"Write the missing rows with NaN, or begin a new value in a column named experiment after the gap" + or
	}
	return g.line, problem, "Resample the record evenly; or, if only the stamps are coarse, state the sampling time (--ts)" + or
}

// ts is the sampling time: the stated one, else the mean gap, put on a round number of seconds or hertz (at most five
// digits) where it agrees with one within 1e-6. 0 when there is no gap.
func (c *clock) ts() float64 {
	if c.given > 0 {
		return c.given
	}
	if c.gaps == 0 {
		return 0
	}
	return roundPeriod(c.span / float64(c.gaps))
}

// disagrees says why the stamps do not fit the stated sampling time.
func (c *clock) disagrees() (problem, fix string) {
	if c.given == 0 || c.gaps == 0 || math.IsInf(c.tolerance, 1) {
		return "", ""
	}
	mean := c.span / float64(c.gaps)
	if math.Abs(mean-c.given) <= givenMean*c.given {
		return "", ""
	}
	return fmt.Sprintf("the mean time step is %.6g s, but the sampling time was stated as %.6g s", mean, c.given),
		fmt.Sprintf("State %.6g s, or leave the time column out if it is wrong", mean)
}

func roundPeriod(ts float64) float64 {
	if v, ok := roundTo(ts); ok {
		return v
	}
	if v, ok := roundTo(1 / ts); ok {
		return 1 / v
	}
	return ts
}

func roundTo(v float64) (float64, bool) {
	for digits := 1; digits <= roundDigitsMost; digits++ {
		r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
		if err == nil && math.Abs(r-v) <= roundTolerance*v {
			return r, true
		}
	}
	return 0, false
}

var stampLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"20060102T150405Z07:00", "20060102T150405",
}

// parseStamp reads an ISO 8601 date and time, with T or a space between them, with or without a fraction and a zone
// (UTC when left out).
func parseStamp(cell string) (time.Time, bool) {
	if len(cell) < 13 || cell[0] < '0' || cell[0] > '9' {
		return time.Time{}, false
	}
	if cell[10] == ' ' {
		cell = cell[:10] + "T" + cell[11:]
	}
	for _, layout := range stampLayouts {
		if t, err := time.Parse(layout, cell); err == nil { // a fraction after the seconds is accepted by Parse
			return t, true
		}
	}
	return time.Time{}, false
}

// timeUnits are the units a time column may have.
var timeUnits = map[string]float64{
	"": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
	"min": 60, "minute": 60, "minutes": 60, "h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
}
