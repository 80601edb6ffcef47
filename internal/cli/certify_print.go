package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/ident"
)

const notProvable = "not provable by these conditions"

// certified is what certify --json prints.
type certified struct {
	File       string       `json:"file"`
	Units      []int        `json:"units"`
	Weights    int          `json:"weights"`
	Inputs     []string     `json:"inputs"`
	Outputs    []string     `json:"outputs"`
	InputRange [][2]float64 `json:"input_range"`
	Rounding   ident.Figure `json:"scaling_difference"` // of outputs after the inputs were scaled, in standard deviations
	Original   string       `json:"original"`           // verdict on the network of the file
	Why        string       `json:"why,omitempty"`
	Repair     *repaired    `json:"repair,omitempty"`
	Tuned      *tuned       `json:"tuned,omitempty"`
	Data       []comparison `json:"data,omitempty"` // free simulation of the measured parts
	Notes      []string     `json:"notes,omitempty"`

	writtenFile
	Gain []ident.Figure `json:"gain"` // per output: sup |dy| over the largest |du_j|

	inputUnits []cert.Signal
}

// tuned says how the network was trained further; the figures are as in repaired.
type tuned struct {
	Towards string         `json:"towards"`
	Steps   int            `json:"steps"`
	Seconds float64        `json:"seconds"`
	Weights ident.Figure   `json:"weights_change"`
	Outputs []ident.Figure `json:"outputs_change"`
	Failed  string         `json:"failed,omitempty"`
}

// comparison is one network on the data.
type comparison struct {
	Network string        `json:"network"`
	Tests   []ident.Score `json:"tests"`
}

// repaired says how the network written differs from that of the file.
type repaired struct {
	Method  string          `json:"method"`
	Layers  []repairedLayer `json:"layers"`
	Weights ident.Figure    `json:"weights_change"` // relative, Euclidean
	Outputs []ident.Figure  `json:"outputs_change"` // per output: RMS under random inputs, in its standard deviations
}

type repairedLayer struct {
	Low    float64 `json:"smallest_factor"`
	High   float64 `json:"largest_factor"`
	Forget float64 `json:"forget_lowered"`
}

// judge has the file on disk judged.
func (r *certified) judge() {
	r.Gain = deltaGains(r.writtenFile.judge())
}

func (r *certified) print(w io.Writer) {
	fmt.Fprintf(w, "%s: LSTM, %s, layers of %s units, %s; %d weights\n", r.File, plural(len(r.Inputs), "input"), layersText(r.Units), plural(len(r.Outputs), "output"), r.Weights)
	var ranges []string
	for i, name := range r.Inputs {
		ranges = append(ranges, strings.TrimSpace(fmt.Sprintf("%s in [%s, %s] %s", name, outward(r.InputRange[i][0], 1), outward(r.InputRange[i][1], -1), r.inputUnits[i].Unit)))
	}
	fmt.Fprintf(w, "assumed: %s\n", strings.Join(ranges, ", "))
	if r.Rounding > 0 {
		fmt.Fprintf(w, "scaling these inputs changed the outputs by rounding: at most %.1e of their standard deviation, on random inputs\n", float64(r.Rounding))
	}
	fmt.Fprintf(w, "your network: %s\n", r.Original)
	if r.Original == notProvable {
		fmt.Fprintf(w, "  This is not a proof of instability: the conditions are sufficient, not necessary.\n  %s\n", r.Why)
	}
	if c := r.Repair; c != nil {
		c.print(w, r.Outputs)
	}
	if t := r.Tuned; t != nil {
		fmt.Fprintf(w, "trained further %s, %d steps in %.1f s:\n", t.Towards, t.Steps, t.Seconds)
		printChanges(w, t.Weights, t.Outputs, r.Outputs)
		if t.Failed != "" {
			fmt.Fprintf(w, "  not proved: %s; the network before that training was written\n", t.Failed)
		}
	}
	r.compared(w)
	for _, s := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", s)
	}
	if r.Bundle != "" {
		r.printVerdict(w, r.figures)
	}
}

func (c *repaired) print(w io.Writer, outputs []string) {
	fmt.Fprintf(w, "a nearby network that can be proved, %s:\n", c.Method)
	for i, l := range c.Layers {
		switch {
		case l.Low == 1 && l.High == 1 && l.Forget == 0:
			fmt.Fprintf(w, "  layer %d: unchanged\n", i)
		case l.Forget > 0:
			fmt.Fprintf(w, "  layer %d: recurrent weights of a unit times %.3g to %.3g, forget gates lowered by up to %.3g\n", i, l.Low, l.High, l.Forget)
		default:
			fmt.Fprintf(w, "  layer %d: recurrent weights of a unit times %.3g to %.3g\n", i, l.Low, l.High)
		}
	}
	printChanges(w, c.Weights, c.Outputs, outputs)
}

func printChanges(w io.Writer, weights ident.Figure, changes []ident.Figure, outputs []string) {
	var list []string
	for i, x := range changes {
		list = append(list, fmt.Sprintf("%s by %.3g %%", outputs[i], 100*float64(x)))
	}
	fmt.Fprintf(w, "  weights change by %.3g %%; under random inputs in the range %s of its standard deviation (RMS)\n", 100*float64(weights), strings.Join(list, ", "))
}

// compared prints how all networks predict the data.
func (r *certified) compared(w io.Writer) {
	if len(r.Data) == 0 {
		return
	}
	fmt.Fprintln(w, "free simulation of the data")
	var g grid
	g.add("network", "part", "output", "RMSE", "FIT %", "")
	for _, c := range r.Data {
		for _, s := range c.Tests {
			for i := range s.RMSE {
				g.add(c.Network, s.Name, r.Outputs[i], short(s.RMSE[i]), percentage(s.FIT[i]), s.Unit[i])
			}
		}
	}
	g.print(w)
}

// figures prints what was proved, each rounded to the safe side.
func (r *certified) figures(w io.Writer) {
	rate := "rate " + rateText(float64(r.Rate)) + " per sample"
	if r.ts > 0 {
		rate += fmt.Sprintf(", %s per second", rateText(float64(r.PerSecond)))
	}
	fmt.Fprintf(w, "  %s\n", rate)
	if r.Recovery != nil {
		text := plural(*r.Recovery, "sample")
		if r.ts > 0 {
			text += fmt.Sprintf(" (%.4g s)", float64(*r.Recovery)*r.ts)
		}
		fmt.Fprintf(w, "  recovery from any initial state in the boxes, to 1 %% of the output scale: %s\n", text)
	}
	for i, name := range r.Outputs {
		text := "  " + name + ":"
		if i < len(r.Gain) {
			text += fmt.Sprintf(" changes by at most %s times the largest change of an input,", roundUp(float64(r.Gain[i])))
		}
		if i < len(r.Reach) {
			text += fmt.Sprintf(" stays in [%s, %s],", outward(r.Reach[i][0], -1), outward(r.Reach[i][1], 1))
		}
		fmt.Fprintln(w, strings.TrimRight(text, ",:"))
	}
}

// outward prints five digits of a bound, rounded away from the interval: side 1 of an upper, -1 of a lower bound.
func outward(v, side float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return strconv.FormatFloat(v, 'g', 5, 64)
	}
	step := side * math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-4)
	for x := v; ; x += step {
		s := strconv.FormatFloat(x, 'g', 5, 64)
		if back, _ := strconv.ParseFloat(s, 64); (back-v)*side >= 0 {
			return s
		}
	}
}

func layersText(units []int) string {
	var s []string
	for _, n := range units {
		s = append(s, fmt.Sprint(n))
	}
	return strings.Join(s, " and ")
}
