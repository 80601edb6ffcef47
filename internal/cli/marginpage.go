package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/lti"
)

// page is the report of a loop.
func (r *marginResult) page(l lti.Loop) (*report.Document, error) {
	d := &report.Document{Title: "Margins of a loop", About: fmt.Sprintf("plant %s, controller %s, feedback %s, %s time", r.Plant, r.Controller, r.Feedback, r.Time), Version: Version}
	good, bad := true, false
	switch {
	case !r.stable():
		d.Verdict, d.Good = r.Closed, &bad
	case r.proved():
		d.Verdict, d.Good = "margin proved", &good
	default:
		d.Verdict = "stable, margin bounded numerically"
	}
	d.Sections = append(d.Sections, report.Section{ID: "loop", Title: "Closed loop", Blocks: []report.Block{report.Text(strings.ToUpper(r.closedText()[:1]) + r.closedText()[1:] + ". " + r.stabilityWords())}})
	poles, err := r.poleMap(l)
	if err != nil {
		return nil, err
	}
	if !r.stable() {
		d.Sections[0].Blocks = append(d.Sections[0].Blocks, poles)
		d.Sections = append(d.Sections, r.again())
		return d, nil
	}
	first := &r.Places[0]
	d.Cards = append(d.Cards, report.Card{Name: "disk margin α, " + first.Place, Value: down(float64(first.Disk.Lower)), Note: "bounded numerically, skew " + amount(r.Skew) + ", limited at " + freqText(float64(first.Disk.Freq))})
	if first.Proved != "" {
		d.Cards = append(d.Cards, report.Card{Name: "α proved", Value: first.Proved, Note: "all frequencies, also time-varying factors"})
	}
	d.Cards = append(d.Cards,
		report.Card{Name: "gain", Value: decibel(float64(first.Disk.GainLow)) + " to " + decibel(float64(first.Disk.GainHigh)) + " dB", Note: "all channels at the same time"},
		report.Card{Name: "phase", Value: "± " + down(float64(first.Disk.Phase)) + "°", Note: "all channels at the same time"})
	d.Sections = append(d.Sections,
		report.Section{ID: "margins", Title: "All channels at the same time", Blocks: []report.Block{r.placeTable(), report.Text(diskWords)}},
		report.Section{ID: "single", Title: "One loop at a time", Blocks: []report.Block{r.loopTable(), report.Text("The other loops are closed and exact. In a loop with several channels these margins can be large where the one above is small: small changes in two channels at once may destabilise.")}},
		report.Section{ID: "region", Title: "Gain and phase that are tolerated", Blocks: []report.Block{report.Pair{r.region(), poles}}})
	grid, err := r.grid(l)
	if err != nil {
		return nil, err
	}
	for i := range r.Loops {
		blocks, err := r.Loops[i].figures(l, grid)
		if err != nil {
			return nil, err
		}
		d.Sections = append(d.Sections, report.Section{ID: fmt.Sprint("loop-", i+1), Title: "Loop at the " + r.Loops[i].Place + " " + r.Loops[i].Signal, Blocks: blocks})
	}
	over, err := r.overFrequency(l, grid)
	if err != nil {
		return nil, err
	}
	d.Sections = append(d.Sections,
		report.Section{ID: "frequency", Title: "Margin over frequency", Blocks: []report.Block{over}},
		r.claims(), r.again())
	return d, nil
}

const diskWords = "Each channel may be multiplied by its own factor from the disk of the row, at all frequencies at once. Lower bound: no frequency where a scaled singular value exceeds it (Hamiltonian eigenvalues, floating point). Upper bound: the factors of the row “worst” bring a pole to the boundary. Varying: the margin with one scaling for all frequencies, which covers factors that vary with time or amplitude; it is what can be proved, and may be smaller than α."

func (r *marginResult) stabilityWords() string {
	switch r.verdict.State {
	case lti.Stable:
		return "A Lyapunov inequality holds with all rounding errors counted."
	case lti.Unstable:
		return "An unstable loop has no margin; formulas on its frequency response would give a number without meaning."
	}
	return "The outermost pole is too close to the boundary to decide in double precision, so no margin is claimed."
}

