package cli

import (
	"math"
	"math/cmplx"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/lti"
)

const degree = math.Pi / 180

// marginResult is what margin --json prints. Infinite and unknown figures are null.
type marginResult struct {
	Plant      string        `json:"plant"`
	Controller string        `json:"controller"`
	Feedback   string        `json:"feedback"`
	Time       string        `json:"time"`
	Ts         float64       `json:"sampling_time"`
	States     [2]int        `json:"states"` // plant, controller
	Closed     string        `json:"closed_loop"`
	Pole       [2]float64    `json:"pole"` // real and imaginary part of the outermost closed-loop pole
	Skew       float64       `json:"skew"`
	Loops      []loopMargin  `json:"one_loop_at_a_time"`
	Places     []placeMargin `json:"all_channels"`
	Seconds    ident.Figure  `json:"seconds"`
	Command    string        `json:"command"`
	Page       string        `json:"report"`

	verdict lti.StabilityVerdict
}

// loopMargin is one channel with all other loops closed.
type loopMargin struct {
	Place     string       `json:"place"`
	Signal    string       `json:"signal"`
	GainLow   ident.Figure `json:"gain_low"` // factors; 0: the gain may vanish
	GainHigh  ident.Figure `json:"gain_high"`
	LowFreq   ident.Figure `json:"gain_low_rad_s"`
	HighFreq  ident.Figure `json:"gain_high_rad_s"`
	Phase     ident.Figure `json:"phase_deg"`
	PhaseFreq ident.Figure `json:"phase_rad_s"`
	Delay     ident.Figure `json:"delay_s"`
	DelayFreq ident.Figure `json:"delay_rad_s"`
	Disk      diskFigures  `json:"disk"`
	Ms        ident.Figure `json:"ms"` // peak of the sensitivity
	Mt        ident.Figure `json:"mt"` // peak of the complementary sensitivity

	classical lti.Margins
	disk      *lti.DiskMarginResult
	at        lti.Break
	channel   int
}

// diskFigures is a disk margin in other words.
type diskFigures struct {
	Lower    ident.Figure `json:"alpha_lower"` // bounded numerically
	Upper    ident.Figure `json:"alpha_upper"` // of a perturbation that destabilises
	Freq     ident.Figure `json:"rad_s"`
	GainLow  ident.Figure `json:"gain_low"`
	GainHigh ident.Figure `json:"gain_high"`
	Phase    ident.Figure `json:"phase_deg"`
}

// placeMargin is the margin of all channels at one place at the same time.
type placeMargin struct {
	Place    string       `json:"place"`
	Signals  []string     `json:"signals"`
	Disk     diskFigures  `json:"disk"`
	Constant ident.Figure `json:"alpha_one_scaling"` // also for factors that vary with time, not proved
	Worst    []factor     `json:"worst_factors,omitempty"`
	Distance ident.Figure `json:"worst_pole_distance"` // of the pole to the boundary, relative

	Proved  string       `json:"alpha_proved,omitempty"` // as a decimal
	Factors [2]string    `json:"proved_gain,omitzero"`
	Phase   ident.Figure `json:"proved_phase_deg"`
	Verdict string       `json:"verdict,omitempty"`
	Failed  string       `json:"failed,omitempty"`
	Bundle  string       `json:"bundle,omitempty"`
	Checked ident.Figure `json:"checker_seconds"`

	at     lti.Break
	result *lti.DiskMarginResult
}

// factor is a complex factor on one channel.
type factor struct {
	Gain  ident.Figure `json:"gain"`
	Phase ident.Figure `json:"phase_deg"`
}

func (r *marginResult) stable() bool { return r.verdict.State == lti.Stable }

func (r *marginResult) proved() bool {
	for _, p := range r.Places {
		if p.Verdict != verdictProved {
			return false
		}
	}
	return true
}

func figuresOf(d *lti.DiskMarginResult) diskFigures {
	low, high := d.Disk().Gain()
	return diskFigures{ident.Figure(d.Lower), ident.Figure(d.Upper), ident.Figure(d.Freq), ident.Figure(low), ident.Figure(high), ident.Figure(d.Disk().Phase() / degree)}
}

// margins computes everything but the proof.
func margins(l lti.Loop, places []lti.Break, skew float64) (*marginResult, error) {
	np, m, p := l.P.Dims()
	nk, _, _ := l.K.Dims()
	r := &marginResult{Feedback: "negative, u = -K y", Time: "continuous", Ts: l.P.Ts, States: [2]int{np, nk}, Skew: skew}
	if l.Positive {
		r.Feedback = "positive, u = K y"
	}
	if l.P.Discrete() {
		r.Time = "discrete"
	}
	for _, at := range places {
		d, err := lti.DiskMargin(l, at, skew)
		if err != nil {
			return nil, err
		}
		r.verdict = d.Closed
		pm := placeMargin{Place: at.String(), Disk: figuresOf(d), Constant: ident.Figure(d.Constant), Phase: unknown, Distance: unknown, Checked: unknown, at: at, result: d}
		for _, s := range d.Names {
			pm.Signals = append(pm.Signals, s.Name)
		}
		if d.Worst != nil {
			pm.Distance = ident.Figure(d.Worst.Distance)
			for _, z := range d.Worst.Factor {
				pm.Worst = append(pm.Worst, factor{ident.Figure(cmplx.Abs(z)), ident.Figure(cmplx.Phase(z) / degree)})
			}
		}
		r.Places = append(r.Places, pm)
	}
	r.Closed, r.Pole = r.verdict.State.String(), [2]float64{real(r.verdict.Pole), imag(r.verdict.Pole)}
	if math.IsInf(r.Pole[0], 0) { // no dynamics at all
		r.Pole[0] = 0
	}
	if !r.stable() {
		return r, nil
	}
	single := []lti.Break{lti.AtInput, lti.AtOutput}
	switch {
	case m == 1 && p == 1:
		single = single[:1]
	case len(places) == 1 && places[0] != lti.AtBoth:
		single = places
	}
	for _, at := range single {
		if err := r.oneLoop(l, at, skew); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// oneLoop adds the channels of a place, one at a time.
func (r *marginResult) oneLoop(l lti.Loop, at lti.Break, skew float64) error {
	disks, err := lti.DiskMarginEach(l, at, skew)
	if err != nil {
		return err
	}
	s, t, err := l.Sensitivity(at)
	if err != nil {
		return err
	}
	for i, d := range disks {
		c, err := l.Margin(at, i)
		if err != nil {
			return err
		}
		ms, err := lti.HInfNorm(s.Channel(i, i))
		if err != nil {
			return err
		}
		mt, err := lti.HInfNorm(t.Channel(i, i))
		if err != nil {
			return err
		}
		r.Loops = append(r.Loops, loopMargin{Place: at.String(), Signal: d.Names[0].Name, GainLow: ident.Figure(c.GainLow), GainHigh: ident.Figure(c.GainHigh),
			LowFreq: ident.Figure(c.GainLowFreq), HighFreq: ident.Figure(c.GainHighFreq), Phase: ident.Figure(c.Phase / degree), PhaseFreq: ident.Figure(c.PhaseFreq),
			Delay: ident.Figure(c.Delay), DelayFreq: ident.Figure(c.DelayFreq), Disk: figuresOf(d), Ms: ident.Figure(ms.Norm), Mt: ident.Figure(mt.Norm),
			classical: c, disk: d, at: at, channel: i})
	}
	return nil
}
