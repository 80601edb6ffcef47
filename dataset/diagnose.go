package dataset

import (
	"fmt"
	"math"
	"slices"
)

// Kinds of findings.
const (
	Missing    = "missing"    // values that are NaN or infinite
	Constant   = "constant"   // a signal that never changes
	Saturation = "saturation" // a limit that the signal sits on again and again
	Outlier    = "outlier"    // single samples far from both neighbours
	Wrap       = "wrap"       // an angle that jumps by a full turn
	Jitter     = "jitter"     // uneven time steps
	Unit       = "unit"       // no unit, or numbers that suggest another one
	Short      = "short"      // too few samples
	NoTime     = "no-time"    // sampling time unknown
)

// Finding is something in a record that a user should know before identification.
type Finding struct {
	Kind       string  `json:"kind"`
	Signal     string  `json:"signal,omitempty"` // "" when the experiment or record is meant
	Experiment int     `json:"experiment"`       // number from 1; 0 when the record is meant
	Sample     int     `json:"sample"`           // first sample concerned, from 0; -1 when all are
	Count      int     `json:"count"`            // samples concerned
	Value      float64 `json:"value"`            // the number that the text names; always finite
	Text       string  `json:"text"`             // what was found
	Fix        string  `json:"fix"`              // what to do
}

// Bounds of the findings. They raise a question, they decide nothing.
const (
	shortRecord     = 200   // samples; a second-order model with 15 % validation and a quarter of test needs about these
	notedJitter     = 1e-3  // relative; below it clocks and rounding of stamps
	fewLevels       = 32    // a signal with so few values is switched, not saturated
	plateauSamples  = 8     // a limit is reached by at least these
	plateauRun      = 3     // in runs of at least these
	plateauVisits   = 2     // that happen at least this often
	spikeFactor     = 25    // a spike stands out by this many typical steps from both neighbours
	spikeShare      = 0.01  // of the samples; more are a property of the signal
	farQuantile     = 0.005 // the bulk of a signal lies between this quantile and its mirror
	farFactor       = 5     // a value this many bulk widths outside is far
	fullTurnSlack   = 0.05  // relative, of the jump of a wrapped angle
	tinySpread      = 1e-5  // a spread beyond these suggests another unit
	hugeSpread      = 1e6
	diagnosisSample = 1 << 20 // values sorted at most
)

// Diagnose looks for what spoils an identification: missing values, constant channels, saturation, outliers, wrapped
// angles, jitter, suspicious units, too few samples. A finding is a question to the user, not an error: a clean record
// may have some, a bad one none.
func Diagnose(r *Record) []Finding {
	var out []Finding
	if r.Ts == 0 {
		out = append(out, Finding{Kind: NoTime, Sample: -1, Text: "the sampling time is unknown",
			Fix: "State it (--ts, in seconds); rates and times are otherwise given in samples"})
	}
	total := 0
	for i := range r.Experiments {
		e := &r.Experiments[i]
		total += e.Len()
		if e.Jitter > notedJitter {
			out = append(out, Finding{Kind: Jitter, Experiment: i + 1, Sample: e.JitterAt, Count: 1, Value: e.Jitter,
				Text: fmt.Sprintf("time steps differ by up to %.3g %% from the sampling time of %.6g s", 100*e.Jitter, r.Ts),
				Fix:  "Resample evenly if the clock of the logger is uneven; ignore it if only the stamps are coarse"})
		}
	}
	if total < shortRecord {
		out = append(out, Finding{Kind: Short, Sample: -1, Count: total, Value: float64(total), Text: fmt.Sprintf("the record has %d samples", total),
			Fix: fmt.Sprintf("Record at least %d, and several times the slowest time constant", shortRecord)})
	}
	for c := range r.Signals {
		out = append(out, r.diagnoseSignal(c)...)
	}
	return out
}

func (r *Record) diagnoseSignal(c int) []Finding {
	var out []Finding
	name := r.Signals[c].Name
	var all []float64 // finite values of all experiments
	still := 0
	for i := range r.Experiments {
		x := r.Experiments[i].Data[c]
		if f, ok := gaps(x); ok {
			f.Signal, f.Experiment = name, i+1
			out = append(out, f)
		}
		good := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return !finite(v) })
		if len(good) > 0 && slices.Min(good) == slices.Max(good) {
			still++
		}
		all = append(all, good...)
	}
	if len(all) == 0 {
		return out
	}
	low, high := slices.Min(all), slices.Max(all)
	if low == high {
		return append(out, Finding{Kind: Constant, Signal: name, Sample: -1, Count: len(all), Value: low, Text: fmt.Sprintf("always %g", low),
			Fix: "As an input its effect cannot be identified, as an output there is nothing to identify; leave it out or excite it"})
	}
	if still > 0 {
		out = append(out, Finding{Kind: Constant, Signal: name, Sample: -1, Count: still, Value: float64(still),
			Text: fmt.Sprintf("constant in %d of %d experiments", still, len(r.Experiments)),
			Fix:  "Train on the experiments in which it moves"})
	}
	for i := range r.Experiments {
		for _, f := range seriesFindings(r.Experiments[i].Data[c], low, high, all) {
			f.Signal, f.Experiment = name, i+1
			out = append(out, f)
		}
	}
	return append(out, r.unit(c, high-low)...)
}

// seriesFindings are those on the order of samples in one experiment.
func seriesFindings(x []float64, low, high float64, all []float64) []Finding {
	var out []Finding
	if distinct(x) > fewLevels {
		for _, limit := range []float64{low, high} {
			if f, ok := plateau(x, limit, high-low); ok {
				out = append(out, f)
			}
		}
	}
	if f, ok := wrapped(x, high-low); ok {
		return append(out, f)
	}
	if f, ok := spikes(x, all); ok {
		out = append(out, f)
	}
	return out
}