func (r *marginResult) placeTable() *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "place"}, {Text: "α", Number: true}, {Text: "limited at", Number: true}, {Text: "gain [dB]", Number: true}, {Text: "phase", Number: true},
		{Text: "varying", Number: true}, {Text: "proved", Number: true}, {Text: "worst"}}}
	for i := range r.Places {
		p := &r.Places[i]
		var worst []string
		for j, f := range p.Worst {
			worst = append(worst, strings.ReplaceAll(fmt.Sprintf("%s × %.3g ∠ %.1f°", p.Signals[j], float64(f.Gain), math.Round(10*float64(f.Phase))/10+0), " ", "\u00a0"))
		}
		proved := report.Cell{Text: "-", Small: "not asked"}
		switch p.Verdict {
		case "":
		case verdictProved:
			proved = report.Cell{Text: p.Proved, Small: "exact check"}
		default:
			proved = report.Cell{Text: "no", Small: p.Failed}
		}
		d := &p.Disk
		t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: p.Place, Small: strings.Join(p.Signals, ", ")},
			{Text: directed(float64(d.Lower), 6, -1), Small: "at most " + directed(float64(d.Upper), 6, 1)}, {Text: freqText(float64(d.Freq))},
			{Text: decibel(float64(d.GainLow)) + " to " + decibel(float64(d.GainHigh))}, {Text: "± " + down(float64(d.Phase)) + "°"}, {Text: down(float64(p.Constant))}, proved, {Text: strings.Join(worst, "; ")}}})
	}
	return t
}

func (r *marginResult) loopTable() *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "channel"}, {Text: "gain [dB]", Number: true}, {Text: "phase", Number: true}, {Text: "delay [s]", Number: true}, {Text: "disk α", Number: true}, {Text: "peak of S", Number: true}, {Text: "peak of T", Number: true}},
		Note: "Classical margins: the smallest over all crossings. Bounded numerically."}
	for i := range r.Loops {
		l := &r.Loops[i]
		at := func(v float64) string {
			if s := amount(v); s != "-" {
				return "at " + s + " rad/s"
			}
			return ""
		}
		t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: l.Signal, Small: l.Place},
			{Text: decibel(float64(l.GainLow)) + " to " + decibel(float64(l.GainHigh)), Small: at(float64(l.HighFreq))}, {Text: amount(float64(l.Phase)) + "°", Small: at(float64(l.PhaseFreq))},
			{Text: amount(float64(l.Delay)), Small: at(float64(l.DelayFreq))}, {Text: amount(float64(l.Disk.Lower)), Small: at(float64(l.Disk.Freq))}, {Text: amount(float64(l.Ms))}, {Text: amount(float64(l.Mt))}}})
	}
	return t
}

func (r *marginResult) claims() report.Section {
	s := report.Section{ID: "proof", Title: "What is proved"}
	for i := range r.Places {
		p := &r.Places[i]
		switch p.Verdict {
		case "":
			s.Blocks = []report.Block{report.Text("Nothing was asked to be proved. With --certify the margin is written with a quadratic Lyapunov function and judged by the independent checker in exact arithmetic.")}
		case verdictProved:
			s.Blocks = append(s.Blocks, report.Text(fmt.Sprintf("%s: the closed loop is stable and stays so for all factors, independent in each channel, from the disk with α = %s and skew %s, constant or varying with time: gain from %s to %s, phase ± %s°. Proved for these matrices, in exact arithmetic; that they describe the plant is an assumption.",
				p.Place, p.Proved, amount(r.Skew), p.Factors[0], p.Factors[1], down(float64(p.Phase)))), report.Code("plumb-check "+p.Bundle))
		default:
			s.Blocks = append(s.Blocks, report.Text(p.Place+": not proved. "+p.Failed))
		}
	}
	return s
}

func (r *marginResult) again() report.Section {
	return report.Section{ID: "reproduce", Title: "Reproduce", Blocks: []report.Block{report.Code(r.Command), report.Text("Nothing here is random; version " + Version + ", " + platform() + ".")}}
}