// gaps finds missing and infinite values.
func gaps(x []float64) (Finding, bool) {
	f := Finding{Kind: Missing}
	longest, run := 0, 0
	for k, v := range x {
		if finite(v) {
			run = 0
			continue
		}
		if f.Count == 0 {
			f.Sample = k
		}
		f.Count++
		run++
		longest = max(longest, run)
	}
	f.Value = float64(longest)
	f.Text = fmt.Sprintf("%d of %d values are missing or infinite, at most %d in a row", f.Count, len(x), longest)
	f.Fix = "Values are never filled: leave the gaps out of the split, or repair the file"
	return f, f.Count > 0
}

// distinct counts the different values, up to one more than fewLevels.
func distinct(x []float64) int {
	seen := map[float64]bool{}
	for _, v := range x {
		if seen[v] = true; len(seen) > fewLevels {
			break
		}
	}
	return len(seen)
}

// plateau finds a limit: an extreme value that is met exactly (within the last digits) in several runs.
func plateau(x []float64, limit, spread float64) (Finding, bool) {
	const lastDigits = 1e-6 // of the spread
	f := Finding{Kind: Saturation, Value: limit}
	visits, run := 0, 0
	for k, v := range x {
		if math.Abs(v-limit) > lastDigits*spread {
			run = 0
			continue
		}
		if f.Count == 0 {
			f.Sample = k
		}
		f.Count++
		if run++; run == plateauRun {
			visits++
		}
	}
	f.Text = fmt.Sprintf("sits on its limit %g for %d samples in %d stretches", limit, f.Count, visits)
	f.Fix = "Probably the range of the sensor or actuator: the true value may lie beyond. Reduce the amplitude, or keep it and let the model saturate"
	return f, f.Count >= plateauSamples && visits >= plateauVisits
}

// wrapped finds jumps by 360 degrees or 2 pi.
func wrapped(x []float64, spread float64) (Finding, bool) {
	for _, turn := range []struct {
		size float64
		unit string
	}{{2 * math.Pi, "rad"}, {360, "degrees"}} {
		if spread < (1-fullTurnSlack)*turn.size || spread > (1+fullTurnSlack)*turn.size {
			continue
		}
		f := Finding{Kind: Wrap, Value: turn.size}
		for k := 1; k < len(x); k++ {
			if math.Abs(math.Abs(x[k]-x[k-1])-turn.size) < fullTurnSlack*turn.size {
				if f.Count == 0 {
					f.Sample = k
				}
				f.Count++
			}
		}
		f.Text = fmt.Sprintf("jumps by a full turn (%.4g %s) %d times: a wrapped angle", turn.size, turn.unit, f.Count)
		f.Fix = "Unwrap it, or use its sine and cosine"
		if f.Count > 0 {
			return f, true
		}
	}
	return Finding{}, false
}

// spikes finds single samples far from both neighbours, compared with the typical step, or far outside the bulk.
func spikes(x, all []float64) (Finding, bool) {
	f := Finding{Kind: Outlier}
	var steps []float64
	for k := 1; k < len(x) && len(steps) < diagnosisSample; k++ {
		if d := math.Abs(x[k] - x[k-1]); finite(d) {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return f, false
	}
	slices.Sort(steps)
	typical := steps[len(steps)/2]
	bulk := slices.Clone(all[:min(len(all), diagnosisSample)])
	slices.Sort(bulk)
	cut := int(math.Ceil(farQuantile * float64(len(bulk))))
	a, b := bulk[min(cut, len(bulk)-1)], bulk[max(len(bulk)-1-cut, 0)]
	worst := 0.0
	for k, v := range x {
		if !finite(v) {
			continue
		}
		far := b > a && (v < a-farFactor*(b-a) || v > b+farFactor*(b-a))
		var off float64
		if k > 0 && k+1 < len(x) {
			l, r := v-x[k-1], v-x[k+1]
			if l*r > 0 {
				off = min(math.Abs(l), math.Abs(r))
			}
		}
		if !far && !(typical > 0 && off > spikeFactor*typical && off > math.Abs(b-a)/4) {
			continue
		}
		if f.Count == 0 {
			f.Sample = k
		}
		f.Count++
		if size := max(off, math.Abs(v-(a+b)/2)); size > worst {
			worst, f.Value = size, v
		}
	}
	f.Text = fmt.Sprintf("%d samples stand far outside their neighbourhood or the range %.4g to %.4g of the others; the farthest is %.6g", f.Count, a, b, f.Value)
	f.Fix = "Look at them: replace measurement faults by NaN, keep what really happened"
	return f, f.Count > 0 && float64(f.Count) <= max(1, spikeShare*float64(len(x)))
}

func (r *Record) unit(c int, spread float64) []Finding {
	s := r.Signals[c]
	f := Finding{Kind: Unit, Signal: s.Name, Sample: -1, Value: spread}
	switch {
	case spread < tinySpread || spread > hugeSpread:
		f.Text = fmt.Sprintf("varies over %.3g %s only", spread, s.Unit)
		if spread > hugeSpread {
			f.Text = fmt.Sprintf("varies over %.3g %s", spread, s.Unit)
		}
		f.Fix = "Is the unit right? If it is, the model does not mind"
	case s.Unit == "":
		f.Text = "has no unit"
		f.Fix = fmt.Sprintf("Add a row of units to the file or --units %s=UNIT; errors and gains are printed in it", s.Name)
	default:
		return nil
	}
	return []Finding{f}
}
